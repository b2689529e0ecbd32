"""What an analysis tells the queue: how right people are, and how far slices are behind their contracts."""

from typing import Any

import numpy as np
import pytest
from django.utils import timezone

from annotation.models import Item, LaneCount, Member, Project, SliceContract
from operations.services.jobs import run_job
from quality.ratings_loader import load_labels
from quality.services.accuracies import HIGHEST, accuracies_of
from quality.services.agreement_rows import agreement_rows
from quality.services.analyses import measure, request_analysis, store
from quality.services.contract_board import ContractState, Term, contract_states
from quality.stats.aggregation import dawid_skene
from tests.factories.guidelines import make_version
from tests.factories.quality import make_items, make_labels, make_planted_project


def analyse(project: Project) -> None:
    job = request_analysis(actor=None, project=project, kinds=["agreement"])
    run_job(job.pk)
    job.refresh_from_db()
    assert job.state == "succeeded", job.error


def contract(project: Project, number: int = 1, **terms: Any) -> SliceContract:
    terms.setdefault("slice", {"language": "de"})
    return SliceContract.objects.create(project=project, number=number, **terms)


def term_of(state: ContractState, name: str) -> Term:
    return next(term for term in state.terms if term.name == name)


def test_an_analysis_stores_how_likely_each_person_is_to_be_right(project: Project) -> None:
    make_planted_project(project)
    make_labels(project, [(f"i{number:04d}", "newcomer", "refund") for number in range(19)], round_key="initial")
    Member.objects.filter(name="newcomer").update(accuracy=0.5)

    analyse(project)

    known = dict(Member.objects.filter(accuracy__isnull=False).values_list("name", "accuracy"))
    assert set(known) == {"ana", "ben", "cho", "dee", "eli", "gus", "hal", "ida", "jo", "fay"}
    assert min(known, key=lambda name: known[name]) == "fay"
    assert all(0.4 < accuracy < 0.99 for accuracy in known.values())


def test_it_is_the_diagonal_of_the_confusion_weighted_by_the_classes(project: Project) -> None:
    make_planted_project(project)
    table = load_labels(project, as_of=timezone.now())

    fitted = dawid_skene(table.ratings("intent"))
    expected = [float(np.diag(confusion) @ fitted.prior) for confusion in fitted.confusion]

    assert list(accuracies_of(table).values()) == pytest.approx(
        [expected[code] for code in np.argsort(table.member_ids)]
    )


def test_nobody_is_taken_for_always_right(project: Project) -> None:
    rows = [(f"i{n}", who, ("refund", "billing")[n % 2]) for n in range(400) for who in ("ana", "ben")]
    make_labels(project, rows, round_key="initial")

    found = accuracies_of(load_labels(project, as_of=timezone.now()))

    assert set(found.values()) == {HIGHEST}


def test_the_mean_over_questions_is_over_those_with_enough_labels(project: Project) -> None:
    make_labels(project, [(f"i{n}", who, {"intent": "refund", "urgency": 1 + n % 5 if n < 19 else None})
                          for n in range(30) for who in ("ana", "ben")], round_key="initial")  # fmt: skip
    table = load_labels(project, as_of=timezone.now())
    intent = dawid_skene(table.ratings("intent"))

    found = accuracies_of(table)

    assert list(found.values()) == pytest.approx(
        [min(HIGHEST, float(np.diag(c) @ intent.prior)) for c in intent.confusion]
    )


def test_an_older_analysis_that_ends_late_steers_nothing(project: Project) -> None:
    make_planted_project(project)
    contract(project, lowest_alpha=0.99)
    early = measure(project, timezone.now(), ["agreement"], 0.05)
    analyse(project)
    Member.objects.update(accuracy=0.6)
    SliceContract.objects.update(need=0.123)

    store(early, actor=None, at=timezone.now())

    assert set(Member.objects.values_list("accuracy", flat=True)) == {0.6}
    assert SliceContract.objects.get().need == 0.123


def test_a_contract_is_held_against_overlap_and_agreement_of_its_slice(project: Project) -> None:
    make_planted_project(project)
    made = contract(project, overlap_share=0.5, shared_labels=3, widest_interval=0.01, lowest_alpha=0.9)

    analyse(project)

    made.refresh_from_db()
    rows = agreement_rows(load_labels(project, as_of=timezone.now()), "intent", "slice:language")
    german = next(row for row in rows if row["group"] == {"language": "de"})
    low, high = german["interval"]["krippendorff_alpha"]
    terms = {term["name"]: term for term in made.need_facts["terms"]}
    assert (made.need_facts["items"], made.need_facts["items_shared"]) == (180, 180)
    assert made.need_facts["questions"]["intent"]["alpha"] == pytest.approx(german["krippendorff_alpha"]["nominal"])
    assert terms["overlap_share"]["short"] == 0
    assert terms["widest_interval"]["reached"] == pytest.approx(high - low)
    assert terms["widest_interval"]["short"] == pytest.approx((high - low - 0.01) / (high - low), abs=1e-5)
    assert terms["lowest_alpha"]["reached"] == pytest.approx(low)
    assert terms["lowest_alpha"]["short"] == pytest.approx((0.9 - low) / 0.9, abs=1e-5)
    assert {term["question"] for name, term in terms.items() if name != "overlap_share"} == {"intent"}
    assert made.need == max(term["short"] for term in terms.values())
    assert made.measured_at is not None


def test_a_contract_that_is_met_needs_nothing(project: Project) -> None:
    make_planted_project(project)
    made = contract(project, overlap_share=0.5, shared_labels=3, widest_interval=0.5, lowest_alpha=0.2)

    analyse(project)

    made.refresh_from_db()
    (state,) = contract_states(project)
    assert made.need == 0
    assert all(term.is_met for term in state.terms)
    assert (state.items, state.items_shared, state.taken) == (180, 180, 0)
    assert state.interval is not None
    assert state.alpha is not None
    assert state.interval[0] < state.alpha < state.interval[1]
    assert [term.name for term in state.terms] == ["overlap_share", "lowest_alpha", "widest_interval"]
    assert term_of(state, "lowest_alpha").note == "intent"


def test_two_labels_are_no_overlap_of_three(project: Project) -> None:
    make_items(project, [f"d{n}" for n in range(4)], language="de")
    rows = [(f"d{n}", who, "refund") for n in range(4) for who in ("ana", "ben", "cho")[: 3 if n < 1 else 2]]
    make_labels(project, rows, round_key="initial")
    made = contract(project, overlap_share=0.5, shared_labels=3)

    analyse(project)

    made.refresh_from_db()
    (state,) = contract_states(project)
    assert made.need == pytest.approx(0.5)  # a quarter, where a half was promised
    assert (state.items_shared, term_of(state, "overlap_share").reached) == (4, 0.25)
    assert not term_of(state, "overlap_share").is_met


def test_overlap_is_the_share_of_items_with_labels_of_two_people(project: Project) -> None:
    make_items(project, [f"d{n}" for n in range(10)], language="de")
    rows = [(f"d{n}", who, "refund") for n in range(4) for who in ("ana", "ben")[: 2 if n < 2 else 1]]
    make_labels(project, rows, round_key="initial")
    made = contract(project, overlap_share=0.5, shared_labels=2)

    analyse(project)

    made.refresh_from_db()
    assert (made.need_facts["items"], made.need_facts["items_shared"]) == (10, 2)
    assert made.need == pytest.approx(0.6)  # a fifth, where a half was promised


@pytest.mark.parametrize(("taken", "need"), [(99, 1.0), (100, 0.0)], ids=["labels are missing", "all are given"])
def test_what_nobody_can_know_yet_asks_for_labels_only_while_some_are_missing(
    project: Project, taken: int, need: float
) -> None:
    make_labels(project, [(f"e{n}", who, "refund") for n in range(30) for who in ("ana", "ben")], round_key="initial")
    made = contract(project, slice={"language": "en"}, target_labels=100, lowest_alpha=0.7)
    LaneCount.objects.create(project=project, annotator=Member.objects.get(name="ana"), lane=1, taken=taken)

    analyse(project)

    made.refresh_from_db()
    (state,) = contract_states(project)
    alpha = term_of(state, "lowest_alpha")
    assert made.need == need
    assert made.need_facts["questions"]["intent"]["undefined"].startswith("Only one label is in use")
    assert (alpha.reached, alpha.is_met) == (None, None)
    assert alpha.note
    assert term_of(state, "target_labels") == Term("target_labels", 100, taken, taken >= 100, 30)


def test_an_item_belongs_to_the_first_contract_and_ended_ones_have_none(project: Project) -> None:
    make_planted_project(project)
    contract(project, 1, slice={"language": "de"}, is_active=False, lowest_alpha=0.5)
    first = contract(project, 2, slice={"language": "de"}, lowest_alpha=0.5)
    second = contract(project, 3, slice={}, lowest_alpha=0.5)

    analyse(project)

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.need_facts["items"], second.need_facts["items"]) == (180, 180)
    assert Item.objects.count() == 360
    assert [state.contract.number for state in contract_states(project)] == [2, 3]


def test_before_an_analysis_agreement_is_not_known(project: Project) -> None:
    contract(project, target_labels=50, lowest_alpha=0.7)
    for member, taken in zip(Member.objects.filter(project=project)[:2], (20, 5), strict=True):
        LaneCount.objects.create(project=project, annotator=member, lane=1, taken=taken)

    (state,) = contract_states(project)

    assert (state.taken, state.items, state.items_shared, state.alpha, state.interval) == (25, 0, 0, None, None)
    assert state.terms == [
        Term("target_labels", 50, 25, False, 0),
        Term("lowest_alpha", 0.7, None, None, None, "measured by the next analysis"),
    ]


def test_a_project_without_questions_to_count_says_so(project: Project) -> None:
    make_planted_project(project, 60)
    content = {"clauses": [], "examples": [], "questions": [
        {"key": "note", "type": "text", "title": "Note", "required": False, "max_length": 100, "of": "text"}
    ]}  # fmt: skip
    made = contract(project, lowest_alpha=0.7)
    make_version(project.guideline, project.created_by, content)

    analyse(project)

    made.refresh_from_db()
    (term,) = made.need_facts["terms"]
    assert (term["short"], term["reached"]) == (0, None)
    assert term["note"] == "No question of the guideline has a list of values to agree on."
