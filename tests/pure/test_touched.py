"""Which labels a difference gives another meaning, and which it only words otherwise."""

from typing import Any

import pytest

from guidelines.content import parse_content
from guidelines.diffs import Touched, diff_content, touched_by

Raw = dict[str, Any]
LONG = "Wants the money of an order back, in cash or as a voucher, whatever the reason for it was at that time."


def text(option: Raw | None = None, question: Raw | None = None, clause: str = "Decide by what is asked for.") -> Raw:
    first = {"key": "refund", "label": "Refund", "definition": LONG, "clauses": ["C1"]} | (option or {})
    asked = {"key": "intent", "type": "choice", "title": "T", "options": [first, {"key": "other", "label": "Other"}]}
    rating = {"key": "urgency", "type": "rating", "title": "U", "min": 1, "max": 5} | (question or {})
    return {"clauses": [{"key": "C1", "title": "T", "body": clause}], "questions": [asked, rating]}


def touched(old: Raw, new: Raw) -> Touched:
    return touched_by(diff_content(parse_content(old), parse_content(new)))


@pytest.mark.parametrize(
    ("option", "fields"),
    [
        ({"definition": "Never for a voucher."}, ("definition",)), ({"use_when": "A sum is named."}, ("use_when",)),
        ({"avoid_when": "No sum is named."}, ("avoid_when",)), ({"label": "Money back"}, ("label",)),
        ({"clauses": []}, ("clauses",)), ({"key": "money", "label": "Money"}, ("removed",)),
        ({"key": "money", "definition": "Never for a voucher."}, ("definition",)),
    ],
)  # fmt: skip
def test_an_option_that_means_something_else_is_touched_under_its_old_key(option: Raw, fields: tuple[str, ...]) -> None:
    assert touched(text(), text(option)).options == {("intent", "refund"): fields}


@pytest.mark.parametrize(
    ("option", "wording"),
    [({"hotkey": "x", "color": "#ff0000"}, ()), ({"definition": LONG.replace("cash", "coins")}, ("intent/refund",)),
     ({"key": "money"}, ("intent/money",))],
)  # fmt: skip
def test_what_only_looks_or_is_worded_otherwise_is_not_touched_but_named(option: Raw, wording: tuple[str, ...]) -> None:
    found = touched(text(), text(option))

    assert (found.is_empty, found.wording) == (True, wording)


def test_questions_and_clauses() -> None:
    assert touched(text(), text(question={"max": 7})).questions == {"urgency": ("max",)}
    assert touched(text(), text(question={"title": "Urgent?"})).is_empty
    assert touched(text(), text(clause="Never decide by what is asked for.")).clauses == {"C1": "changed"}
    assert touched(text(), text()).is_empty
