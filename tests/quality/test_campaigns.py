import threading
import uuid
from typing import Any

import pytest
from django.db import connections

from accounts.errors import DomainError, InvalidInput
from accounts.models import AuditEvent, User
from annotation.models import Annotation, Assignment, Item, Member, Project, Round, Task
from annotation.services.queue import claim_next
from annotation.services.submission import submit_annotation
from guidelines.models import Guideline
from operations.services.jobs import run_job
from quality.models import Finding, RelabelCampaign
from quality.services.analyses import request_analysis
from quality.services.campaign_scope import preview_campaign
from quality.services.campaigns import CampaignUnfinished, campaign_progress, close_campaign, start_campaign
from tests.factories.guidelines import make_version
from tests.factories.quality import PEOPLE, is_about_a_voucher, make_items, make_labels, make_planted_project

SPLIT = [("a", "ana", "refund"), ("a", "ben", "billing"), ("b", "ana", "refund"), ("b", "ben", "refund"),
         ("c", "ana", "billing"), ("c", "ben", "refund"), ("d", "ben", "other")]  # fmt: skip


@pytest.fixture
def labelled(project: Project) -> Project:
    make_items(project, "ac", language="de")
    make_items(project, "bd", language="en")
    make_labels(project, SPLIT, round_key="initial", seconds=30.0)
    return project


def in_scope(project: Project, scope: dict[str, Any]) -> list[str]:
    """External ids a campaign of this scope would hold, in its order."""
    campaign = start_campaign(actor=project.created_by, project=project, scope=scope, reason="test").campaign
    tasks = Task.objects.filter(round=campaign.round).select_related("item").order_by("item__external_id")
    return [task.item.external_id for task in tasks]


@pytest.mark.parametrize(
    ("scope", "items"),
    [
        ({"ids": ["d", "a", "a"]}, ["a", "d"]),
        ({"slice": {"language": "de"}}, ["a", "c"]),
        ({"labels": ["refund", "billing"]}, ["a", "c"]),
        ({"labels": ["refund", "billing"], "slice": {"language": "en"}}, []),
        ({"annotator": "ana"}, ["a", "b", "c"]),
        ({"clause": "C3"}, ["a", "b", "c"]),
        ({"annotator": "ana", "ids": ["a", "d"]}, ["a"]),
    ],
)
def test_a_scope_holds_the_items_that_meet_all_its_parts(
    labelled: Project, scope: dict[str, Any], items: list[str]
) -> None:
    preview = preview_campaign(labelled, scope)

    assert preview["n_items"] == len(items)
    if items:
        assert in_scope(labelled, scope) == items
    else:
        with pytest.raises(DomainError) as caught:
            start_campaign(actor=labelled.created_by, project=labelled, scope=scope, reason="test")
        assert caught.value.code == "scope_is_empty"
        assert not RelabelCampaign.objects.exists()


def test_a_version_is_a_scope(labelled: Project, guideline: Guideline) -> None:
    make_labels(labelled, [("z", "ana", "refund"), ("z", "ben", "refund")], version=guideline.versions.get())

    assert in_scope(labelled, {"version": "1.0"}) == ["z"]


def test_an_answer_that_cites_the_clause_puts_its_item_in_scope(labelled: Project) -> None:
    make_labels(labelled, [("e", "ana", "other")])
    (annotation,) = make_labels(labelled, [("f", "ana", "other")])
    Annotation.objects.filter(pk=annotation.pk).update(superseded_at=annotation.created_at)
    old = Annotation.objects.get(pk=annotation.pk)
    old.pk, old.public_id, old.superseded_at, old.clauses = None, uuid.uuid4(), None, ["C1"]
    old.save(force_insert=True)

    assert in_scope(labelled, {"clause": "C1"}) == ["f"]


@pytest.mark.parametrize(
    ("scope", "path"),
    [
        ({}, "scope"), ([], "scope"), ({"question": "intent"}, "scope"), ({"everything": True}, "scope.everything"),
        ({"ids": []}, "scope.ids"), ({"ids": ["nobody"]}, "scope.ids"), ({"finding": "7x"}, "scope.finding"),
        ({"finding": "999999"}, "scope.finding"), ({"slice": {"colour": "red"}}, "scope.slice.colour"),
        ({"labels": ["refund", "nothing"]}, "scope.labels"), ({"labels": "refund"}, "scope.labels"),
        ({"annotator": "nobody"}, "scope.annotator"), ({"version": "9.9"}, "scope.version"),
    ],
)  # fmt: skip
def test_a_broken_scope_is_refused_and_nothing_starts(labelled: Project, scope: Any, path: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        start_campaign(actor=labelled.created_by, project=labelled, scope=scope, reason="test")

    assert caught.value.errors[0].path == path
    assert (RelabelCampaign.objects.count(), Round.objects.filter(kind="relabel").count()) == (0, 0)


def test_a_preview_says_what_it_costs_and_changes_nothing(labelled: Project) -> None:
    preview = preview_campaign(labelled, {"slice": {"language": "de"}}, labels_per_item=3)

    assert (preview["n_items"], preview["n_labels"], preview["median_seconds"]) == (2, 6, 30.0)
    assert preview["hours"] == pytest.approx(6 * 30 / 3600)
    assert preview["guideline_version"] == "1.0"
    assert [entry["external_id"] for entry in preview["sample"]] == ["a", "c"]
    assert not Round.objects.filter(kind="relabel").exists()


def test_a_campaign_is_a_round_of_its_own_with_seats_under_the_current_version(
    labelled: Project, guideline: Guideline, lea: User
) -> None:
    make_version(guideline, lea)
    before = Annotation.objects.count()

    campaign = start_campaign(
        actor=lea, project=labelled, scope={"ids": ["a", "c"]}, reason="C3 was unclear", labels_per_item=3
    ).campaign

    assert (campaign.round.key, campaign.round.major, campaign.guideline_version.number) == ("relabel-1", 2, "2.0")
    assert Assignment.objects.filter(round=campaign.round, state="open").count() == 6
    assert campaign.before["questions"]["intent"]["percent_agreement"] == 0.0
    assert Annotation.objects.count() == before
    assert AuditEvent.objects.get(action="campaign.started").facts["items"] == 2


def test_its_items_come_before_the_rest_of_the_queue(labelled: Project, lea: User, ana: User) -> None:
    start_campaign(actor=lea, project=labelled, scope={"ids": ["c"]}, reason="look again")

    leased = claim_next(annotator=Member.objects.get(project=labelled, user=ana))

    assert leased is not None
    assert leased.item.external_id == "c"


def test_one_scope_is_one_campaign_while_it_runs(labelled: Project, lea: User, olga: User) -> None:
    first = start_campaign(actor=lea, project=labelled, scope={"ids": ["a"]}, reason="one")
    again = start_campaign(actor=olga, project=labelled, scope={"ids": ["a"]}, reason="two")
    close_campaign(actor=lea, campaign=first.campaign, cut_short=True)
    later = start_campaign(actor=olga, project=labelled, scope={"ids": ["a"]}, reason="three")

    assert (first.is_new, again.is_new, later.is_new) == (True, False, True)
    assert first.campaign.pk == again.campaign.pk != later.campaign.pk
    assert later.campaign.round.key == "relabel-2"


@pytest.mark.django_db(transaction=True)
def test_started_by_eight_at_once_under_one_key_it_is_one_campaign_with_each_item_once(
    labelled: Project, lea: User
) -> None:
    found: list[Any] = []

    def start() -> None:
        try:
            found.append(start_campaign(actor=lea, project=labelled, scope={"annotator": "ana"}, reason="x", key="k1"))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({started.campaign.pk for started in found}) == 1
    assert len(found) == 8
    assert sum(started.is_new for started in found) == 1
    assert Task.objects.filter(round__kind="relabel").count() == 3
    assert Assignment.objects.filter(round__kind="relabel").count() == 6


def answer_everything(project: Project, users: list[User], intent: str) -> None:
    for user in users:
        member = Member.objects.get(project=project, user=user)
        while (leased := claim_next(annotator=member)) is not None:
            submit_annotation(
                annotator=member, lease_id=leased.lease.id, answer={"intent": intent}, submission_id=uuid.uuid4(),
                source="api",
            )  # fmt: skip


def test_labelled_by_people_it_closes_with_agreement_before_and_after_on_the_same_items(
    labelled: Project, lea: User, ana: User, ben: User
) -> None:
    campaign = start_campaign(actor=lea, project=labelled, scope={"ids": ["a", "b", "c"]}, reason="again").campaign
    with pytest.raises(CampaignUnfinished) as caught:
        close_campaign(actor=lea, campaign=campaign)
    answer_everything(labelled, [ana, ben], "billing")

    progress = campaign_progress(campaign)
    closed = close_campaign(actor=lea, campaign=campaign)

    assert caught.value.extra["unfinished"] == 3
    assert progress == {
        "tasks": 3, "done": 3, "open": 0, "needs_lead": 0, "labels_wanted": 6, "labels_done": 6,
    }  # fmt: skip
    assert closed.report is not None
    intent = closed.report["questions"]["intent"]
    assert intent["before"]["percent_agreement"] == pytest.approx(1 / 3)
    assert intent["after"]["percent_agreement"] == 1.0
    assert intent["flip_rate"] == {
        "n": 1, "count": 1, "share": 1.0, "interval": intent["flip_rate"]["interval"], "undecided": 2,
    }  # fmt: skip
    assert intent["flip_rate"]["interval"][1] == 1.0
    assert (closed.state, closed.report["n_items_relabeled"], closed.report["is_cut_short"]) == ("closed", 3, False)
    assert Round.objects.get(pk=closed.round_id).state == "closed"
    assert close_campaign(actor=lea, campaign=closed).closed_at == closed.closed_at


def test_cut_short_it_measures_what_is_done_and_withdraws_the_rest(
    labelled: Project, lea: User, ana: User, ben: User
) -> None:
    campaign = start_campaign(actor=lea, project=labelled, scope={"ids": ["a", "c"]}, reason="again").campaign
    for user in (ana, ben):
        member = Member.objects.get(project=labelled, user=user)
        leased = claim_next(annotator=member)
        assert leased is not None
        submit_annotation(
            annotator=member,
            lease_id=leased.lease.id,
            answer={"intent": "billing"},
            submission_id=uuid.uuid4(),
            source="api",
        )

    closed = close_campaign(actor=lea, campaign=campaign, cut_short=True)

    assert closed.report is not None
    assert (closed.report["n_items_relabeled"], closed.report["is_cut_short"]) == (1, True)
    assert not Assignment.objects.filter(round=closed.round, state="open").exists()


def test_a_hotspot_that_no_longer_splits_is_closed_and_its_finding_resolved(project: Project, lea: User) -> None:
    make_planted_project(project)
    run_job(request_analysis(actor=None, project=project, kinds=["hotspots"]).pk)
    finding = Finding.objects.get()
    campaign = start_campaign(
        actor=lea, project=project, scope={"finding": str(finding.pk)}, reason="C3 reworded"
    ).campaign
    ids = list(Item.objects.filter(tasks__round=campaign.round).values_list("external_id", flat=True))
    make_labels(project, [(i, who, "refund") for i in ids for who in PEOPLE], round_key=campaign.round.key)
    Task.objects.filter(round=campaign.round).update(state="done")

    closed = close_campaign(actor=lea, campaign=campaign)
    run_job(request_analysis(actor=None, project=project, kinds=["hotspots"]).pk)

    finding.refresh_from_db()
    assert closed.report is not None
    hotspot = closed.report["hotspot"]
    assert all(is_about_a_voucher(int(i[1:])) for i in ids)
    assert hotspot["is_closed"]
    assert hotspot["before"]["interval"][0] > hotspot["after"]["interval"][1]
    assert finding.state == "resolved"
    last = finding.events.order_by("-pk")[0]
    assert (last.actor, last.note.startswith("Closed by relabel-1: items that split fell from ")) == (lea, True)


def test_fewer_labels_than_before_close_no_hotspot(project: Project, lea: User) -> None:
    make_planted_project(project)
    run_job(request_analysis(actor=None, project=project, kinds=["hotspots"]).pk)
    finding = Finding.objects.get()
    campaign = start_campaign(actor=lea, project=project, scope={"finding": str(finding.pk)}, reason="cheap").campaign
    ids = list(Item.objects.filter(tasks__round=campaign.round).values_list("external_id", flat=True))
    make_labels(project, [(i, who, "refund") for i in ids for who in PEOPLE[:2]], round_key=campaign.round.key)
    Task.objects.filter(round=campaign.round).update(state="done")

    closed = close_campaign(actor=lea, campaign=campaign)

    finding.refresh_from_db()
    assert closed.report is not None
    assert not closed.report["hotspot"]["is_closed"]
    assert finding.state == "open"


def test_a_hotspot_that_still_splits_stays_open(project: Project, lea: User) -> None:
    make_planted_project(project)
    run_job(request_analysis(actor=None, project=project, kinds=["hotspots"]).pk)
    finding = Finding.objects.get()
    campaign = start_campaign(
        actor=lea, project=project, scope={"finding": str(finding.pk)}, reason="no change"
    ).campaign
    ids = list(Item.objects.filter(tasks__round=campaign.round).values_list("external_id", flat=True))
    sides = ("refund", "billing")
    make_labels(
        project, [(i, who, sides[k]) for i in ids for k, who in enumerate(PEOPLE[:2])], round_key=campaign.round.key
    )
    Task.objects.filter(round=campaign.round).update(state="done")

    closed = close_campaign(actor=lea, campaign=campaign)

    finding.refresh_from_db()
    assert closed.report is not None
    assert not closed.report["hotspot"]["is_closed"]
    assert finding.state == "open"


def test_nothing_is_labelled_again_in_a_closed_project(labelled: Project, lea: User) -> None:
    Project.objects.filter(pk=labelled.pk).update(status="closed")

    with pytest.raises(DomainError) as caught:
        start_campaign(actor=lea, project=labelled, scope={"ids": ["a"]}, reason="again")

    assert caught.value.code == "project_closed"
    assert not RelabelCampaign.objects.exists()


@pytest.mark.parametrize(
    "wanted", [{"reason": " "}, {"reason": "x", "labels_per_item": 0}, {"reason": "x", "labels_per_item": 51}]
)
def test_a_campaign_needs_a_reason_and_a_possible_number_of_labels(
    labelled: Project, lea: User, wanted: dict[str, Any]
) -> None:
    with pytest.raises(InvalidInput):
        start_campaign(actor=lea, project=labelled, scope={"ids": ["a"]}, **wanted)

    assert not RelabelCampaign.objects.exists()
