"""Precedents in the content of a guideline: read, hashed, compared, taken out; questions that are worded alike."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guidelines.content import GuidelineContent, content_sha256, parse_content, to_json
from guidelines.diffs import diff_content, suggest_level
from guidelines.label_schema import SchemaError
from guidelines.parts import moved_part, next_precedent_key, with_part, without_part
from guidelines.similarity import likeness, most_alike
from tests.factories.guidelines import INTENT


def precedent(key: str = "P1", clause: str = "C3", ruling: str = "It is a billing error.") -> dict[str, Any]:
    return {"key": key, "clause": clause, "question": "Is a wrong fee a refund?", "ruling": ruling}


def content(*precedents: dict[str, Any]) -> GuidelineContent:
    return parse_content(INTENT | {"precedents": list(precedents)})


def test_content_without_precedents_has_the_hash_it_always_had() -> None:
    pinned = "6f23b9f27bdd9b5fbaa99c0631bbbb357cc1b0a69dfdd866132e76e3f3cdac32"

    assert content_sha256(parse_content(INTENT)) == pinned
    assert content_sha256(content()) == pinned
    assert "precedents" not in to_json(content())


def test_precedents_are_read_back_as_they_were_written() -> None:
    both = content(precedent(), precedent("P2", "C1"))

    assert parse_content(to_json(both)) == both
    assert content_sha256(both) != content_sha256(content(precedent()))


@pytest.mark.parametrize(
    ("wrong", "path", "code"),
    [
        ({"key": "X1"}, "precedents[0].key", "bad_key"), ({"key": "P0"}, "precedents[0].key", "bad_key"),
        ({"key": "p1"}, "precedents[0].key", "bad_key"), ({"key": "P\u0661"}, "precedents[0].key", "bad_key"),
        ({"key": None}, "precedents[0].key", "required"), ({"clause": "C9"}, "precedents[0].clause", "unknown_clause"),
        ({"clause": ""}, "precedents[0].clause", "required"), ({"ruling": " "}, "precedents[0].ruling", "required"),
        ({"ruling": "x" * 10_001}, "precedents[0].ruling", "too_long"),
        ({"question": "x" * 2_001}, "precedents[0].question", "too_long"),
        ({"question": 7}, "precedents[0].question", "not_text"), ({"more": 1}, "precedents[0].more", "unknown_key"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_precedent_is_said_where(wrong: dict[str, Any], path: str, code: str) -> None:
    with pytest.raises(SchemaError) as refused:
        content(precedent() | wrong)

    assert [(problem.path, problem.code) for problem in refused.value.errors] == [(path, code)]


def test_two_precedents_have_two_numbers() -> None:
    with pytest.raises(SchemaError, match="P1"):
        content(precedent(), precedent())


def test_there_are_at_most_two_thousand() -> None:
    with pytest.raises(SchemaError):
        content(*(precedent(f"P{number}") for number in range(1, 2_002)))


# --- differences -------------------------------------------------------------------------------------------------


def test_a_new_precedent_alone_is_minor() -> None:
    diff = diff_content(content(), content(precedent()))

    (change,) = diff.precedents
    assert (change.key, change.kind, change.clause) == ("P1", "added", "C3")
    assert [field.field for field in change.fields] == ["clause", "question", "ruling"]
    assert suggest_level(diff)[0] == "minor"
    assert not diff.is_empty


def test_a_precedent_that_rules_otherwise_is_major_and_a_typing_error_is_not() -> None:
    said = "A wrong fee that the customer names is a billing error in this guideline."
    before = content(precedent(ruling=said))

    turned = diff_content(before, content(precedent(ruling=said.replace("is a", "is not a"))))
    mended = diff_content(before, content(precedent(ruling=said.replace("guideline", "guidline"))))

    assert suggest_level(turned) == ("major", "Precedent P1 rules otherwise than before.")
    assert suggest_level(mended)[0] == "minor"
    assert [(change.kind, change.fields[0].field) for change in mended.precedents] == [("changed", "ruling")]


def test_a_removed_precedent_is_a_difference() -> None:
    (change,) = diff_content(content(precedent()), content()).precedents

    assert (change.key, change.kind, change.clause) == ("P1", "removed", "C3")


RULED = st.lists(st.integers(1, 6), unique=True, max_size=6)


@given(RULED, RULED)
def test_the_difference_of_precedents_is_exact(old: list[int], new: list[int]) -> None:
    diff = diff_content(
        content(*(precedent(f"P{n}") for n in old)), content(*(precedent(f"P{n}") for n in new))
    )  # fmt: skip

    kinds = {change.key: change.kind for change in diff.precedents}
    assert kinds == {f"P{n}": "added" for n in set(new) - set(old)} | {f"P{n}": "removed" for n in set(old) - set(new)}
    assert diff.is_empty == (set(old) == set(new))


# --- parts -------------------------------------------------------------------------------------------------------


def test_precedents_are_parts_that_go_with_their_clause() -> None:
    both = to_json(content(precedent(), precedent("P2", "C1")))

    assert [each["key"] for each in moved_part(both, "precedent", "P1", 1)["precedents"]] == ["P2", "P1"]
    assert [each["key"] for each in without_part(both, "clause", "C3")["precedents"]] == ["P2"]
    assert with_part(INTENT, "precedent", precedent())["precedents"] == [precedent()]
    assert "precedents" not in without_part(INTENT, "clause", "C3")


def test_numbers_go_on_above_every_one_ever_used() -> None:
    assert next_precedent_key([]) == "P1"
    assert next_precedent_key(["P2", "P7", "C9", "P", "Px"]) == "P8"


# --- words -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "is_alike"),
    [
        ("Is a wrong fee a refund?", "A wrong fee, is it a refund?", True),
        ("Is a wrong fee a refund?", "wrong fees: refund or not", True),
        ("Is a wrong fee a refund?", "What about messages in French?", False),
        ("费用错误算退款吗?", "费用错误算不算退款?", True), ("费用错误算退款吗?", "法语信息怎么办?", False),
        ("费用错误算退款吗?", "费用错误算退款吗", True),
        ("", "", False), ("???", "!!!", False),
    ],
)  # fmt: skip
def test_alike_is_what_shares_words(one: str, other: str, is_alike: bool) -> None:
    assert (most_alike(one, [(1, other)]) == 1) is is_alike


def test_the_most_alike_wins_and_of_equals_the_first() -> None:
    others = [(1, "Is a fee a refund?"), (2, "Is a wrong fee a refund?"), (3, "Is a wrong fee a refund?")]

    assert most_alike("Is a wrong fee a refund?", others) == 2
    assert most_alike("anything", []) is None


@given(st.text(max_size=40), st.text(max_size=40))
def test_likeness_is_symmetric_and_whole_for_the_same_words(one: str, other: str) -> None:
    assert likeness(one, other) == likeness(other, one)
    assert likeness(one, one) in (0.0, 1.0)
    assert 0 <= likeness(one, other) <= 1
