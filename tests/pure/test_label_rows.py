import json
from datetime import UTC, datetime
from typing import Any

import pytest

from annotation.formats.csv_rows import read_csv
from annotation.formats.labels import LabelRow, read_labels
from annotation.formats.rows import Refused, lines_from_values
from guidelines.label_schema import parse_questions

QUESTIONS = parse_questions(
    [
        {"key": "intent", "type": "choice", "options": [{"key": "refund"}, {"key": "late"}]},
        {"key": "topics", "type": "choices", "options": [{"key": "a"}, {"key": "b c"}], "required": False},
        {"key": "abuse", "type": "rating", "min": -3, "max": 1, "required": False},
        {"key": "price", "type": "number", "required": False},
        {"key": "note", "type": "text", "required": False},
        {"key": "names", "type": "span", "field": "text", "options": [{"key": "PER"}], "required": False},
        {"key": "better", "type": "preference", "candidates": ["a", "b"], "strengths": 2, "required": False},
        {"key": "order", "type": "ranking", "candidates": ["a", "b"], "required": False},
        {"key": "annotator", "type": "text", "required": False},
    ]
)
LABEL = {"external_id": "i1", "annotator": "ana", "answer": {"intent": "late"}}


def from_json(*values: Any) -> list[LabelRow | Refused]:
    return list(read_labels(lines_from_values(values), from_csv=False, questions=QUESTIONS))


def from_csv(text: str) -> list[LabelRow | Refused]:
    lines = read_csv([text.encode()], max_row_chars=10_000)
    return list(read_labels(lines, from_csv=True, questions=QUESTIONS))


def errors(row: LabelRow | Refused) -> list[tuple[int, str, str]]:
    assert isinstance(row, Refused)
    assert all(error.line == row.line for error in row.errors)
    return [(error.line, error.code, error.detail.partition(":")[0]) for error in row.errors]


def test_a_label_is_read_with_its_defaults() -> None:
    full, bare = from_json(
        {
            **LABEL,
            "occurrence": 2,
            "created_at": "2026-03-01T10:30:00+01:00",
            "seconds_spent": 12.5,
            "guideline_version": "2.1",
        },
        LABEL,
    )
    moment = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
    assert full == LabelRow(1, "i1", "ana", {"intent": "late"}, 2, moment, 12.5, "2.1")
    assert bare == LabelRow(2, "i1", "ana", {"intent": "late"}, 1, None, None, None)
    assert isinstance(full, LabelRow)
    assert full.created_at is not None
    assert full.created_at.tzinfo is UTC


def test_an_answer_may_hold_some_of_the_questions_and_is_canonical() -> None:
    (row,) = from_json({**LABEL, "answer": {"better": "tie", "topics": ["b c", "a"], "abuse": -3.0}})
    assert isinstance(row, LabelRow)
    assert row.answer == {"topics": ["a", "b c"], "abuse": -3, "better": {"choice": "tie"}}
    assert list(row.answer) == ["topics", "abuse", "better"]


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"external_id": None}, "required", "external_id"),
        ({"annotator": ""}, "required", "annotator"),
        ({"annotator": "x" * 151}, "too_long", "annotator"),
        ({"annotator": "a\nb"}, "control_character", "annotator"),
        ({"answer": None}, "required", "answer"),
        ({"answer": "late"}, "not_an_object", "answer"),
        ({"answer": {}}, "empty_answer", "answer"),
        ({"answer": {"intent": None}}, "empty_answer", "answer"),
        ({"answer": {"intent": "other"}}, "unknown_option", "answer.intent"),
        ({"answer": {"nosuch": 1}}, "unknown_question", "answer.nosuch"),
        ({"answer": {"topics": ["a", "x"]}}, "unknown_option", "answer.topics[1]"),
        ({"occurrence": 0}, "out_of_range", "occurrence"),
        ({"occurrence": "2"}, "not_an_integer", "occurrence"),
        ({"occurrence": True}, "not_an_integer", "occurrence"),
        ({"created_at": "2026-03-01T10:30:00"}, "no_offset", "created_at"),
        ({"created_at": "2026-03-01"}, "no_offset", "created_at"),
        ({"created_at": "yesterday"}, "not_a_time", "created_at"),
        ({"created_at": "2026-02-30T10:00:00Z"}, "not_a_time", "created_at"),
        ({"created_at": "0001-01-01T00:00:00+14:00"}, "not_a_time", "created_at"),
        ({"created_at": 1709280000}, "not_text", "created_at"),
        ({"seconds_spent": -1}, "out_of_range", "seconds_spent"),
        ({"seconds_spent": 86_401}, "out_of_range", "seconds_spent"),
        ({"seconds_spent": "12"}, "not_a_number", "seconds_spent"),
        ({"guideline_version": 2.1}, "not_text", "guideline_version"),
        ({"guideline_version": "v2"}, "bad_version", "guideline_version"),
        ({"round": "initial"}, "unknown_key", "round"),
    ],
)
def test_a_bad_label_is_refused_naming_the_field(change: dict[str, Any], code: str, field: str) -> None:
    (row,) = from_json({**LABEL, **change})
    assert errors(row) == [(1, code, field)]


def test_limits_themselves_are_accepted() -> None:
    for change in ({"seconds_spent": 0}, {"seconds_spent": 86_400}, {"created_at": "2026-03-01T10:30:00.123456Z"}):
        (row,) = from_json({**LABEL, **change})
        assert isinstance(row, LabelRow)


def test_csv_with_an_answer_column_reads_json() -> None:
    text = 'external_id,annotator,answer,occurrence,created_at\ni1,ana,"{""intent"":""late""}",2,2026-03-01T09:30:00Z\n'
    moment = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
    assert from_csv(text) == [LabelRow(2, "i1", "ana", {"intent": "late"}, 2, moment, None, None)]


def test_csv_with_a_column_for_each_question_is_typed_by_the_question() -> None:
    names = ["external_id", "annotator", "intent", "topics", "abuse", "price", "note", "names", "better", "order"]
    spans = [{"start": 0, "end": 2, "label": "PER"}]
    cells = ["i1", "ana", "late", "b c | a", "-3", "1.50", "-3 | x", json.dumps(spans), "b", '["b","a"]']
    quoted = ['"' + cell.replace('"', '""') + '"' for cell in cells]
    (row,) = from_csv(",".join(names) + "\n" + ",".join(quoted))

    assert isinstance(row, LabelRow)
    assert row.answer == {
        "intent": "late",
        "topics": ["a", "b c"],
        "abuse": -3,
        "price": 1.5,
        "note": "-3 | x",
        "names": spans,
        "better": {"choice": "b"},
        "order": ["b", "a"],
    }


def test_empty_cells_are_questions_not_answered() -> None:
    first, second = from_csv("external_id,annotator,intent,abuse,seconds_spent\ni1,ana,,0,\ni2,ana,,,3\n")
    assert first == LabelRow(2, "i1", "ana", {"abuse": 0}, 1, None, None, None)
    assert errors(second) == [(3, "empty_answer", "answer")]


def test_a_question_named_like_a_column_is_reached_with_a_prefix() -> None:
    (row,) = from_csv("external_id,annotator,answer.annotator\ni1,ana,someone\n")
    assert isinstance(row, LabelRow)
    assert (row.annotator, row.answer) == ("ana", {"annotator": "someone"})


@pytest.mark.parametrize(
    ("header", "code", "field"),
    [
        ("annotator,intent", "missing_column", "external_id"),
        ("external_id,intent", "missing_column", "annotator"),
        ("external_id,annotator", "missing_column", "answer"),
        ("external_id,annotator,intent,source_row", "unknown_column", "source_row"),
        ("external_id,annotator,answer,intent", "duplicate_column", "answer"),
        ("external_id,annotator,intent,answer.intent", "duplicate_column", "answer.intent"),
    ],
)
def test_a_bad_csv_header_is_refused_once(header: str, code: str, field: str) -> None:
    cells = ",".join("x" for _ in header.split(","))
    (row,) = from_csv(f"{header}\n{cells}\n{cells}\n")
    assert errors(row) == [(1, code, field)]


@pytest.mark.parametrize(
    ("column", "cell", "code", "field"),
    [
        ("answer", "late", "invalid_json", "answer"),
        ("answer", '"{""intent"":""late"",""intent"":""late""}"', "duplicate_key", "answer"),
        ("answer", "[1]", "not_an_object", "answer"),
        ("answer", "", "empty_answer", "answer"),
        ("abuse", "1.5", "not_an_integer", "answer.abuse"),
        ("abuse", "one", "not_an_integer", "answer.abuse"),
        ("price", "1e999", "not_a_number", "answer.price"),
        ("price", "NaN", "not_a_number", "answer.price"),
        ("price", "9" * 400, "not_a_number", "answer.price"),
        ("topics", "a|", "unknown_option", "answer.topics[1]"),
        ("names", "0-2 PER", "trailing_data", "answer"),
        ("intent,occurrence", "late,x", "not_an_integer", "occurrence"),
        ("intent,seconds_spent", "late,x", "not_a_number", "seconds_spent"),
    ],
)
def test_a_bad_csv_cell_is_refused_naming_the_field(column: str, cell: str, code: str, field: str) -> None:
    (row,) = from_csv(f"external_id,annotator,{column}\ni1,ana,{cell}\n")
    assert errors(row) == [(2, code, field)]
