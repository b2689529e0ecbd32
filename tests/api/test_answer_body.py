"""The quick look at an answer's body lets through what the serializer would, as the serializer would give it."""

import uuid
from typing import Any

import pytest

from annotation.api.queue import AnswerInput, _plain_answer

PLAIN: dict[str, Any] = {"submission_id": str(uuid.uuid4()), "answer": {"intent": "refund"}}
ODD: list[Any] = [
    None, True, False, 0, 1, -1, 0.0, -0.5, 2**53, 1e308, "", "0", "1.5", " x ", "é\u0301", [], [[]], {}, {"": ""},
    ["C3"], [""], [1], str(uuid.uuid4()), str(uuid.uuid4()).upper(), uuid.uuid4().hex, f"{{{uuid.uuid4()}}}",
]  # fmt: skip
BODIES: list[Any] = [
    None, [], "x", {}, PLAIN, {"answer": {}}, {"submission_id": PLAIN["submission_id"]},
    PLAIN | {"seconds_spent": 3, "confidence": 0.5, "comment": "clear", "clauses": []},
    *[PLAIN | {key: value} for key in (*AnswerInput().fields, "annotator") for value in ODD],
]  # fmt: skip


@pytest.mark.parametrize("sent", BODIES, ids=range(len(BODIES)))
def test_quick_look_agrees_with_the_serializer(sent: Any) -> None:
    quick, careful = _plain_answer(sent), AnswerInput(data=sent)

    if quick is None:
        return
    assert careful.is_valid(), careful.errors
    given = dict(careful.validated_data)
    assert quick == given
    assert {name: type(value) for name, value in quick.items()} == {name: type(v) for name, v in given.items()}


def test_ordinary_bodies_pass_it() -> None:
    full = PLAIN | {"seconds_spent": 3, "confidence": 0.5, "comment": "clear", "clauses": []}

    assert _plain_answer(PLAIN) is not None
    assert _plain_answer(full) is not None
