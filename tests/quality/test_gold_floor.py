"""Who is proven to do badly on gold is paused by the rule, with the evidence; who is resumed starts anew."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent, User
from annotation.models import Assignment, Lease, Member, Project, Routing
from annotation.services.members import pause_by_rule, update_member
from annotation.services.queue import claim_next
from operations.jobs import TICKS
from quality.services.gold_floor import pause_below_floor
from quality.stats.sequential import anytime
from tests.factories.annotation import make_item, make_task
from tests.factories.control import amended, answer_in_seat
from tests.factories.quality import make_gold, make_items, make_labels
from tests.frontend.pages import browser_of

MemberOf = Callable[[User], Member]


@pytest.fixture
def mine(project: Project, lea: User, ana: User, member_of: MemberOf) -> Member:
    Routing.objects.filter(project=project).update(gold_floor=0.7, gold_floor_least=20)
    make_items(project, [f"g{number:02d}" for number in range(80)])
    for number in range(80):
        make_gold(project, f"g{number:02d}", {"intent": "refund"}, lea)
    return member_of(ana)


def answers(member: Member, right: int, wrong: int, *, start: int = 0, kind: str = "gold") -> None:
    for number in range(start, start + right + wrong):
        given = "refund" if number < start + right else "other"
        answer_in_seat(member.project, f"g{number:02d}", member, given, kind=kind)


def test_whose_upper_bound_is_under_the_floor_is_paused_with_the_evidence(project: Project, mine: Member) -> None:
    answers(mine, right=8, wrong=16)
    interval = anytime(8, 24)
    assert interval is not None

    TICKS["judge-by-gold"]()

    mine.refresh_from_db()
    assert mine.paused_at is not None
    assert mine.pause_reason == (
        "8 of 24 known answers were right. At best that is an accuracy of 65%, and this project asks for 70%."
    )
    assert mine.pause_evidence == {
        "n": 24, "right": 8, "lower": round(interval[0], 4), "upper": round(interval[1], 4), "floor": 0.7,
        "items": [f"g{number:02d}" for number in range(23, 7, -1)],
    }  # fmt: skip
    event = AuditEvent.objects.get(action="member.changed")
    assert (event.actor, event.target, event.facts["by_rule"]) == (None, "ana", True)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [(8, 11), (12, 8), (18, 6)],
    ids=["too few answers", "the upper bound reaches the floor", "well above it"],
)
def test_who_is_not_proven_to_be_under_it_goes_on(project: Project, mine: Member, right: int, wrong: int) -> None:
    answers(mine, right, wrong)

    assert pause_below_floor() == 0
    mine.refresh_from_db()
    assert mine.paused_at is None


def test_what_they_hold_goes_back_and_they_get_nothing_more(project: Project, mine: Member) -> None:
    make_task(make_item(project, "ordinary"))
    assert claim_next(annotator=mine) is not None
    answers(mine, right=0, wrong=20)

    assert pause_below_floor() == 1
    assert not Assignment.objects.filter(state="leased").exists()
    assert Lease.objects.filter(ending="released", annotator=mine).exists()
    assert pause_below_floor() == 0


def test_only_first_answers_to_gold_handed_out_as_gold_judge(project: Project, mine: Member) -> None:
    answers(mine, right=0, wrong=20, kind="initial")
    answers(mine, right=0, wrong=20, start=20, kind="qualification")
    for number in range(40, 60):
        amended(answer_in_seat(project, f"g{number}", mine, "refund", kind="gold"), "other")

    assert pause_below_floor() == 0


def test_amending_afterwards_does_not_help(project: Project, mine: Member) -> None:
    for number in range(20):
        amended(answer_in_seat(project, f"g{number:02d}", mine, "other", kind="gold"), "refund")

    assert pause_below_floor() == 1


def test_without_a_floor_or_in_a_paused_project_nobody_is_judged(project: Project, mine: Member) -> None:
    answers(mine, right=0, wrong=20)
    Routing.objects.update(gold_floor=None)
    assert pause_below_floor() == 0
    Routing.objects.update(gold_floor=0.7)
    Project.objects.update(status="paused")

    assert pause_below_floor() == 0


def test_leads_who_label_and_people_who_left_are_not_judged(project: Project, mine: Member) -> None:
    answers(mine, right=0, wrong=20)
    Member.objects.filter(pk=mine.pk).update(role="lead")
    assert pause_below_floor() == 0
    Member.objects.filter(pk=mine.pk).update(role="annotator", is_active=False)

    assert pause_below_floor() == 0


def test_who_is_resumed_is_judged_by_later_gold_only_and_the_evidence_goes(
    project: Project, mine: Member, lea: User
) -> None:
    answers(mine, right=0, wrong=20)
    pause_below_floor()
    update_member(actor=lea, member=mine, paused=False)

    mine.refresh_from_db()
    assert (mine.paused_at, mine.pause_reason, mine.pause_evidence) == (None, "", None)
    assert pause_below_floor() == 0
    answers(mine, right=0, wrong=19, start=20)
    assert pause_below_floor() == 0
    answers(mine, right=0, wrong=1, start=39)
    assert pause_below_floor() == 1
    mine.refresh_from_db()
    assert mine.pause_evidence["n"] == 20


def test_a_person_paused_and_resumed_by_hand_is_judged_anew_too(project: Project, mine: Member, lea: User) -> None:
    answers(mine, right=0, wrong=20)
    update_member(actor=lea, member=mine, paused=True, pause_reason="we talk first")
    update_member(actor=lea, member=mine, paused=False)

    assert pause_below_floor() == 0


def test_evidence_of_before_a_resumption_pauses_nobody(project: Project, mine: Member, lea: User) -> None:
    stale = Member.objects.get(pk=mine.pk)
    update_member(actor=lea, member=mine, paused=True)
    update_member(actor=lea, member=mine, paused=False)

    assert not pause_by_rule(stale, reason="x", evidence={})
    mine.refresh_from_db()
    assert mine.paused_at is None


def test_leads_see_the_evidence_and_the_paused_person_does_not(
    project: Project, mine: Member, lea: User, ana: User, api: Callable[..., Client]
) -> None:
    answers(mine, right=2, wrong=20)
    pause_below_floor()

    page = browser_of(lea).get(reverse("person", args=[project.slug, mine.pk]))
    html = page.content.decode()
    assert "2 of 22 known answers were right" in html
    assert page.context["evidence"].plot.reference == "70.00%"
    assert page.context["evidence"].plot.rows[0].row.value == 2 / 22
    assert len(page.context["evidence"].items) == 20
    assert reverse("item", args=[project.slug, "g21"]) in html
    (listed,) = [
        member
        for member in api(lea).get(f"/api/v1/projects/{project.slug}/members/").json()["results"]
        if member["name"] == "ana"
    ]
    assert listed["pause_evidence"]["n"] == 22
    seen = browser_of(ana).get(reverse("workbench", args=[project.slug])).content.decode()
    assert "g21" not in seen
    assert "known answers" not in seen


def test_imported_answers_judge_nobody(project: Project, mine: Member) -> None:
    make_labels(project, [(f"g{number:02d}", "ana", "other") for number in range(30)])

    assert pause_below_floor() == 0
