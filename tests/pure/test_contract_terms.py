from typing import Any

import pytest

from annotation.contract_terms import ContractTerms, TermsError, broken_promises, is_taken_by, parse_terms
from annotation.overlap import Adaptive, OverlapPolicy

GERMAN: dict[str, Any] = {"slice": {"language": "de"}}
FULL: dict[str, Any] = {
    "slice": {"language": "de", "channel": "mail"}, "target_labels": 500, "overlap_share": 0.5, "shared_labels": 3,
    "widest_interval": 0.2, "lowest_alpha": 0.6, "skills": ["german"], "cohort_key": "site", "least_cohorts": 2,
}  # fmt: skip
SLICES = ["language", "channel"]


def problems(raw: Any, policy: OverlapPolicy | None = None) -> list[tuple[str, str]]:
    with pytest.raises(TermsError) as caught:
        parse_terms(raw, slices=SLICES, policy=policy or OverlapPolicy(2))
    return [(path, code) for path, code, _ in caught.value.errors]


def test_terms_are_read_and_written_back() -> None:
    terms = parse_terms(FULL, slices=SLICES, policy=OverlapPolicy(2))
    assert terms == ContractTerms(
        {"language": "de", "channel": "mail"}, 500, 0.5, 3, 0.2, 0.6, ("german",), "site", 2
    )  # fmt: skip
    assert terms.as_json() == FULL
    only_target = parse_terms({**GERMAN, "target_labels": 5}, slices=SLICES, policy=OverlapPolicy(1))
    assert parse_terms(only_target.as_json(), slices=SLICES, policy=OverlapPolicy(1)) == only_target


@pytest.mark.parametrize(
    ("changes", "path", "code"),
    [
        ({"slice": {}}, "slice", "not_a_slice"),
        ({"slice": ["de"]}, "slice", "not_a_slice"),
        ({"slice": None}, "slice", "not_a_slice"),
        ({"slice": {"language": 1}}, "slice.language", "not_text"),
        ({"slice": {"language": ""}}, "slice.language", "not_text"),
        ({"slice": {"language": "d\ne"}}, "slice.language", "not_text"),
        ({"slice": {"bot": "yes"}}, "slice.bot", "unknown_slice"),
        ({"target_labels": 0}, "target_labels", "out_of_range"),
        ({"target_labels": 2.5}, "target_labels", "not_an_integer"),
        ({"overlap_share": None}, "overlap_share", "required"),
        ({"shared_labels": None}, "shared_labels", "required"),
        ({"overlap_share": 1.1}, "overlap_share", "out_of_range"),
        ({"overlap_share": -0.1}, "overlap_share", "out_of_range"),
        ({"shared_labels": 51}, "shared_labels", "out_of_range"),
        ({"shared_labels": 2}, "shared_labels", "out_of_range"),  # every item gets 2 already
        ({"widest_interval": 0}, "widest_interval", "out_of_range"),
        ({"widest_interval": 2.1}, "widest_interval", "out_of_range"),
        ({"lowest_alpha": "high"}, "lowest_alpha", "not_a_number"),
        ({"lowest_alpha": -1.5}, "lowest_alpha", "out_of_range"),
        ({"skills": "german"}, "skills", "not_a_list"),
        ({"skills": ["a", "a"]}, "skills[1]", "duplicate"),
        ({"cohort_key": None}, "cohort_key", "required"),
        ({"least_cohorts": None}, "least_cohorts", "required"),
        ({"least_cohorts": 1}, "least_cohorts", "out_of_range"),
        ({"least_cohorts": 3}, "least_cohorts", "too_few_labels"),
        ({"language": "de"}, "language", "unknown_key"),
    ],
)
def test_a_bad_term_is_refused_with_path_and_rule(changes: dict[str, Any], path: str, code: str) -> None:
    assert problems(FULL | changes) == [(path, code)]


def test_a_contract_without_a_promise_and_what_is_no_object_are_refused() -> None:
    assert problems(GERMAN) == [("slice", "nothing_promised")]
    assert problems([])[0] == ("", "not_an_object")


def test_every_problem_is_told_at_once() -> None:
    assert problems({"slice": {}, "target_labels": 0, "least_cohorts": 2}) == [
        ("cohort_key", "required"), ("slice", "not_a_slice"), ("target_labels", "out_of_range"),
    ]  # fmt: skip


@pytest.mark.parametrize("term", [{"widest_interval": 0.2}, {"lowest_alpha": 0.6}])
def test_agreement_is_promised_only_where_an_item_may_get_two_labels(term: dict[str, float]) -> None:
    (name,) = term
    assert problems(GERMAN | term, OverlapPolicy(1)) == [(name, "nothing_is_shared")]
    for policy in (OverlapPolicy(2), OverlapPolicy(1, 0.1, 2), OverlapPolicy(1, adaptive=Adaptive(3, 0.9))):
        assert parse_terms(GERMAN | term, slices=SLICES, policy=policy).slice == GERMAN["slice"]
    its_own = GERMAN | term | {"overlap_share": 0.2, "shared_labels": 2}
    assert parse_terms(its_own, slices=SLICES, policy=OverlapPolicy(1)).shared_labels == 2


def test_a_cohort_mix_needs_as_many_labels_on_every_item_of_the_slice() -> None:
    mix = GERMAN | {"cohort_key": "site", "least_cohorts": 2}
    for policy in (OverlapPolicy(1), OverlapPolicy(1, 0.9, 3)):
        assert problems(mix, policy) == [("least_cohorts", "too_few_labels")]
    assert parse_terms(mix, slices=SLICES, policy=OverlapPolicy(1, 1.0, 3)).least_cohorts == 2
    all_shared = mix | {"overlap_share": 1, "shared_labels": 2}
    assert parse_terms(all_shared, slices=SLICES, policy=OverlapPolicy(1)).least_cohorts == 2


def test_a_later_policy_is_held_against_what_was_promised() -> None:
    terms = parse_terms(FULL, slices=SLICES, policy=OverlapPolicy(2))
    assert broken_promises(terms, slices=SLICES, policy=OverlapPolicy(3)) == []
    broken = broken_promises(terms, slices=["language"], policy=OverlapPolicy(1))
    assert [(path, code) for path, code, _ in broken] == [
        ("slice.channel", "unknown_slice"), ("least_cohorts", "too_few_labels"),
    ]  # fmt: skip


def test_a_slice_takes_every_item_of_a_narrower_one() -> None:
    wide, narrow = ContractTerms({"language": "de"}), ContractTerms({"language": "de", "channel": "mail"})
    assert is_taken_by(narrow, wide)
    assert is_taken_by(wide, wide)
    assert not is_taken_by(wide, narrow)
    assert not is_taken_by(wide, ContractTerms({"language": "en"}))


def test_only_slice_overlap_and_cohorts_move_seats() -> None:
    terms = parse_terms(FULL, slices=SLICES, policy=OverlapPolicy(2))
    for still in ({"target_labels": 9}, {"lowest_alpha": None}, {"skills": []}):
        changed = parse_terms(FULL | still, slices=SLICES, policy=OverlapPolicy(2))
        assert changed != terms
        assert not changed.moves_seats_of(terms)
    for moving in ({"overlap_share": 0.4}, {"slice": {"language": "de"}}, {"cohort_key": "country"}):
        assert parse_terms(FULL | moving, slices=SLICES, policy=OverlapPolicy(2)).moves_seats_of(terms)
