from typing import Any

import pytest

from annotation.formats.annotators import AnnotatorRow, read_annotators
from annotation.formats.csv_rows import read_csv
from annotation.formats.gold import GoldRow, read_gold
from annotation.formats.rows import Refused, lines_from_values
from guidelines.label_schema import parse_questions

QUESTIONS = parse_questions(
    [
        {"key": "intent", "type": "choice", "options": [{"key": "refund"}, {"key": "late"}]},
        {"key": "abuse", "type": "rating", "min": -3, "max": 1},
    ]
)


def annotators(text: str) -> list[AnnotatorRow | Refused]:
    return list(read_annotators(read_csv([text.encode()], max_row_chars=100_000), from_csv=True))


def annotators_json(*values: Any) -> list[AnnotatorRow | Refused]:
    return list(read_annotators(lines_from_values(values), from_csv=False))


def gold(text: str) -> list[GoldRow | Refused]:
    lines = read_csv([text.encode()], max_row_chars=10_000)
    return list(read_gold(lines, from_csv=True, questions=QUESTIONS))


def gold_json(*values: Any) -> list[GoldRow | Refused]:
    return list(read_gold(lines_from_values(values), from_csv=False, questions=QUESTIONS))


def errors(row: object) -> list[tuple[int, str, str]]:
    assert isinstance(row, Refused)
    return [(error.line, error.code, error.detail.partition(":")[0]) for error in row.errors]


def test_every_other_column_is_a_cohort_attribute() -> None:
    text = "annotator,kind,gender,age band\na001,human,Female,18-24\nbot,model,,\nc,,x,\n"
    assert annotators(text) == [
        AnnotatorRow(2, "a001", "human", {"gender": "Female", "age band": "18-24"}),
        AnnotatorRow(3, "bot", "model", {}),
        AnnotatorRow(4, "c", "human", {"gender": "x"}),
    ]


def test_json_attributes_become_text() -> None:
    (row,) = annotators_json({"annotator": "a", "age": 34, "score": 0.5, "expert": True, "lang": None, "x": " y "})
    assert row == AnnotatorRow(1, "a", "human", {"age": "34", "score": "0.5", "expert": "true", "x": "y"})


@pytest.mark.parametrize(
    ("value", "code", "field"),
    [
        (5, "not_an_object", "an object is needed here"),
        ({"kind": "human"}, "required", "annotator"),
        ({"annotator": "a\x00"}, "control_character", "annotator"),
        ({"annotator": "a", "kind": "robot"}, "unknown_kind", "kind"),
        ({"annotator": "a", "kind": 1}, "not_text", "kind"),
        ({"annotator": "a", "team": {"x": 1}}, "not_text", "team"),
        ({"annotator": "a", "team": "x" * 201}, "too_long", "team"),
        ({"annotator": "a", "x" * 65: "y"}, "bad_key", "x" * 60),
        ({"annotator": "a", "": "y"}, "bad_key", "an attribute has a plain name of 1 to 64"),
        ({"annotator": "a", **{f"k{n}": "v" for n in range(51)}}, "too_many", "51 attributes, at most 50 are allowed"),
    ],
)
def test_a_bad_annotator_is_refused_naming_the_field(value: Any, code: str, field: str) -> None:
    (row,) = annotators_json(value)
    assert errors(row) == [(1, code, field)]


def test_annotators_need_their_column() -> None:
    (row,) = annotators("name,kind\na,human\nb,human\n")
    assert errors(row) == [(1, "missing_column", "annotator")]


def test_gold_is_read_from_json_and_csv() -> None:
    assert gold_json({"external_id": "i1", "answer": {"intent": "late"}, "rationale": "see C3"}) == [
        GoldRow(1, "i1", {"intent": "late"}, "see C3")
    ]
    assert gold("external_id,intent,abuse,rationale\ni1,late,-1,why\ni2,,0,\n") == [
        GoldRow(2, "i1", {"intent": "late", "abuse": -1}, "why"),
        GoldRow(3, "i2", {"abuse": 0}, ""),
    ]
    assert gold('external_id,answer\ni1,"{""abuse"":1}"\n') == [GoldRow(2, "i1", {"abuse": 1}, "")]


@pytest.mark.parametrize(
    ("value", "code", "field"),
    [
        ({"external_id": "i1"}, "required", "answer"),
        ({"external_id": "i1", "answer": {}}, "empty_answer", "answer"),
        ({"external_id": "i1", "answer": {"abuse": 2}}, "out_of_range", "answer.abuse"),
        ({"external_id": "i1", "answer": {"abuse": 1}, "rationale": "x" * 10_001}, "too_long", "rationale"),
        ({"external_id": "i1", "answer": {"abuse": 1}, "annotator": "ana"}, "unknown_key", "annotator"),
        ({"answer": {"abuse": 1}}, "required", "external_id"),
    ],
)
def test_a_bad_gold_answer_is_refused_naming_the_field(value: Any, code: str, field: str) -> None:
    (row,) = gold_json(value)
    assert errors(row) == [(1, code, field)]


def test_a_csv_line_that_did_not_parse_is_a_refusal_in_its_place() -> None:
    first, second = gold("external_id,intent\ni1\ni2,late\n")
    assert errors(first) == [(2, "wrong_cell_count", "1 cells, the header has 2")]
    assert second == GoldRow(3, "i2", {"intent": "late"}, "")
    assert [errors(row)[0][:2] for row in annotators("annotator\na\n\x00\n")[1:]] == [(3, "nul")]
