from typing import Any

import pytest

from guidelines.parts import (
    clause_tree,
    find_part,
    keys_below,
    moved_part,
    next_clause_key,
    part_digest,
    with_part,
    without_part,
)


def clause(key: str, parent: str | None = None) -> dict[str, Any]:
    return {"key": key, "title": key, "body": "", "parent": parent}


TREE: dict[str, Any] = {
    "clauses": [clause("C1"), clause("C2", "C1"), clause("C3"), clause("C4", "C1"), clause("C5", "C2")],
    "questions": [
        {"key": "q", "type": "choice", "options": [{"key": "a", "clauses": ["C1", "C2"]}, {"key": "b"}]},
        {"key": "r", "type": "rating"},
    ],
    "examples": [
        {"key": "E1", "clause": "C2", "answer": {"q": "a", "r": 3}},
        {"key": "E2", "clause": "C3", "answer": {"r": 1}},
    ],
}


def keys(content: dict[str, Any], kind: str = "clauses") -> list[str]:
    return [part["key"] for part in content[kind]]


def test_clauses_are_read_each_with_those_below_it() -> None:
    placed = [(clause["key"], depth) for clause, depth in clause_tree(TREE["clauses"])]

    assert placed == [("C1", 0), ("C2", 1), ("C5", 2), ("C4", 1), ("C3", 0)]


@pytest.mark.parametrize(
    ("key", "below"), [("C1", {"C1", "C2", "C4", "C5"}), ("C2", {"C2", "C5"}), ("C3", {"C3"}), ("C9", {"C9"})]
)
def test_what_stands_below_a_clause(key: str, below: set[str]) -> None:
    assert keys_below(TREE["clauses"], key) == below


@pytest.mark.parametrize(
    ("key", "step", "order"),
    [
        ("C4", -1, ["C1", "C4", "C3", "C2", "C5"]),  # past C2, which stands beside it; C3 stands elsewhere
        ("C3", -1, ["C3", "C2", "C1", "C4", "C5"]),
        ("C1", -1, ["C1", "C2", "C3", "C4", "C5"]),
        ("C4", 1, ["C1", "C2", "C3", "C4", "C5"]),
        ("C9", 1, ["C1", "C2", "C3", "C4", "C5"]),
    ],
)
def test_a_clause_changes_places_with_the_one_beside_it(key: str, step: int, order: list[str]) -> None:
    assert keys(moved_part(TREE, "clause", key, step)) == order


def test_a_clause_that_goes_leaves_no_pointer_behind() -> None:
    rest = without_part(TREE, "clause", "C2")

    assert keys(rest) == ["C1", "C3", "C4", "C5"]
    assert find_part(rest, "clause", "C5") == clause("C5", "C1")
    assert rest["questions"][0]["options"] == [{"key": "a", "clauses": ["C1"]}, {"key": "b"}]
    assert rest["examples"][0] == {"key": "E1", "answer": {"q": "a", "r": 3}}
    assert rest["examples"][1] == TREE["examples"][1]


def test_a_question_that_goes_takes_the_answers_to_it_along() -> None:
    rest = without_part(TREE, "question", "q")

    assert keys(rest, "questions") == ["r"]
    assert [example["answer"] for example in rest["examples"]] == [{"r": 3}, {"r": 1}]


def test_a_part_is_put_in_its_place_or_at_the_end() -> None:
    changed, new = clause("C3") | {"title": "New"}, clause("C6")

    assert with_part(TREE, "clause", changed)["clauses"][2] == changed
    assert keys(with_part(TREE, "clause", new)) == ["C1", "C2", "C3", "C4", "C5", "C6"]
    assert keys(TREE) == ["C1", "C2", "C3", "C4", "C5"]


@pytest.mark.parametrize(
    ("used", "free"),
    [([], "C1"), (["C1", "C9", "c12"], "C13"), (["intro", "C", "C\u00b2", "C1.5", "X7"], "C1")],
)
def test_a_new_clause_takes_a_number_above_all_ever_used(used: list[str], free: str) -> None:
    assert next_clause_key(used) == free


def test_a_digest_follows_the_part_and_nothing_else() -> None:
    assert part_digest(None) == ""
    assert part_digest({"a": 1, "b": 2}) == part_digest({"b": 2, "a": 1})
    assert part_digest(clause("C1")) != part_digest(clause("C2"))
