"""Making projects, their settings, and what a change does to work that is running."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.errors import Forbidden, InvalidInput
from accounts.models import AuditEvent, User
from annotation.formats.rows import lines_from_values
from annotation.models import Assignment, Lease, Member, Project, Round, Task
from annotation.services.importing import import_items
from annotation.services.projects import (
    ProjectSlugTaken,
    change_project,
    create_project,
    set_project_status,
    update_project,
)
from annotation.services.queue import claim_next
from guidelines.models import Guideline, GuidelineGrant
from tests.factories.annotation import make_item, make_task

Who = Callable[[User], Member]


def test_new_project_has_its_rounds_and_its_lead(lea: User, guideline: Guideline) -> None:
    project = create_project(
        actor=lea, slug="moods", title="Moods", guideline=guideline, fields=[{"key": "text", "type": "text"}],
        slices=["language"], overlap={"labels_per_item": 3}, lease_seconds=60, gold_rate=0.1,
    )  # fmt: skip

    assert list(project.rounds.order_by("pk").values_list("key", "kind", "major", "state")) == [
        ("initial", "initial", 1, "open"), ("imported", "imported", None, "open"),
    ]  # fmt: skip
    lead = Member.objects.get(project=project)
    assert (lead.user, lead.role, lead.kind, lead.name) == (lea, "lead", "human", "lea")
    assert GuidelineGrant.objects.get(source="project:moods").level == "edit"
    assert len(project.pseudonym_salt) == 64
    assert AuditEvent.objects.get(action="project.created").actor == lea


def test_taken_slug_is_refused(lea: User, guideline: Guideline, project: Project) -> None:
    with pytest.raises(ProjectSlugTaken):
        create_project(actor=lea, slug=project.slug, title="Again", guideline=guideline)

    assert Project.objects.count() == 1


def test_project_needs_a_maker_who_may_edit_the_guideline(eve: User, max_: User, guideline: Guideline) -> None:
    for stranger in (eve, max_):
        with pytest.raises(Forbidden):
            create_project(actor=stranger, slug="theirs", title="Theirs", guideline=guideline)

    assert not Project.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "paths"),
    [
        ({"slug": "With Space"}, ["slug"]),
        ({"title": " "}, ["title"]),
        ({"fields": [{"key": "text", "type": "video"}]}, ["fields[0].type"]),
        ({"fields": [{"key": "text"}, {"key": "text"}]}, ["fields"]),
        ({"fields": [{"key": "text", "secret": 1}]}, ["fields[0]"]),
        ({"slices": ["a", "a"]}, ["slices"]),
        ({"slices": [""]}, ["slices[0]"]),
        ({"overlap": {"labels_per_item": 0}}, ["overlap.labels_per_item"]),
        ({"overlap": {"labels_per_item": 1, "share": 0.2, "shared_labels": 3, "stratify_by": "x"}},
         ["overlap.stratify_by"]),
        ({"lease_seconds": 4}, ["lease_seconds"]),
        ({"gold_rate": 0.6}, ["gold_rate"]),
        ({"lease_seconds": 0, "gold_rate": -1}, ["lease_seconds", "gold_rate"]),
    ],
)  # fmt: skip
def test_every_broken_setting_is_named(
    lea: User, guideline: Guideline, wrong: dict[str, Any], paths: list[str]
) -> None:
    settings: dict[str, Any] = {"slug": "moods", "title": "Moods", "overlap": {"labels_per_item": 1}}

    with pytest.raises(InvalidInput) as refusal:
        create_project(actor=lea, guideline=guideline, **(settings | wrong))

    assert [error.path for error in refusal.value.errors] == paths
    assert not Project.objects.exists()


def seats(task: Task) -> list[tuple[int, str]]:
    return list(Assignment.objects.filter(task=task).order_by("slot").values_list("slot", "state"))


def test_higher_overlap_adds_seats_and_opens_finished_tasks(
    project: Project, lea: User, ana: User, member_of: Who
) -> None:
    done = make_task(make_item(project, "m1"), overlap=1)
    Task.objects.filter(pk=done.pk).update(state="done")
    Assignment.objects.filter(task=done).update(state="submitted", annotator=member_of(ana), annotator_kind="human")
    fresh = make_task(make_item(project, "m2"), overlap=2)

    update_project(actor=lea, project=project, overlap={"labels_per_item": 3})

    assert seats(done) == [(1, "submitted"), (2, "open"), (3, "open")]
    assert seats(fresh) == [(1, "open"), (2, "open"), (3, "open")]
    assert list(Task.objects.order_by("pk").values_list("overlap", "state")) == [(3, "open"), (3, "open")]
    event = AuditEvent.objects.get(action="project.changed")
    assert (event.facts["seats_added"], event.facts["seats_withdrawn"]) == (3, 0)


def test_lower_overlap_withdraws_open_seats_only(
    project: Project, lea: User, ana: User, ben: User, adi: User, member_of: Who
) -> None:
    busy = make_task(make_item(project, "m1"), overlap=3)
    for slot, user in ((1, ana), (2, ben)):
        Assignment.objects.filter(task=busy, slot=slot).update(
            state="submitted", annotator=member_of(user), annotator_kind="human"
        )
    fresh = make_task(make_item(project, "m2"), overlap=3)

    update_project(actor=lea, project=project, overlap={"labels_per_item": 1})

    assert seats(busy) == [(1, "submitted"), (2, "submitted"), (3, "withdrawn")]
    assert seats(fresh) == [(1, "open"), (2, "withdrawn"), (3, "withdrawn")]
    assert list(Task.objects.order_by("pk").values_list("overlap", "state")) == [(2, "done"), (1, "open")]


def test_overlap_up_and_down_again_never_reuses_a_seat_number(project: Project, lea: User) -> None:
    task = make_task(make_item(project, "m1"), overlap=2)

    for labels in (1, 3, 2):
        update_project(actor=lea, project=project, overlap={"labels_per_item": labels})

    assert seats(task) == [(1, "open"), (2, "withdrawn"), (3, "open"), (4, "withdrawn")]
    assert Task.objects.get().overlap == 2


def test_changed_policy_gives_the_seats_a_new_import_would_get(lea: User, guideline: Guideline) -> None:
    policy = {"labels_per_item": 1, "share": 0.3, "shared_labels": 3}
    values = [{"external_id": f"m{n}", "payload": {"text": "x"}} for n in range(60)]
    project = create_project(
        actor=lea, slug="moods", title="Moods", guideline=guideline, overlap={"labels_per_item": 2}
    )
    import_items(actor=lea, project=project, lines=lines_from_values(values[:30]))

    project = update_project(actor=lea, project=project, overlap=policy)
    import_items(actor=lea, project=project, lines=lines_from_values(values[30:]))
    counts = dict(Task.objects.values_list("item__external_id", "overlap"))
    again = update_project(
        actor=lea, project=update_project(actor=lea, project=project, overlap={"labels_per_item": 2}), overlap=policy
    )

    assert again.overlap == policy
    assert set(counts.values()) == {1, 3}
    assert dict(Task.objects.values_list("item__external_id", "overlap")) == counts


def test_closed_rounds_and_rounds_with_a_policy_of_their_own_keep_their_seats(project: Project, lea: User) -> None:
    Round.objects.create(project=project, key="relabel-2", kind="relabel", major=1, overlap={"labels_per_item": 1})
    relabel = make_task(make_item(project, "m1"), overlap=1, round_key="relabel-2")
    first = make_task(make_item(project, "m2"), overlap=1)
    Round.objects.filter(key="initial").update(state="closed")

    update_project(actor=lea, project=project, overlap={"labels_per_item": 3})

    assert (seats(relabel), seats(first)) == ([(1, "open")], [(1, "open")])


def test_closing_ends_leases_and_keeps_drafts(project: Project, lea: User, ana: User, member_of: Who) -> None:
    make_task(make_item(project, "m1"))
    task = claim_next(annotator=member_of(ana))
    assert task is not None
    Lease.objects.update(draft={"intent": "refund"})

    set_project_status(actor=lea, project=project, status="closed")

    lease = Lease.objects.get()
    assert (lease.ending, lease.draft) == ("released", {"intent": "refund"})
    assert set(Assignment.objects.values_list("state", flat=True)) == {"open"}
    assert AuditEvent.objects.get(action="project.closed").facts == {"leases_released": 1}


def test_pausing_lets_people_finish_what_they_hold(project: Project, lea: User, ana: User, member_of: Who) -> None:
    make_task(make_item(project, "m1"))
    claim_next(annotator=member_of(ana))

    set_project_status(actor=lea, project=project, status="paused")

    assert Lease.objects.get().ended_at is None


def test_half_of_what_people_are_given_stays_work(project: Project, lea: User) -> None:
    change_project(actor=lea, project=project, gold_rate=0.4, routing={"repeat_rate": 0.1})
    change_project(actor=lea, project=project, gold_rate=0.1, routing={"repeat_rate": 0.4})  # both at once, either way

    with pytest.raises(InvalidInput) as refused:
        change_project(actor=lea, project=project, gold_rate=0.2)
    assert [(error.path, error.code) for error in refused.value.errors] == [("gold_rate", "range")]
    with pytest.raises(InvalidInput):
        change_project(actor=lea, project=project, routing={"repeat_rate": 0.45})

    project.refresh_from_db()
    assert (project.gold_rate, project.routing.repeat_rate) == (0.1, 0.4)
    change_project(actor=lea, project=project, status="paused")
