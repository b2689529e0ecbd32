"""Flags, parked items and the lead's decisions: nothing is lost, nothing is blocked, nobody is asked too often."""

import uuid
from collections.abc import Callable

import pytest
from django.utils import timezone

from accounts.errors import InvalidInput, NotFound
from accounts.models import AuditEvent, User
from annotation.models import Assignment, DeskNote, GoldLabel, Item, Lease, Member, Project, Round, Skip, Task
from annotation.selectors.desk import desk_counts, desk_entries, notes_to_read, replies_about
from annotation.services.desk import (
    close_note,
    flag_item,
    park_task,
    return_what_absent_people_keep,
    take_back_parked,
)
from annotation.services.desk_decisions import reopen_task, set_aside
from annotation.services.invariants import broken_invariants
from annotation.services.members import remove_member, update_member
from annotation.services.overlap_changes import reseat_open_rounds
from annotation.services.queue import claim_next, expire_leases, skip_task
from annotation.services.refusals import LeaseExpired, NoteClosed, TaskNotWaiting
from annotation.services.rounds import close_round
from tests.factories.annotation import make_item, make_task
from tests.factories.work import answer, claimed, label, let_run_out

Who = Callable[[User], Member]


@pytest.fixture
def items(project: Project) -> list[Item]:
    made = [make_item(project, f"m{number}") for number in range(3)]
    for item in made:
        make_task(item, overlap=1)
    return made


def park(member: Member, note: str = "Is this a refund?", **more: object) -> DeskNote:
    task = claimed(member)
    return park_task(annotator=member, lease_id=task.lease.id, note=note, **more)  # type: ignore[arg-type]


def seat_of(note: DeskNote) -> Assignment:
    return Assignment.objects.get(leases=note.lease_id)


def test_a_flag_is_laid_down_once_and_work_goes_on(items: list[Item], ana: User, member_of: Who) -> None:
    task = claimed(member_of(ana))

    first = flag_item(annotator=member_of(ana), lease_id=task.lease.id, note=" Odd ", clause="C3")
    again = flag_item(annotator=member_of(ana), lease_id=task.lease.id, note="Very odd")

    assert again.pk == first.pk
    assert (again.note, again.clause, again.kind, again.item_id) == ("Odd", "C3", "flag", task.item.id)
    assert claimed(member_of(ana)).lease.id == task.lease.id


@pytest.mark.parametrize(
    ("note", "clause", "path"),
    [("  ", "", "note"), ("x" * 2001, "", "note"), ("a\x00b", "", "note"), ("x", "C9", "clause")],
)  # fmt: skip
def test_a_note_says_something_and_names_a_clause_that_was_shown(
    items: list[Item], ana: User, member_of: Who, note: str, clause: str, path: str
) -> None:
    task = claimed(member_of(ana))

    with pytest.raises(InvalidInput) as refused:
        park_task(annotator=member_of(ana), lease_id=task.lease.id, note=note, clause=clause)

    assert [error.path for error in refused.value.errors] == [path]
    assert not DeskNote.objects.exists()
    assert Lease.objects.get().ending is None


def test_another_persons_item_cannot_be_parked(items: list[Item], ana: User, ben: User, member_of: Who) -> None:
    task = claimed(member_of(ana))

    with pytest.raises(NotFound):
        park_task(annotator=member_of(ben), lease_id=task.lease.id, note="mine")


def test_a_parked_item_leaves_their_hands_with_its_draft_and_is_nobody_elses(
    items: list[Item], ana: User, ben: User, member_of: Who
) -> None:
    note = park(member_of(ana), answer={"intent": "refund"})

    assert seat_of(note).state == "parked"
    assert Lease.objects.get(pk=note.lease_id).draft == {"intent": "refund"}
    assert claimed(member_of(ana)).item.id != note.item_id
    assert claimed(member_of(ben)).item.id != note.item_id
    assert broken_invariants() == []


def test_parked_twice_is_one_note(items: list[Item], ana: User, member_of: Who) -> None:
    note = park(member_of(ana))

    again = park_task(annotator=member_of(ana), lease_id=note.lease_id, note="again")

    assert again.pk == note.pk
    assert DeskNote.objects.get().note == "Is this a refund?"


def test_what_is_no_longer_theirs_cannot_be_parked(items: list[Item], ana: User, ben: User, member_of: Who) -> None:
    task = claimed(member_of(ana))
    let_run_out(task)
    expire_leases()

    with pytest.raises(LeaseExpired):
        park_task(annotator=member_of(ana), lease_id=task.lease.id, note="x")


def test_the_leads_reply_brings_it_back_before_other_work_with_the_draft(
    project: Project, items: list[Item], ana: User, ben: User, lea: User, member_of: Who
) -> None:
    note = park(member_of(ana), answer={"intent": "refund"})
    label(member_of(ana))

    close_note(actor=lea, project=project, note_id=note.pk, reply="Yes, see C3")

    assert claimed(member_of(ben)).item.id != note.item_id
    task = claimed(member_of(ana))
    assert (task.item.id, task.draft) == (note.item_id, {"intent": "refund"})
    assert Lease.objects.get(pk=task.lease.id).reason == "returned"
    assert [each.reply for each in replies_about(member_of(ana), task.lease.id)] == ["Yes, see C3"]
    answer(member_of(ana), task)
    assert broken_invariants() == []
    assert AuditEvent.objects.filter(action="desk.note_closed").count() == 1


def test_who_has_been_told_that_nothing_is_left_gets_the_returned_item(
    project: Project, ana: User, lea: User, member_of: Who
) -> None:
    make_task(make_item(project, "only"), overlap=1)
    note = park(member_of(ana))
    assert claim_next(annotator=member_of(ana)) is None

    close_note(actor=lea, project=project, note_id=note.pk, reply="Refund")

    assert claimed(member_of(ana)).item.external_id == "only"


def test_the_same_reply_again_changes_nothing_and_another_is_refused(
    project: Project, items: list[Item], ana: User, lea: User, member_of: Who
) -> None:
    note = park(member_of(ana))
    close_note(actor=lea, project=project, note_id=note.pk, reply="Yes")
    close_note(actor=lea, project=project, note_id=note.pk, reply="Yes")

    with pytest.raises(NoteClosed):
        close_note(actor=lea, project=project, note_id=note.pk, reply="No")

    assert DeskNote.objects.get().reply == "Yes"
    assert AuditEvent.objects.filter(action="desk.note_closed").count() == 1


def test_a_question_wants_an_answer_and_a_flag_none(
    project: Project, items: list[Item], ana: User, lea: User, member_of: Who
) -> None:
    task = claimed(member_of(ana))
    flag = flag_item(annotator=member_of(ana), lease_id=task.lease.id, note="odd")
    note = park(member_of(ana))

    with pytest.raises(InvalidInput):
        close_note(actor=lea, project=project, note_id=note.pk, reply=" ")
    close_note(actor=lea, project=project, note_id=flag.pk, reply="")

    assert [each.kind for each in DeskNote.objects.filter(closed_at=None)] == ["park"]
    assert seat_of(note).state == "parked"


def test_they_may_take_it_back_themselves(items: list[Item], ana: User, ben: User, member_of: Who) -> None:
    note = park(member_of(ana))
    with pytest.raises(NotFound):
        take_back_parked(annotator=member_of(ben), note_id=note.pk)

    take_back_parked(annotator=member_of(ana), note_id=note.pk)
    take_back_parked(annotator=member_of(ana), note_id=note.pk)

    assert claimed(member_of(ana)).item.id == note.item_id


@pytest.mark.parametrize("ending", ["paused", "removed", "round closed"])
def test_what_absent_people_parked_or_was_returned_to_them_does_not_block(
    project: Project, items: list[Item], ana: User, ben: User, lea: User, member_of: Who, ending: str
) -> None:
    parked = park(member_of(ana))
    returned = park(member_of(ana))
    close_note(actor=lea, project=project, note_id=returned.pk, reply="Yes")
    if ending == "paused":
        update_member(actor=lea, member=member_of(ana), paused=True)
    elif ending == "removed":
        remove_member(actor=lea, member=member_of(ana))
    else:
        close_round(Round.objects.get(project=project, key="initial"))

    assert return_what_absent_people_keep() == (1 if ending == "round closed" else 2)
    assert return_what_absent_people_keep() == 0

    expected = "withdrawn" if ending == "round closed" else "open"
    assert [(seat_of(note).state, seat_of(note).reserved_for_id) for note in (parked, returned)] == [
        (expected, None)
    ] * 2
    parked.refresh_from_db()
    assert parked.closed_by is None
    assert "Given back" in parked.reply
    if ending != "round closed":
        assert {claimed(member_of(ben)).item.id, label(member_of(ben)).assignment_id} & {
            parked.item_id,
            returned.item_id,
        }
    assert broken_invariants() == []


def test_parked_gold_comes_back_to_its_person_as_any_item_would(
    project: Project, items: list[Item], ana: User, ben: User, lea: User, member_of: Who
) -> None:
    gold = make_item(project, "g1")
    GoldLabel.objects.create(
        project=project, item=gold, answer={"intent": "refund"}, created_by=lea, created_at=timezone.now()
    )
    Project.objects.filter(pk=project.pk).update(gold_rate=0.5)
    member = member_of(ana)
    for _ in range(30):
        task = claimed(member)
        if task.item.id == gold.pk:
            break
        skip_task(annotator=member, lease_id=task.lease.id)
    assert task.item.id == gold.pk
    note = park_task(annotator=member, lease_id=task.lease.id, note="?")

    close_note(actor=lea, project=project, note_id=note.pk, reply="Read C3")

    assert seat_of(note).reserved_for_id == member.pk
    back = claimed(member)
    assert back.item.id == gold.pk
    assert broken_invariants() == []
    let_run_out(back)
    assert expire_leases() == 1
    assert seat_of(note).state == "withdrawn"
    assert broken_invariants() == []


# --- what waits for a decision -------------------------------------------------------------------------------


def skipped_by_all(project: Project, *members: Member) -> Task:
    for member in members:
        skip_task(annotator=member, lease_id=claimed(member).lease.id, reason="unclear")
    return Task.objects.get(project=project, state="needs_lead")


@pytest.fixture
def one_item(project: Project) -> Item:
    item = make_item(project, "m1")
    make_task(item, overlap=2)
    return item


def test_reopened_it_is_handed_to_those_who_skipped_it(
    project: Project, one_item: Item, ana: User, ben: User, lea: User, member_of: Who
) -> None:
    task = skipped_by_all(project, member_of(ana), member_of(ben))
    assert task.desk_reason == "skipped"
    assert claim_next(annotator=member_of(ana)) is None

    reopen_task(actor=lea, project=project, task_id=task.pk)

    assert not Skip.objects.exists()
    assert claimed(member_of(ana)).item.id == one_item.pk
    assert AuditEvent.objects.get(action="task.reopened").facts["skips"] == 2
    with pytest.raises(TaskNotWaiting):
        reopen_task(actor=lea, project=project, task_id=task.pk)


def test_abandoned_it_is_handed_to_nobody_until_the_lead_reopens_it(
    project: Project, one_item: Item, ana: User, ben: User, lea: User, member_of: Who
) -> None:
    for _ in range(5):
        let_run_out(claimed(member_of(ana)))
        expire_leases()
    task = Task.objects.get()
    assert (task.state, task.desk_reason) == ("needs_lead", "abandoned")
    assert claim_next(annotator=member_of(ben)) is None

    reopen_task(actor=lea, project=project, task_id=task.pk)

    assert Task.objects.get().expiries == 0
    assert claimed(member_of(ben)).item.id == one_item.pk


def test_a_dispute_that_is_reopened_asks_one_person_more(
    project: Project, one_item: Item, ana: User, ben: User, adi: User, lea: User, member_of: Who
) -> None:
    label(member_of(ana))
    label(member_of(ben), "other")
    Task.objects.update(state="needs_lead", desk_reason="disagreement", most_labels=2)

    reopen_task(actor=lea, project=project, task_id=Task.objects.get().pk)

    task = Task.objects.get()
    assert (task.overlap, task.most_labels, task.state) == (3, 3, "open")
    label(member_of(adi))
    assert Task.objects.get().state == "done"
    assert broken_invariants() == []


def test_set_aside_it_keeps_its_answers_and_no_policy_brings_it_back(
    project: Project, one_item: Item, ana: User, ben: User, adi: User, lea: User, member_of: Who
) -> None:
    label(member_of(adi))
    task = skipped_by_all(project, member_of(ana), member_of(ben))

    set_aside(actor=lea, project=project, task_id=task.pk, reason="Broken encoding")

    task.refresh_from_db()
    assert (task.state, task.is_set_aside, task.overlap) == ("done", True, 2)
    assert sorted(task.assignments.values_list("state", flat=True)) == ["submitted", "withdrawn"]
    assert broken_invariants() == []
    project.overlap = {"labels_per_item": 3}
    project.save()
    reseat_open_rounds(project)
    assert claim_next(annotator=member_of(lea)) is None
    assert AuditEvent.objects.get(action="task.set_aside").facts["answers"] == 1


def test_setting_aside_ends_what_people_hold_and_have_parked_of_it(
    project: Project, ana: User, ben: User, adi: User, lea: User, member_of: Who
) -> None:
    make_task(make_item(project, "m1"), overlap=3)
    note = park(member_of(ana))
    held = claimed(member_of(ben))
    Task.objects.update(state="needs_lead", desk_reason="abandoned")

    set_aside(actor=lea, project=project, task_id=Task.objects.get().pk, reason="Spam")

    assert set(Assignment.objects.values_list("state", flat=True)) == {"withdrawn"}
    note.refresh_from_db()
    assert (note.reply, note.closed_by) == ("Spam", lea)
    assert Lease.objects.get(pk=held.lease.id).ending == "released"
    assert broken_invariants() == []


def test_another_projects_task_is_not_there(project: Project, one_item: Item, lea: User) -> None:
    with pytest.raises(NotFound):
        set_aside(actor=lea, project=project, task_id=Task.objects.get().pk + 1000, reason="x")


def test_the_desk_shows_what_waits_oldest_first(
    project: Project, items: list[Item], ana: User, ben: User, lea: User, member_of: Who
) -> None:
    question = park(member_of(ana), clause="C3")
    flagged = claimed(member_of(ana))
    flag = flag_item(annotator=member_of(ana), lease_id=flagged.lease.id, note="odd")
    Assignment.objects.filter(task__item=items[2]).update(rank=-1)
    Task.objects.filter(item=items[2]).update(state="needs_lead", desk_reason="abandoned")

    entries = desk_entries(project)

    assert (entries[0].kind, entries[0].item) == ("abandoned", items[2])
    assert [(entry.kind, entry.place.id) for entry in entries[1:]] == [("park", question.pk), ("flag", flag.pk)]
    assert [entry.key for entry in entries[1:]] == [f"note-{question.pk}", f"note-{flag.pk}"]
    assert all(entry.age_seconds >= 0 for entry in entries)
    assert [e.place for e in desk_entries(project, after=entries[0].place)] == [e.place for e in entries[1:]]
    assert desk_counts(project) == {"park": 1, "flag": 1, "skipped": 0, "abandoned": 1, "disagreement": 0}
    close_note(actor=lea, project=project, note_id=flag.pk, reply="Thanks")
    assert [entry.place.id for entry in desk_entries(project, is_open=False)] == [flag.pk]


def test_people_see_their_own_parked_items_and_the_replies(
    project: Project, items: list[Item], ana: User, ben: User, lea: User, member_of: Who
) -> None:
    waiting, replied = park(member_of(ana)), park(member_of(ana))
    close_note(actor=lea, project=project, note_id=replied.pk, reply="Yes")

    assert [note.pk for note in notes_to_read(member_of(ana))] == [replied.pk, waiting.pk]
    assert not notes_to_read(member_of(ben)).exists()
    answer(member_of(ana), claimed(member_of(ana)))
    assert [note.pk for note in notes_to_read(member_of(ana))] == [waiting.pk]


def test_ids_are_not_guessed(items: list[Item], ana: User, member_of: Who) -> None:
    with pytest.raises(NotFound):
        flag_item(annotator=member_of(ana), lease_id=uuid.uuid4(), note="x")
