import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guidelines.content import GuidelineContent, parse_content
from guidelines.diffs import Segment, diff_content, diff_text, suggest_level

Raw = dict[str, Any]


def clause(key: str, body: str = "Say refund when the customer wants money back.", **more: Any) -> Raw:
    return {"key": key, "title": f"Clause {key}", "body": body, **more}


def option(key: str, **more: Any) -> Raw:
    return {"key": key, "label": key.title(), "definition": "The customer wants the money back.", **more}


def question(**more: Any) -> Raw:
    return {"key": "intent", "type": "choice", "options": [option("refund"), option("billing")], **more}


def example(**more: Any) -> Raw:
    return {"key": "E1", "kind": "positive", "text": "Money back!", "answer": {"intent": "refund"}, **more}


def content(**more: Any) -> GuidelineContent:
    base = {"clauses": [clause("C1"), clause("C2"), clause("C3")], "questions": [question()], "examples": [example()]}
    return parse_content({**base, **more})


# ---- text


def old_of(segments: tuple[Segment, ...]) -> str:
    return "".join(text for op, text in segments if op != "insert")


def new_of(segments: tuple[Segment, ...]) -> str:
    return "".join(text for op, text in segments if op != "delete")


def test_words_are_the_unit_of_a_difference() -> None:
    assert diff_text("Say refund when charged twice.", "Say billing when charged twice.") == (
        ("equal", "Say "),
        ("delete", "refund"),
        ("insert", "billing"),
        ("equal", " when charged twice."),
    )
    assert diff_text("one two", "one more two") == (("equal", "one "), ("insert", "more "), ("equal", "two"))


def test_a_replaced_phrase_reads_as_one_change() -> None:
    assert diff_text("a red old house", "a big new tower") == (
        ("equal", "a "),
        ("delete", "red old house"),
        ("insert", "big new tower"),
    )


def test_the_ends_of_a_difference() -> None:
    assert diff_text("", "") == ()
    assert diff_text("same", "same") == (("equal", "same"),)
    assert diff_text("", "new") == (("insert", "new"),)
    assert diff_text("old", "") == (("delete", "old"),)
    assert diff_text("a\nb\n", "a\r\nb\n") == (("equal", "a"), ("delete", "\n"), ("insert", "\r\n"), ("equal", "b\n"))


words = st.lists(st.sampled_from(["a", "b", "c", " ", "  ", "\n", ".", "\u00e9", "e\u0301", "\U0001f600", "\u2028"]))


@settings(max_examples=400, deadline=None)
@given(words.map("".join), words.map("".join))
def test_the_segments_give_back_both_texts(old: str, new: str) -> None:
    segments = diff_text(old, new)

    assert old_of(segments) == old
    assert new_of(segments) == new
    assert all(text for _, text in segments)
    pairs = [(before.op, after.op) for before, after in zip(segments, segments[1:], strict=False)]
    assert all(before != after and (before, after) != ("insert", "delete") for before, after in pairs)
    assert (old == new) == all(op == "equal" for op, _ in segments)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60), st.text(max_size=60))
def test_any_two_texts_can_be_compared(old: str, new: str) -> None:
    segments = diff_text(old, new)
    assert (old_of(segments), new_of(segments)) == (old, new)


def test_texts_of_100_kb_are_compared_within_two_seconds() -> None:
    line = "The customer was charged {0} and wants {0} back. Then {0} again.\n"
    old = "".join(line.format(number) for number in range(1500))
    edited = "".join(line.format(number if number % 7 else f"{number}x") for number in range(1500))
    one_line = old.replace("\n", " ")
    started = time.perf_counter()
    for before, after in (
        (old, edited),
        (one_line, edited.replace("\n", " ")),
        (old, one_line),
        ("a b " * 25_000, "b a " * 25_000),
        ("\n" * 100_000, "x" + "\n" * 99_000 + "x"),
    ):
        segments = diff_text(before, after)
        assert (old_of(segments), new_of(segments)) == (before, after)
    assert time.perf_counter() - started < 2 * 5
    assert sum(op == "delete" for op, _ in diff_text(old, edited)) > 200


# ---- clauses


def test_equal_contents_have_an_empty_difference() -> None:
    diff = diff_content(content(), content())
    assert diff.is_empty
    assert suggest_level(diff) == ("minor", "Nothing changed.")


def test_clauses_are_added_removed_and_changed() -> None:
    new = content(clauses=[clause("C1"), clause("C2", "Say refund when the client wants money back."), clause("C4")])
    changes = diff_content(content(), new).clauses

    assert [(change.key, change.kind) for change in changes] == [("C2", "changed"), ("C4", "added"), ("C3", "removed")]
    assert Segment("delete", "customer") in changes[0].body
    assert changes[0].title == (("equal", "Clause C2"),)
    assert changes[1].body == (("insert", clause("C4")["body"]),)
    assert changes[2].title == (("delete", "Clause C3"),)


def test_a_clause_that_changes_place_or_parent_is_moved() -> None:
    reordered = content(clauses=[clause("C3"), clause("C1"), clause("C2")])
    (moved,) = diff_content(content(), reordered).clauses
    assert (moved.key, moved.kind, moved.is_moved) == ("C3", "moved", True)

    nested = content(clauses=[clause("C1"), clause("C2", parent="C1"), clause("C3")])
    (under,) = diff_content(content(), nested).clauses
    assert (under.key, under.kind, under.old_parent, under.new_parent) == ("C2", "moved", None, "C1")

    both = content(clauses=[clause("C1"), clause("C2", "Other text.", parent="C1"), clause("C3")])
    (changed,) = diff_content(content(), both).clauses
    assert (changed.kind, changed.is_moved) == ("changed", True)


def test_an_added_clause_moves_no_other() -> None:
    new = content(clauses=[clause("C0"), clause("C1"), clause("C1a"), clause("C2"), clause("C3")])
    assert [change.key for change in diff_content(content(), new).clauses] == ["C0", "C1a"]


# ---- schema and examples


def option_changes(*options: Raw) -> list[tuple[str, str, str]]:
    changed = content(questions=[question(options=list(options))], examples=[])
    (change,) = diff_content(content(examples=[]), changed).questions
    assert change.kind == "changed"
    return [(entry.key, entry.kind, entry.old_key) for entry in change.options]


def test_options_are_told_apart_by_what_happened_to_them() -> None:
    refund, billing = option("refund"), option("billing")
    assert option_changes(refund, billing, option("late")) == [("late", "added", "")]
    assert option_changes(refund) == [("billing", "removed", "billing")]
    assert option_changes(refund, {**billing, "label": "Invoice"}) == [("billing", "renamed", "billing")]
    assert option_changes(refund, {**billing, "definition": "x"}) == [("billing", "changed", "billing")]
    assert option_changes(refund, {**billing, "key": "invoice"}) == [("invoice", "rekeyed", "billing")]
    assert {kind for _, kind, _ in option_changes(billing, refund)} == {"moved"}


def test_a_changed_field_shows_its_values_and_words() -> None:
    changed = content(questions=[question(required=False, options=[option("refund", hotkey="1"), option("billing")])])
    (change,) = diff_content(content(), changed).questions

    assert [(field.field, field.old, field.new) for field in change.fields] == [("required", True, False)]
    (refund,) = change.options
    assert [(field.field, field.old, field.new) for field in refund.fields] == [("hotkey", None, "1")]
    assert refund.fields[0].segments == (("insert", "1"),)


def test_questions_and_examples_are_added_removed_changed_and_moved() -> None:
    rating = {"key": "urgency", "type": "rating"}
    two, other = content(questions=[question(), rating]), content(questions=[rating, question()])

    def kinds(old: GuidelineContent, new: GuidelineContent) -> list[tuple[str, str]]:
        return [(change.key, change.kind) for change in diff_content(old, new).questions]

    assert kinds(content(), two) == [("urgency", "added")]
    assert kinds(two, content()) == [("urgency", "removed")]
    assert [kind for _, kind in kinds(two, other)] == ["moved"]

    changed = diff_content(content(), content(examples=[example(rationale="r"), example(key="E2")])).examples
    assert [(change.key, change.kind) for change in changed] == [("E1", "changed"), ("E2", "added")]
    assert [(field.field, field.new) for field in changed[0].fields] == [("rationale", "r")]
    assert [change.kind for change in diff_content(content(), content(examples=[])).examples] == ["removed"]


def test_a_type_change_of_a_question_is_a_change_of_its_fields() -> None:
    rating = content(questions=[{"key": "intent", "type": "rating"}], examples=[])
    (change,) = diff_content(content(examples=[]), rating).questions
    assert ("type", "choice", "rating") in [(field.field, field.old, field.new) for field in change.fields]
    assert [entry.kind for entry in change.options] == ["removed", "removed"]


# ---- level


LONG = "Say refund when the customer wants money back for an order that was delivered to another place."


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"questions": [], "examples": []}, "Question intent was removed."),
        ({"questions": [question(), {"key": "r", "type": "rating"}]}, "Question r was added."),
        ({"questions": [question(required=False)]}, "Question intent changed its obligation."),
        ({"questions": [question(options=[option("refund"), option("billing"), option("late")])]},
         "Option late of intent was added."),
        ({"questions": [question(options=[option("refund")])]}, "Option billing of intent was removed."),
        ({"questions": [question(options=[option("refund"), option("invoice", label="Billing")])]},
         "Option billing of intent became invoice."),
        ({"questions": [question(options=[option("refund", use_when="x"), option("billing")])]},
         "Option refund of intent changed its use when."),
        ({"clauses": [clause("C1"), clause("C2")]}, "Clause C3 was removed."),
        ({"clauses": [clause("C1"), clause("C2"), clause("C3"), clause("C4")]}, "Clause C4 was added."),
        ({"clauses": [clause("C1"), clause("C2"), clause("C3", LONG.replace("wants", "does not want"))]},
         "Clause C3 changed what it says."),
        ({"clauses": [clause("C1"), clause("C2"), clause("C3", "Something else entirely.")]},
         "Clause C3 changed what it says."),
        ({"examples": [example(answer={"intent": "billing"})]}, "Example E1 changed its answer."),
    ],
)  # fmt: skip
def test_a_change_of_meaning_is_major_with_its_reason(more: Raw, reason: str) -> None:
    assert suggest_level(diff_content(content(), content(**more))) == ("major", reason)


@pytest.mark.parametrize(
    "more",
    [
        {"clauses": [clause("C1"), clause("C2"), clause("C3", "Say refund when the customer wants money back!")]},
        {"clauses": [clause("C1"), clause("C2"), clause("C3", title="Other title")]},
        {"clauses": [clause("C2"), clause("C1"), clause("C3")]},
        {"questions": [question(title="Which intent?", help="Read C3.")]},
        {"questions": [question(options=[option("refund", label="Money back", hotkey="1"), option("billing")])]},
        {"examples": [example(), example(key="E2")]},
        {"examples": [example(rationale="because")]},
    ],
)
def test_wording_order_and_examples_are_minor(more: Raw) -> None:
    diff = diff_content(content(), content(**more))
    assert not diff.is_empty
    assert suggest_level(diff) == ("minor", "Only wording, order or examples changed.")


def test_one_ordinary_word_is_minor_and_one_number_or_turning_word_is_major() -> None:
    def level(old: str, new: str) -> str:
        before, after = content(clauses=[clause("C1", old)]), content(clauses=[clause("C1", new)])
        return suggest_level(diff_content(before, after))[0]

    assert level(LONG, LONG.replace("delivered", "deliverd")) == "minor"
    assert level(LONG, LONG + " If it was charged within 30 days.") == "major"
    assert level(LONG, LONG.replace("when", "unless")) == "major"
    assert level(LONG + " They don't.", LONG + " They do.") == "major"


def test_every_difference_has_an_empty_reverse_only_if_it_is_empty() -> None:
    variants = [
        content(),
        content(clauses=[clause("C2"), clause("C1")]),
        content(questions=[question(title="Other")]),
        content(examples=[]),
    ]
    for old in variants:
        for new in variants:
            assert diff_content(old, new).is_empty == (old is new)
            assert diff_content(new, old).is_empty == (old is new)
