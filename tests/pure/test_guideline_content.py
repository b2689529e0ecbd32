import json
from typing import Any

import pytest

from guidelines.content import (
    EMPTY_CONTENT,
    Clause,
    Example,
    content_sha256,
    parse_content,
    to_json,
)
from guidelines.label_schema import SchemaError
from operations.strict_json import canonical_json

Raw = dict[str, Any]


def clause(key: str, parent: str | None = None, **more: Any) -> Raw:
    return {"key": key, "title": f"Clause {key}", "body": "Say **refund** when ...", "parent": parent, **more}


def example(**more: Any) -> Raw:
    return {"text": "I want my money", "kind": "positive", "rationale": "asks for money", **more}


def question(*clauses: str) -> Raw:
    refund = {"key": "refund", "label": "Refund", "clauses": list(clauses)}
    return {"key": "intent", "type": "choice", "options": [refund, {"key": "late", "label": "Late"}]}


def content(**more: Any) -> Raw:
    return {
        "clauses": [clause("C1"), clause("C1.1", "C1"), clause("C3")],
        "questions": [question("C3")],
        "examples": [example(answer={"intent": "refund"}, clause="C3")],
        **more,
    }


def errors(raw: object) -> list[tuple[str, str]]:
    with pytest.raises(SchemaError) as caught:
        parse_content(raw)
    assert all(detail for _, _, detail in caught.value.errors)
    return [(path, code) for path, code, _ in caught.value.errors]


def test_content_is_read_as_typed_values() -> None:
    parsed = parse_content(content())

    assert parsed.clauses[1] == Clause("C1.1", "Clause C1.1", "Say **refund** when ...", "C1")
    assert parsed.questions[0].options[0].clauses == ("C3",)
    assert parsed.examples == (
        Example("E1", "positive", "I want my money", None, {"intent": "refund"}, "asks for money", "C3"),
    )


def test_content_reads_back_with_the_same_hash() -> None:
    parsed = parse_content(content())
    stored = json.loads(json.dumps(to_json(parsed)))

    assert parse_content(stored) == parsed
    assert content_sha256(parse_content(stored)) == content_sha256(parsed)
    assert to_json(parse_content(stored)) == to_json(parsed)


def test_the_hash_ignores_key_order_and_stated_defaults_but_no_word() -> None:
    base = content_sha256(parse_content(content()))
    shuffled = json.loads(canonical_json(content()))
    shuffled["questions"][0]["required"] = True

    assert content_sha256(parse_content(shuffled)) == base
    for changed in (
        content(clauses=[clause("C1"), clause("C1.1", "C1"), clause("C3", body="other")]),
        content(clauses=[clause("C1"), clause("C1.1"), clause("C3")]),
        content(clauses=[clause("C1.1", "C1"), clause("C1"), clause("C3")]),
        content(questions=[{**question("C3"), "required": False}]),
        content(questions=[question()]),
        content(examples=[example(answer={"intent": "late"}, clause="C3")]),
        content(examples=[]),
    ):
        assert content_sha256(parse_content(changed)) != base


def test_absent_parts_are_empty() -> None:
    assert parse_content({}) == EMPTY_CONTENT
    assert parse_content({"clauses": None, "questions": None, "examples": None}) == EMPTY_CONTENT


def test_examples_without_a_key_get_a_free_one_and_keep_it() -> None:
    parsed = parse_content(content(examples=[example(), example(key="e1"), example(), example(key="E3")]))
    assert [entry.key for entry in parsed.examples] == ["E2", "e1", "E4", "E3"]
    assert parse_content(to_json(parsed)) == parsed


def test_a_payload_example_is_checked_like_an_item() -> None:
    spans = {"key": "names", "type": "span", "field": "reply", "options": [{"key": "PER"}]}
    right = {"names": [{"start": 0, "end": 3, "label": "PER"}]}
    wrong = {"names": [{"start": 0, "end": 4, "label": "PER"}]}
    shown = {"text": None, "payload": {"reply": "Ana"}}

    assert (
        parse_content({"questions": [spans], "examples": [example(**shown, answer=right)]}).examples[0].answer == right
    )
    assert errors({"questions": [spans], "examples": [example(**shown, answer=wrong)]}) == [
        ("examples[0].answer.names[0].end", "out_of_range")
    ]


@pytest.mark.parametrize(
    ("raw", "path", "code"),
    [
        ([], "", "not_an_object"),
        (content(rules=[]), "rules", "unknown_key"),
        (content(clauses={}), "clauses", "not_a_list"),
        (content(clauses=[clause("C1")] * 1001), "clauses", "too_many"),
        (content(clauses=[clause("C3"), clause("c3")]), "clauses[1].key", "duplicate"),
        (content(clauses=[clause("C3"), clause("3")]), "clauses[1].key", "bad_key"),
        (content(clauses=[clause("C3"), clause("C 4")]), "clauses[1].key", "bad_key"),
        (content(clauses=[clause("C3"), clause("C4", "C9")]), "clauses[1].parent", "unknown_clause"),
        (content(clauses=[clause("C3"), clause("C4", "C4")]), "clauses[1].parent", "cycle"),
        (content(clauses=[clause("C3", "C4"), clause("C4", "C3")]), "clauses[0].parent", "cycle"),
        (content(clauses=[clause("C3", title="")]), "clauses[0].title", "required"),
        (content(clauses=[clause("C3", title="x" * 201)]), "clauses[0].title", "too_long"),
        (content(clauses=[clause("C3", title="two\nlines")]), "clauses[0].title", "control_character"),
        (content(clauses=[clause("C3", body="x" * 100_001)]), "clauses[0].body", "too_long"),
        (content(clauses=[clause("C3", body="a\x00")]), "clauses[0].body", "control_character"),
        (content(clauses=[clause("C3", text="x")]), "clauses[0].text", "unknown_key"),
        (content(questions=[question("C9")]), "questions[0].options[0].clauses[0]", "unknown_clause"),
        (content(questions=[{"key": "x"}]), "questions[0].type", "required"),
        (content(questions="x"), "questions", "not_a_list"),
        (content(examples=[example(kind="odd")]), "examples[0].kind", "unknown_kind"),
        (content(examples=[example(kind=None)]), "examples[0].kind", "required"),
        (content(examples=[example(clause="C9")]), "examples[0].clause", "unknown_clause"),
        (content(examples=[example(text=None)]), "examples[0].text", "required"),
        (content(examples=[example(payload={"a": 1})]), "examples[0].text", "required"),
        (content(examples=[example(text=None, payload=[1])]), "examples[0].payload", "not_an_object"),
        (content(examples=[example(text=None, payload={"a": "\x00"})]), "examples[0].payload.a", "nul"),
        (content(examples=[example(text=None, payload={"a": "x" * 100_001})]), "examples[0].payload", "too_large"),
        (content(examples=[example(answer={"intent": "x"})]), "examples[0].answer.intent", "unknown_option"),
        (content(examples=[example(answer={"nosuch": 1})]), "examples[0].answer.nosuch", "unknown_question"),
        (content(examples=[example(answer=[1])]), "examples[0].answer", "not_an_object"),
        (content(examples=[example(key="E1"), example(key="E1")]), "examples[1].key", "duplicate"),
        (content(examples=[example(rationale="x" * 10_001)]), "examples[0].rationale", "too_long"),
    ],
)
def test_bad_content_is_refused_with_path_and_rule(raw: object, path: str, code: str) -> None:
    assert (path, code) in errors(raw)


def test_every_problem_is_told_at_once() -> None:
    raw = content(clauses=[clause("3"), clause("C3", title="")], examples=[example(kind="odd")])
    assert set(errors(raw)) == {
        ("clauses[0].key", "bad_key"),
        ("clauses[1].title", "required"),
        ("examples[0].kind", "unknown_kind"),
    }


def test_a_long_chain_of_parents_is_no_cycle() -> None:
    chain = [clause("C0"), *(clause(f"C{number}", f"C{number - 1}") for number in range(1, 1000))]
    assert len(parse_content({"clauses": chain}).clauses) == 1000


@pytest.mark.parametrize("asked", ["other", "nowhere"])
def test_examples_are_not_judged_by_conditions_that_lead_nowhere(asked: str) -> None:
    """Two questions that wait for each other, and one that waits for a question that is not there."""

    def question(key: str, condition: str) -> dict[str, Any]:
        options = [{"key": "a"}, {"key": "b"}]
        return {"key": key, "type": "choice", "options": options, "visible_if": {"question": condition, "in": ["a"]}}

    example = {"kind": "edge", "text": "t", "answer": {"one": "a", "other": "a"}}

    with pytest.raises(SchemaError) as refusal:
        parse_content({"questions": [question("one", asked), question("other", "one")], "examples": [example]})

    assert {problem.code for problem in refusal.value.errors} <= {"cycle", "unknown_question"}
