"""Slice contracts in the queue: whose seats come first, who may have them, and that a mix of cohorts is kept."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from annotation.models import Assignment, Item, LaneCount, Lease, Member, Project, Routing, SliceContract
from annotation.services.invariants import broken_invariants
from annotation.services.queue import claim_next, expire_leases, release_lease, why_nothing
from annotation.services.refusals import LeaseExpired
from annotation.services.submission import undo_last_submission
from annotation.services.tasks import open_tasks
from tests.factories.accounts import make_user
from tests.factories.annotation import make_item, make_member
from tests.factories.work import answer, claimed, label, label_all, let_run_out, names

Who = Callable[[User], Member]
Open = Callable[..., list[Item]]


@pytest.fixture
def contract(project: Project) -> Callable[..., SliceContract]:
    def make(number: int, language: str, **terms: Any) -> SliceContract:
        return SliceContract.objects.create(project=project, number=number, slice={"language": language}, **terms)

    return make


@pytest.fixture
def opened(project: Project) -> Open:
    def make(language: str, number: int = 4, overlap: int = 1, priority: int = 0) -> list[Item]:
        items = [make_item(project, f"{language}{n}", language=language) for n in range(number)]
        Item.objects.filter(pk__in=[item.pk for item in items]).update(priority=priority)
        round_ = project.rounds.get(key="initial")
        open_tasks(round=round_, major=1, items=[(item.pk, overlap, -priority) for item in items])
        return items

    return make


def test_the_worst_served_slice_comes_first_and_they_take_turns(
    contract: Any, opened: Open, ana: User, member_of: Who
) -> None:
    contract(1, "de", target_labels=4)
    contract(2, "en", target_labels=8)
    opened("fr", 2)
    opened("de", 4)
    opened("en", 8)

    leases = label_all(member_of(ana))

    assert [name[:2] for name in names(leases)] == [
        "de", "en", "en", "de", "en", "en", "de", "en", "en", "de", "en", "en", "fr", "fr",
    ]  # fmt: skip
    assert leases[0].facts == {"slice": {"language": "de"}, "taken": 0, "target": 4, "need": 1.0}
    assert [lease.reason for lease in leases] == ["slice"] * 12 + ["queue"] * 2
    counts = dict(LaneCount.objects.values_list("lane", "taken"))
    assert counts == {0: 2, 1: 4, 2: 8}
    assert broken_invariants() == []


def test_what_is_urgent_comes_before_every_contract(contract: Any, opened: Open, ana: User, member_of: Who) -> None:
    contract(1, "de", target_labels=4)
    opened("de", 2)
    opened("fr", 1, priority=3)

    assert [label(member_of(ana)).reason for _ in range(3)] == ["priority", "slice", "slice"]


def test_only_people_with_the_skills_get_a_slice(
    contract: Any, opened: Open, ana: User, ben: User, member_of: Who
) -> None:
    contract(1, "de", target_labels=9, skills=["de"])
    opened("de", 2)
    opened("en", 1)
    Member.objects.filter(pk=member_of(ben).pk).update(skills=["de", "law"])

    assert names(label_all(member_of(ana))) == ["en0"]
    assert names(label_all(member_of(ben))) == ["de0", "de1"]


def test_urgent_items_need_the_skills_too(contract: Any, opened: Open, ana: User, member_of: Who) -> None:
    contract(1, "de", target_labels=9, skills=["de"])
    opened("de", 1, priority=9)

    assert claim_next(annotator=member_of(ana)) is None


def test_a_served_contract_falls_back_into_the_order_of_the_queue(
    contract: Any, opened: Open, ana: User, member_of: Who
) -> None:
    contract(1, "de", target_labels=1)
    opened("en", 1)
    opened("de", 3)

    assert names(label_all(member_of(ana))) == ["de0", "en0", "de1", "de2"]


@pytest.fixture
def sites(project: Project) -> dict[str, Member]:
    """Two people of Pune, one of Lisbon, one whose site is not known."""
    where = {"pia": "Pune", "raj": "Pune", "luis": "Lisbon", "noa": ""}
    return {
        name: make_member(project, make_user(name), cohorts={"site": site} if site else {})
        for name, site in where.items()
    }


def test_an_item_gets_labels_of_two_cohorts(contract: Any, opened: Open, sites: dict[str, Member]) -> None:
    contract(1, "de", target_labels=9, cohort_key="site", least_cohorts=2)
    opened("de", 1, overlap=2)

    label(sites["pia"])
    assert claim_next(annotator=sites["raj"]) is None
    assert claim_next(annotator=sites["noa"]) is None
    label(sites["luis"])

    assert list(Assignment.objects.order_by("slot").values_list("cohort", flat=True)) == ["Pune", "Lisbon"]
    assert broken_invariants() == []


def test_seats_beyond_the_mix_are_for_anybody(contract: Any, opened: Open, sites: dict[str, Member]) -> None:
    contract(1, "de", target_labels=9, cohort_key="site", least_cohorts=2)
    opened("de", 1, overlap=3)

    label(sites["pia"])
    label(sites["raj"])  # takes the third seat, which needs no cohort

    assert claim_next(annotator=sites["noa"]) is None
    label(sites["luis"])
    assert set(Assignment.objects.values_list("state", flat=True)) == {"submitted"}


def test_a_seat_kept_for_a_cohort_is_free_for_it_again_when_given_back(
    contract: Any, opened: Open, sites: dict[str, Member]
) -> None:
    contract(1, "de", target_labels=9, cohort_key="site", least_cohorts=2)
    opened("de", 1, overlap=2)
    held = claimed(sites["pia"])
    assert claim_next(annotator=sites["raj"]) is None

    release_lease(annotator=sites["pia"], lease_id=held.lease.id)

    assert label(sites["raj"]).reason == "slice"
    with pytest.raises(LeaseExpired):
        answer(sites["pia"], held)  # somebody of her cohort has come meanwhile
    assert broken_invariants() == []


def test_an_answer_that_comes_late_keeps_its_place_in_lane_and_mix(
    contract: Any, opened: Open, sites: dict[str, Member]
) -> None:
    contract(1, "de", target_labels=9, cohort_key="site", least_cohorts=2)
    opened("de", 1, overlap=2)
    held = claimed(sites["pia"])
    let_run_out(held)
    expire_leases()
    assert LaneCount.objects.get(annotator=sites["pia"]).taken == 0

    answer(sites["pia"], held)

    seat = Assignment.objects.get(state="submitted")
    assert (seat.cohort, LaneCount.objects.get(annotator=sites["pia"]).taken) == ("Pune", 1)
    again = undo_last_submission(annotator=sites["pia"])
    answer(sites["pia"], again)
    assert LaneCount.objects.get(annotator=sites["pia"]).taken == 1
    assert broken_invariants() == []


def test_nobody_labels_more_than_their_share(opened: Open, project: Project, ana: User, member_of: Who) -> None:
    Routing.objects.update_or_create(project=project, defaults={"max_share": 0.3})
    opened("de", 10)

    assert len(label_all(member_of(ana))) == 3
    assert why_nothing(member_of(ana)) == "share_cap"
    opened("en", 10)
    assert len(label_all(member_of(ana))) == 3


def test_nobody_labels_more_in_a_day_than_allowed(opened: Open, project: Project, ana: User, member_of: Who) -> None:
    Routing.objects.update_or_create(project=project, defaults={"max_per_day": 2})
    opened("de", 5)

    assert len(label_all(member_of(ana))) == 2
    assert why_nothing(member_of(ana)) == "daily_cap"
    undo_last_submission(annotator=member_of(ana))
    assert len(label_all(member_of(ana))) == 1
    assert Lease.objects.count() == 3
