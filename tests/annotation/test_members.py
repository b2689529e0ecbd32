"""Joining, changing, pausing and leaving a project."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from accounts.errors import Conflict, InvalidInput
from accounts.models import AuditEvent, User
from annotation.models import Assignment, Lease, Member, Project
from annotation.services.members import (
    AlreadyAMember,
    OnlyOwnersMakeOwners,
    add_member,
    remove_member,
    update_member,
)
from annotation.services.queue import claim_next
from guidelines.models import GuidelineGrant
from tests.factories.accounts import make_user
from tests.factories.annotation import make_item, make_task

Who = Callable[[User], Member]


def grants(user: User) -> list[tuple[str, str]]:
    return list(GuidelineGrant.objects.filter(user=user).values_list("source", "level"))


def test_added_person_gets_role_and_guideline_right(project: Project, lea: User, cho: User) -> None:
    member = add_member(
        actor=lea, project=project, role="annotator", username="cho", cohorts={"site": "Lisbon", "team": ""},
        skills=["en", "de", "en"],
    )  # fmt: skip

    assert (member.user, member.role, member.kind, member.name) == (cho, "annotator", "human", "cho")
    assert (member.cohorts, member.skills) == ({"site": "Lisbon"}, ["en", "de"])
    assert grants(cho) == [("project:intents", "read")]
    event = AuditEvent.objects.get(action="member.added")
    assert (event.actor, event.target, event.scope, event.facts) == (
        lea,
        "cho",
        "project:intents",
        {"role": "annotator"},
    )


def test_person_is_found_by_email_in_any_case(project: Project, lea: User, cho: User) -> None:
    assert add_member(actor=lea, project=project, role="engineer", email="CHO@example.org").user == cho


@pytest.mark.parametrize(
    ("who", "path", "code"),
    [
        ({"username": "nobody"}, "username", "unknown_user"),
        ({"email": "nobody@example.org"}, "email", "unknown_user"),
        ({"email": "twin@example.org"}, "email", "ambiguous"),
        ({}, "username", "one_of"),
        ({"username": "cho", "email": "cho@example.org"}, "username", "one_of"),
        ({"username": "gone"}, "username", "unknown_user"),
    ],
)
def test_who_cannot_be_found_is_named(
    project: Project, lea: User, cho: User, who: dict[str, str], path: str, code: str
) -> None:
    make_user("gone", is_active=False)
    for name in ("twin1", "twin2"):
        User.objects.filter(pk=make_user(name).pk).update(email="twin@example.org")
    before = Member.objects.count()

    with pytest.raises(InvalidInput) as refusal:
        add_member(actor=lea, project=project, role="annotator", **who)

    assert [(error.path, error.code) for error in refusal.value.errors] == [(path, code)]
    assert Member.objects.count() == before


def test_member_is_not_added_twice(project: Project, lea: User) -> None:
    with pytest.raises(AlreadyAMember):
        add_member(actor=lea, project=project, role="lead", username="ana")

    assert Member.objects.get(name="ana").role == "annotator"


def test_person_made_by_an_import_becomes_the_user_of_that_name(project: Project, lea: User, cho: User) -> None:
    imported = Member.objects.create(project=project, name="cho", cohorts={"age": "30"})

    member = add_member(actor=lea, project=project, role="annotator", username="cho", cohorts={"age": "31"})

    assert (member.pk, member.user, member.cohorts) == (imported.pk, cho, {"age": "31"})


def test_model_of_that_name_does_not_become_a_person(project: Project, lea: User, cho: User) -> None:
    Member.objects.create(project=project, name="cho", kind="model")

    with pytest.raises(Conflict):
        add_member(actor=lea, project=project, role="annotator", username="cho")


def test_model_user_joins_as_a_model_and_as_annotator_only(project: Project, lea: User) -> None:
    make_user("gpt", kind="model")
    with pytest.raises(InvalidInput):
        add_member(actor=lea, project=project, role="lead", username="gpt")

    assert add_member(actor=lea, project=project, role="annotator", username="gpt").kind == "model"


def test_lead_makes_leads_who_may_start_projects_but_no_owners(
    project: Project, lea: User, cho: User, olga: User
) -> None:
    with pytest.raises(OnlyOwnersMakeOwners):
        add_member(actor=lea, project=project, role="owner", username="cho")
    assert not Member.objects.filter(user=cho).exists()

    member = add_member(actor=lea, project=project, role="lead", username="cho")
    cho.refresh_from_db()
    assert cho.may_start_projects is True
    assert grants(cho) == [("project:intents", "edit")]
    assert update_member(actor=olga, member=member, role="owner").role == "owner"


def test_lead_does_not_touch_an_owner(project: Project, lea: User, olga: User) -> None:
    member = add_member(actor=olga, project=project, role="annotator", username="olga")

    for change in (
        lambda: update_member(actor=lea, member=member, paused=True),
        lambda: remove_member(actor=lea, member=member),
    ):
        with pytest.raises(OnlyOwnersMakeOwners):
            change()

    member.refresh_from_db()
    assert (member.is_active, member.paused_at) == (True, None)


def test_unknown_role_is_refused(project: Project, lea: User, ana: User, member_of: Who) -> None:
    with pytest.raises(InvalidInput):
        update_member(actor=lea, member=member_of(ana), role="king")

    assert member_of(ana).role == "annotator"


def test_role_change_moves_the_guideline_right(project: Project, lea: User, ana: User, member_of: Who) -> None:
    update_member(actor=lea, member=member_of(ana), role="lead")
    assert grants(ana) == [("project:intents", "edit")]

    update_member(actor=lea, member=member_of(ana), role="annotator")
    assert grants(ana) == [("project:intents", "read")]
    assert AuditEvent.objects.filter(action="member.changed").count() == 2


def hold_something(project: Project, member: Member) -> Lease:
    make_task(make_item(project, "m1"))
    task = claim_next(annotator=member)
    assert task is not None
    Lease.objects.update(draft={"intent": "refund"})
    return Lease.objects.get()


def test_pause_releases_the_lease_and_resuming_clears_the_reason(
    project: Project, lea: User, ana: User, member_of: Who
) -> None:
    hold_something(project, member_of(ana))

    paused = update_member(actor=lea, member=member_of(ana), paused=True, pause_reason="Let us talk about C3.")

    assert paused.paused_at is not None
    assert timezone.now() - paused.paused_at < timezone.timedelta(seconds=5)
    assert paused.pause_reason == "Let us talk about C3."
    assert (Lease.objects.get().ending, Lease.objects.get().draft) == ("released", {"intent": "refund"})
    assert not Assignment.objects.exclude(state="open").exists()
    resumed = update_member(actor=lea, member=paused, paused=False)
    assert (resumed.paused_at, resumed.pause_reason) == (None, "")


def test_removed_member_keeps_labels_and_loses_the_rest(project: Project, lea: User, ana: User, member_of: Who) -> None:
    member = member_of(ana)
    hold_something(project, member)

    remove_member(actor=lea, member=member)

    assert Member.objects.get(pk=member.pk).is_active is False
    assert grants(ana) == []
    assert Lease.objects.get().ending == "released"
    back = add_member(actor=lea, project=project, role="annotator", username="ana")
    assert (back.pk, back.is_active) == (member.pk, True)
    assert grants(ana) == [("project:intents", "read")]


@pytest.mark.parametrize(
    "wrong",
    [
        {"cohorts": {"age": 30}}, {"cohorts": {"": "x"}}, {"cohorts": {"age": "x" * 201}}, {"skills": [""]},
        {"skills": [1]}, {"skills": ["x\x00"]}, {"pause_reason": "x" * 301},
    ],
)  # fmt: skip
def test_wrong_details_are_refused(
    project: Project, lea: User, ana: User, member_of: Who, wrong: dict[str, Any]
) -> None:
    with pytest.raises(InvalidInput):
        update_member(actor=lea, member=member_of(ana), **wrong)

    assert (member_of(ana).cohorts, member_of(ana).skills) == ({}, [])
