"""Labels carried from version to version: identity, composition, and every way to lose certainty."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guidelines.content import parse_content
from guidelines.label_mapping import OUTCOMES, Carried, LabelChain, VersionLabels, version_labels
from guidelines.label_proposals import lost_options, proposed_migrations, split_candidates, unmapped

Raw = dict[str, Any]


def option(key: str, label: str = "") -> Raw:
    return {"key": key, "label": label or key.title()}


def choice(*keys: str, **more: Any) -> Raw:
    return {"key": "q", "type": "choice", "title": "Q", "options": [option(key) for key in keys], **more}


def version(number: str, *questions: Raw, migrations: list[Raw] | None = None) -> VersionLabels:
    return version_labels(number, {"questions": list(questions)}, migrations or [])


def mapping(kind: str, before: list[str], after: list[str]) -> Raw:
    return {"kind": kind, "question": "q", "from": before, "to": after}


def chain(*steps: tuple[list[str], list[Raw]]) -> LabelChain:
    return LabelChain([version(f"{n}.0", choice(*keys), migrations=maps) for n, (keys, maps) in enumerate(steps, 1)])


RENAMED = chain((["a", "b"], []), (["c", "b"], [mapping("rename", ["a"], ["c"])]))
MERGED = chain((["a", "b"], []), (["c"], [mapping("merge", ["a", "b"], ["c"])]))
SPLIT = chain((["a", "b"], []), (["a1", "a2", "b"], [mapping("split", ["a"], ["a1", "a2"])]))
RETIRED = chain((["a", "b"], []), (["b"], [mapping("retire", ["a"], [])]))


@pytest.mark.parametrize(
    ("versions", "label", "carried"),
    [
        (RENAMED, "a", Carried("certain", "c")), (RENAMED, "b", Carried("same", "b")),
        (MERGED, "a", Carried("certain", "c")), (MERGED, "b", Carried("certain", "c")),
        (SPLIT, "a", Carried("ambiguous", None, ("a1", "a2"), "split", "2.0")), (SPLIT, "b", Carried("same", "b")),
        (RETIRED, "a", Carried("lost", reason="retired", at="2.0")),
        (chain((["a", "b"], []), (["b"], [])), "a", Carried("lost", reason="unmapped", at="2.0")),
        (RENAMED, "never", Carried("lost", reason="unknown_label", at="1.0")),
    ],
)  # fmt: skip
def test_each_kind_of_change_says_what_an_answer_is_now(versions: LabelChain, label: str, carried: Carried) -> None:
    assert versions.carry("1.0", "q", label) == carried


def test_a_split_that_is_merged_again_is_certain_and_one_that_lost_a_part_is_not() -> None:
    split = (["a1", "a2"], [mapping("split", ["a"], ["a1", "a2"])])
    merged = chain((["a"], []), split, (["z"], [mapping("merge", ["a1", "a2"], ["z"])]))
    partly = chain((["a"], []), split, (["a1"], [mapping("retire", ["a2"], [])]))

    assert merged.carry("1.0", "q", "a") == Carried("certain", "z")
    assert partly.carry("1.0", "q", "a") == Carried("ambiguous", None, ("a1",), "split", "2.0")


def test_two_names_swapped_and_a_key_used_again_follow_the_mapping_not_the_spelling() -> None:
    swapped = chain((["a", "b"], []), (["a", "b"], [mapping("rename", ["a"], ["b"]), mapping("rename", ["b"], ["a"])]))

    assert swapped.carry("1.0", "q", "a") == Carried("certain", "b")
    assert swapped.carry("2.0", "q", "a") == Carried("same", "a")


def test_an_answer_without_version_is_read_under_the_newest_version_that_offers_its_labels() -> None:
    assert RENAMED.carry(None, "q", "a") == Carried("certain", "c")
    assert RENAMED.carry(None, "q", "c") == Carried("same", "c")
    assert RENAMED.carry(None, "q", "x") == Carried("lost", reason="no_version")


def test_an_answer_under_a_later_version_is_not_taken_back() -> None:
    assert RENAMED.carry("3.0", "q", "c") == Carried("lost", reason="later_version", at="3.0")


RATING = {"key": "q", "type": "rating", "title": "Q", "min": 1, "max": 5}
NUMBER = {"key": "q", "type": "number", "title": "Q"}
PREFERENCE = {"key": "q", "type": "preference", "title": "Q", "candidates": ["A", "B"], "ties": True}
SPAN = {"key": "q", "type": "span", "title": "Q", "field": "text", "options": [option("a"), option("b")]}


@pytest.mark.parametrize(
    ("old", "new", "value", "outcome", "reason"),
    [
        (RATING, RATING, 4, "same", ""), (RATING, RATING | {"max": 7}, 4, "lost", "scale_changed"),
        (RATING, NUMBER, 4, "lost", "type_changed"), (NUMBER, NUMBER | {"max": 3}, 4, "lost", "out_of_range"),
        (NUMBER, NUMBER | {"min": 3}, 4, "same", ""), (NUMBER, NUMBER | {"min": 5}, 4, "lost", "out_of_range"),
        (PREFERENCE, PREFERENCE, {"choice": "tie"}, "same", ""),
        (PREFERENCE, PREFERENCE | {"ties": False}, {"choice": "tie"}, "lost", "candidates_changed"),
        (SPAN, SPAN | {"field": "title"}, [{"start": 0, "end": 1, "label": "a"}], "lost", "field_changed"),
        (RATING, RATING | {"key": "other"}, 4, "lost", "question_removed"),
    ],
)  # fmt: skip
def test_a_question_that_became_another_one_loses_its_answers(
    old: Raw, new: Raw, value: Any, outcome: str, reason: str
) -> None:
    carried = LabelChain([version("1.0", old), version("2.0", new)]).carry("1.0", "q", value)

    assert (carried.outcome, carried.reason) == (outcome, reason)


def test_a_set_is_carried_label_by_label_and_marks_keep_their_places() -> None:
    several = choice("a", "b", "c") | {"type": "choices", "min": 1, "max": 3}
    after = choice("x", "c") | {"type": "choices", "min": 1, "max": 2}
    sets = LabelChain(
        [version("1.0", several), version("2.0", after, migrations=[mapping("merge", ["a", "b"], ["x"])])]
    )
    new_span = SPAN | {"options": [option("x")]}
    marks = LabelChain(
        [version("1.0", SPAN), version("2.0", new_span, migrations=[mapping("merge", ["a", "b"], ["x"])])]
    )

    assert sets.carry("1.0", "q", ["a", "b", "c"]) == Carried("certain", ["x", "c"])
    assert sets.carry("1.0", "q", ["c"]) == Carried("same", ["c"])
    twice = [{"start": 0, "end": 2, "label": "a"}, {"start": 0, "end": 2, "label": "b"}]
    assert marks.carry("1.0", "q", twice) == Carried("certain", [{"start": 0, "end": 2, "label": "x"}])


# ---- properties

LABELS = "abcdef"


@st.composite
def steps(draw: st.DrawFn, least: int = 2) -> list[tuple[list[str], list[Raw]]]:
    """A chain of versions with mappings as publish_version would take them."""
    found: list[tuple[list[str], list[Raw]]] = [(sorted(draw(st.sets(st.sampled_from(LABELS), min_size=1))), [])]
    for _ in range(draw(st.integers(least - 1, 3))):
        old, new = found[-1][0], sorted(draw(st.sets(st.sampled_from(LABELS), min_size=1)))
        maps = []
        for label in old:
            to = sorted(draw(st.sets(st.sampled_from(new), max_size=3)))
            if draw(st.booleans()):
                maps.append(mapping({0: "retire", 1: "rename"}.get(len(to), "split"), [label], to))
        found.append((new, maps))
    return found


@given(steps(), st.sampled_from(LABELS))
@settings(max_examples=150, deadline=None)
def test_a_chain_is_its_parts_one_after_another(versions: list[tuple[list[str], list[Raw]]], label: str) -> None:
    whole = chain(*versions)
    if label not in versions[0][0]:
        return
    for cut in range(1, len(versions) + 1):
        first = LabelChain(whole.versions[:cut]).fate("1.0", "q", label).targets
        rest = LabelChain(whole.versions[cut - 1 :])
        joined: set[str | None] = set()
        for one in first:
            joined |= {None} if one is None else rest.fate(f"{cut}.0", "q", one).targets
        assert joined == whole.fate("1.0", "q", label).targets


@given(steps(least=1), st.sampled_from(LABELS))
@settings(max_examples=100, deadline=None)
def test_under_its_own_version_every_answer_is_itself(versions: list[tuple[list[str], list[Raw]]], label: str) -> None:
    last = f"{len(versions)}.0"
    expected = "same" if label in versions[-1][0] else "lost"

    assert chain(*versions).carry(last, "q", label).outcome == expected


@given(steps(), st.lists(st.sampled_from(LABELS), max_size=30))
@settings(max_examples=100, deadline=None)
def test_every_answer_has_one_outcome_and_what_is_certain_is_an_option_of_the_target(
    versions: list[tuple[list[str], list[Raw]]], labels: list[str]
) -> None:
    carried = [chain(*versions).carry("1.0", "q", label) for label in labels]

    assert sum(sum(one.outcome == outcome for one in carried) for outcome in OUTCOMES) == len(labels)
    for one in carried:
        assert (one.outcome in {"same", "certain"}) == (one.value in versions[-1][0])
        assert set(one.candidates) <= set(versions[-1][0])
        assert bool(one.reason) == (one.outcome in {"ambiguous", "lost"})


# ---- proposals


def content(*options: Raw) -> Any:
    return parse_content({"questions": [choice() | {"options": list(options)}]})


def test_the_same_label_under_a_new_key_is_a_rename_and_two_into_one_a_merge() -> None:
    old = content(option("refund", "Refund"), option("bill", "Billing error"), option("odd", "Something else"))
    new = content(option("money_back", "refund"), option("billing", "Billing errors"))
    two = content(option("billing1", "Billing one"), option("billing2", "Billing two"), option("keep"))

    lost = lost_options(old, new)

    assert [(each.option.key, each.kind, each.to) for each in lost] == [
        ("refund", "rename", ("money_back",)), ("bill", "rename", ("billing",)), ("odd", "", ()),
    ]  # fmt: skip
    assert [each.option.key for each in unmapped(lost, proposed_migrations(lost))] == ["odd"]
    merged = proposed_migrations(lost_options(two, content(option("billing", "Billing"), option("keep"))))
    assert merged == [mapping("merge", ["billing1", "billing2"], ["billing"])]


def test_options_that_stay_beside_new_ones_may_have_been_split() -> None:
    old, new = content(option("a"), option("b")), content(option("a"), option("b"), option("c"))

    assert [each.option.key for each in split_candidates(old, new)] == ["a", "b"]
    assert split_candidates(old, old) == ()
