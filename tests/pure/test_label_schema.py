import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guidelines.label_schema import (
    RESERVED_HOTKEYS,
    AnswerError,
    ChoiceQuestion,
    Question,
    RatingQuestion,
    SchemaError,
    VisibleIf,
    is_visible,
    nominal_values,
    parse_questions,
    questions_to_json,
    validate_answer,
    value_of,
)

Raw = dict[str, Any]


def options(*keys: str) -> list[Raw]:
    return [{"key": key, "label": key.title()} for key in keys]


def choice(key: str = "intent", **more: Any) -> Raw:
    return {"key": key, "type": "choice", "title": "Intent", "options": options("refund", "late"), **more}


EVERY_TYPE: list[Raw] = [
    choice(),
    {"key": "topics", "type": "choices", "options": options("a", "b", "c"), "min": 1, "max": 2},
    {"key": "abuse", "type": "rating", "min": -3, "max": 1, "labels": {"-3": "worst", "1": "none"}},
    {"key": "price", "type": "number", "min": 0, "max": 99.5, "unit": "EUR", "required": False},
    {"key": "rewrite", "type": "text", "max_length": 10, "of": "text", "required": False},
    {"key": "names", "type": "span", "field": "text", "options": options("PER", "ORG"), "required": False},
    {"key": "better", "type": "preference", "candidates": ["a", "b"], "strengths": 3, "required": False},
    {"key": "order", "type": "ranking", "candidates": ["a", "b", "c"], "required": False},
    {"key": "signs", "type": "boxes", "field": "image", "options": options("sign"), "required": False},
]


def schema_errors(raw: object) -> list[tuple[str, str]]:
    with pytest.raises(SchemaError) as caught:
        parse_questions(raw)
    assert all(detail for _, _, detail in caught.value.errors)
    return [(path, code) for path, code, _ in caught.value.errors]


def answer_errors(question: Raw, value: object, payload: Raw | None = None) -> list[tuple[str, str]]:
    with pytest.raises(AnswerError) as caught:
        validate_answer(parse_questions([question]), {question["key"]: value}, payload=payload)
    assert all(detail for _, _, detail in caught.value.errors)
    return [(path, code) for path, code, _ in caught.value.errors]


def canonical(question: Raw, value: object, payload: Raw | None = None) -> Any:
    answer = validate_answer(parse_questions([question]), {question["key"]: value}, payload=payload)
    assert validate_answer(parse_questions([question]), answer, payload=payload) == answer
    return answer[question["key"]]


# ---- schema


def test_a_choice_question_is_read_with_everything_it_says() -> None:
    raw = choice(
        options=[
            {
                "key": "refund",
                "label": "Refund",
                "definition": "d",
                "use_when": "u",
                "avoid_when": "a",
                "hotkey": "1",
                "color": "#FF00aa",
                "clauses": ["C3"],
            },
            {"key": "late"},
        ]
    )
    (question,) = parse_questions([raw])

    assert isinstance(question, ChoiceQuestion)
    refund, late = question.options
    assert (question.key, question.title, question.required) == ("intent", "Intent", True)
    assert (refund.definition, refund.use_when, refund.avoid_when) == ("d", "u", "a")
    assert (refund.hotkey, refund.color, refund.clauses) == ("1", "#ff00aa", ("C3",))
    assert (late.label, late.hotkey, late.clauses) == ("late", "", ())


def test_every_type_is_read_and_written_back_the_same() -> None:
    questions = parse_questions(EVERY_TYPE)

    assert [question.type for question in questions] == [raw["type"] for raw in EVERY_TYPE]
    assert parse_questions(questions_to_json(questions)) == questions
    assert questions_to_json(questions)[2]["labels"] == {"-3": "worst", "1": "none"}


def test_defaults_are_stated_by_the_parsed_question() -> None:
    rating, choices, text = parse_questions(
        [
            {"key": "r", "type": "rating"},
            {"key": "c", "type": "choices", "options": options("a", "b")},
            {"key": "t", "type": "text"},
        ]
    )
    assert (rating.min, rating.max, rating.title) == (1, 5, "r")  # type: ignore[attr-defined]
    assert (choices.min, choices.max) == (1, 2)  # type: ignore[attr-defined]
    assert text.max_length == 10_000  # type: ignore[attr-defined]


def test_rating_labels_may_be_a_list_of_all_values() -> None:
    (question,) = parse_questions([{"key": "r", "type": "rating", "min": 0, "max": 1, "labels": ["no", "yes"]}])
    assert isinstance(question, RatingQuestion)
    assert question.labels == ((0, "no"), (1, "yes"))


@pytest.mark.parametrize(
    ("raw", "path", "code"),
    [
        ({"a": 1}, "questions", "not_a_list"),
        ([1], "questions[0]", "not_an_object"),
        ([{"key": "a"}], "questions[0].type", "required"),
        ([{"key": "a", "type": "tree"}], "questions[0].type", "unknown_type"),
        ([{"key": "a", "type": ["choice"]}], "questions[0].type", "unknown_type"),
        ([choice(colour="red")], "questions[0].colour", "unknown_key"),
        ([choice(key="1a")], "questions[0].key", "bad_key"),
        ([choice(key="a b")], "questions[0].key", "bad_key"),
        ([choice(key="a" * 65)], "questions[0].key", "too_long"),
        ([{**choice(), "key": 5}], "questions[0].key", "not_text"),
        ([choice(), choice()], "questions[1].key", "duplicate"),
        ([choice(), choice("Intent")], "questions[1].key", "near_duplicate"),
        ([choice(title="x" * 501)], "questions[0].title", "too_long"),
        ([choice(title="a\x00b")], "questions[0].title", "control_character"),
        ([choice(help="x" * 10_001)], "questions[0].help", "too_long"),
        ([choice(required="yes")], "questions[0].required", "not_a_boolean"),
        ([choice(options=[])], "questions[0].options", "too_few"),
        ([choice(options=options("a") * 10_001)], "questions[0].options", "too_many"),
        ([choice(options=[{"label": "A"}])], "questions[0].options[0].key", "required"),
        ([choice(options=[{"key": "a "}])], "questions[0].options[0].key", "bad_key"),
        ([choice(options=[{"key": "a\tb"}])], "questions[0].options[0].key", "bad_key"),
        ([choice(options=[{"key": "a", "colour": "x"}])], "questions[0].options[0].colour", "unknown_key"),
        ([choice(options=[{"key": "a", "label": "x" * 201}])], "questions[0].options[0].label", "too_long"),
        ([choice(options=[{"key": "a", "color": "red"}])], "questions[0].options[0].color", "bad_color"),
        ([choice(options=[{"key": "a", "color": "#12345g"}])], "questions[0].options[0].color", "bad_color"),
        ([choice(options=[{"key": "a", "definition": "\ud800"}])], "questions[0].options[0].definition",
         "control_character"),
        ([choice(options=[{"key": "a", "clauses": ["C1", "C1"]}])], "questions[0].options[0].clauses[1]", "duplicate"),
        ([{"key": "t", "type": "choices", "options": options("a|b")}], "questions[0].options[0].key", "bad_key"),
        ([{"key": "t", "type": "choices", "options": options("a", "b"), "min": 3}], "questions[0].min", "out_of_range"),
        ([{"key": "t", "type": "choices", "options": options("a", "b"), "min": 2, "max": 1}], "questions[0].min",
         "min_over_max"),
        ([{"key": "r", "type": "rating", "min": 5, "max": 5}], "questions[0].min", "min_over_max"),
        ([{"key": "r", "type": "rating", "min": True}], "questions[0].min", "not_an_integer"),
        ([{"key": "r", "type": "rating", "min": 0, "max": 10**9}], "questions[0].max", "too_many"),
        ([{"key": "r", "type": "rating", "labels": ["a"]}], "questions[0].labels", "wrong_length"),
        ([{"key": "r", "type": "rating", "labels": {"9": "a"}}], "questions[0].labels.9", "unknown_key"),
        ([{"key": "r", "type": "rating", "labels": {"low": "a"}}], "questions[0].labels.low", "unknown_key"),
        ([{"key": "n", "type": "number", "min": 2, "max": 1}], "questions[0].min", "min_over_max"),
        ([{"key": "n", "type": "number", "min": float("inf")}], "questions[0].min", "not_a_number"),
        ([{"key": "t", "type": "text", "max_length": 0}], "questions[0].max_length", "out_of_range"),
        ([{"key": "s", "type": "span", "options": options("a")}], "questions[0].field", "required"),
        ([{"key": "p", "type": "preference", "candidates": ["a"]}], "questions[0].candidates", "too_few"),
        ([{"key": "p", "type": "preference", "candidates": ["a", "a"]}], "questions[0].candidates[1]", "duplicate"),
        ([{"key": "p", "type": "preference", "candidates": ["a", "tie"]}], "questions[0].candidates", "reserved"),
        ([{"key": "p", "type": "ranking", "candidates": "ab"}], "questions[0].candidates", "not_a_list"),
    ],
)  # fmt: skip
def test_a_bad_schema_is_refused_with_path_and_rule(raw: object, path: str, code: str) -> None:
    assert (path, code) in schema_errors(raw)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Refund", "refund"),
        ("caf\u00e9", "cafe\u0301"),
        ("STRASSE", "stra\u00dfe"),
        ("two words", "two  words"),
        ("late", "la\u200bte"),
        ("fine", "\ufb01ne"),
        ("A1", "\uff41\uff11"),
    ],
)
def test_options_that_look_alike_are_refused(first: str, second: str) -> None:
    keys = schema_errors([choice(options=[{"key": first, "label": "x"}, {"key": second, "label": "y"}])])
    labels = schema_errors([choice(options=[{"key": "x", "label": first}, {"key": "y", "label": second}])])

    assert keys == [("questions[0].options[1].key", "near_duplicate")]
    assert labels == [("questions[0].options[1].label", "near_duplicate")]


@pytest.mark.parametrize(("first", "second"), [("m2", "m²"), ("H2O", "H₂O"), ("1", "①"), ("1/2", "½")])
def test_options_that_a_reader_tells_apart_are_not(first: str, second: str) -> None:
    options = [{"key": "a", "label": first}, {"key": "b", "label": second}]
    assert [option.label for option in parse_questions([choice(options=options)])[0].options] == [first, second]


def test_the_same_option_twice_is_a_duplicate_by_name() -> None:
    assert schema_errors([choice(options=[{"key": "a"}, {"key": "a", "label": "other"}])]) == [
        ("questions[0].options[1].key", "duplicate")
    ]


def test_hotkeys_are_single_unreserved_and_distinct_inside_a_question() -> None:
    def code(*hotkeys: str) -> list[str]:
        raw = [{"key": f"k{index}", "hotkey": hotkey} for index, hotkey in enumerate(hotkeys)]
        return [code for _, code in schema_errors([choice(options=raw)])]

    for reserved in (*RESERVED_HOTKEYS, "U", "S"):
        assert code(reserved) == ["hotkey_reserved"]
    assert code("12") == ["hotkey_not_single"]
    assert code(" ") == ["hotkey_not_single"]
    assert code("\t") == ["hotkey_not_single"]
    assert code("1", "1") == ["hotkey_clash"]
    assert code("b", "B") == ["hotkey_clash"]
    two_questions = [
        choice("a", options=[{"key": "x", "hotkey": "1"}]),
        choice("b", options=[{"key": "x", "hotkey": "1"}]),
    ]
    assert len(parse_questions(two_questions)) == 2


def condition(question: str, *values: object) -> Raw:
    return {"question": question, "in": list(values)}


@pytest.mark.parametrize(
    ("raw", "path", "code"),
    [
        ([choice(visible_if=condition("nosuch", "x"))], "visible_if.question", "unknown_question"),
        ([choice(visible_if=condition("intent", "late"))], "visible_if.question", "cycle"),
        ([choice(visible_if=condition("b", "late")), choice("b", visible_if=condition("intent", "late"))],
         "visible_if.question", "cycle"),
        ([choice(visible_if=condition("b", "none")), choice("b")], "visible_if.in[0]", "unknown_option"),
        ([choice(visible_if=condition("b", 9)), {"key": "b", "type": "rating"}], "visible_if.in[0]", "unknown_option"),
        ([choice(visible_if=condition("b", "x")), {"key": "b", "type": "text"}], "visible_if.question",
         "not_choice_like"),
        ([choice(visible_if=condition("b", True)), choice("b")], "visible_if.in[0]", "not_an_option"),
        ([choice(visible_if=condition("b")), choice("b")], "visible_if.in", "too_few"),
        ([choice(visible_if="b"), choice("b")], "visible_if", "not_an_object"),
        ([choice(visible_if={"question": "b", "in": ["late"], "not": 1}), choice("b")], "visible_if.not",
         "unknown_key"),
    ],
)  # fmt: skip
def test_conditions_must_lead_to_an_existing_choice(raw: list[Raw], path: str, code: str) -> None:
    assert (f"questions[0].{path}", code) in schema_errors(raw)


def test_a_condition_behind_a_cycle_does_not_hang() -> None:
    raw = [
        choice("a", visible_if=condition("b", "late")),
        choice("b", visible_if=condition("c", "late")),
        choice("c", visible_if=condition("b", "late")),
    ]
    assert {path for path, code in schema_errors(raw) if code == "cycle"} == {
        "questions[1].visible_if.question",
        "questions[2].visible_if.question",
    }


def test_errors_stop_at_a_hundred_and_ten_thousand_options_are_quick() -> None:
    assert len(schema_errors([choice(options=[{"key": "same"}] * 1000)])) == 100
    started = time.perf_counter()
    (question,) = parse_questions([choice(options=[{"key": f"label {index}"} for index in range(10_000)])])
    assert validate_answer((question,), {"intent": "label 9999"}) == {"intent": "label 9999"}
    assert time.perf_counter() - started < 2


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)
schema_keys = st.sampled_from(
    ["key", "title", "options", "min", "max", "labels", "visible_if", "candidates", "field", "strengths", "of"]
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(EVERY_TYPE), schema_keys, json_values)
def test_any_damage_to_a_schema_is_a_named_refusal_or_a_schema(raw: Raw, key: str, value: Any) -> None:
    damaged = {**raw, key: value}
    try:
        questions = parse_questions([damaged])
    except SchemaError as refused:
        problems = refused.errors
        assert_all_named(problems)
    else:
        assert parse_questions(questions_to_json(questions)) == questions


def assert_all_named(problems: tuple[Any, ...]) -> None:
    assert problems
    assert all(path.startswith("questions") and code and detail for path, code, detail in problems)


# ---- answers


def test_an_answer_is_brought_into_schema_order() -> None:
    questions = parse_questions(EVERY_TYPE)
    answer = {
        "signs": [{"x": 0.7, "y": 0, "w": 0.3, "h": 1, "label": "sign"}],
        "order": [["c", "a"], "b"],
        "better": {"choice": "a", "strength": 2},
        "names": [{"start": 5, "end": 6, "label": "ORG"}, {"start": 0, "end": 3, "label": "PER"}],
        "rewrite": " as is ",
        "price": 12.0,
        "abuse": -3,
        "topics": ["c", "a"],
        "intent": "refund",
    }
    result = validate_answer(questions, answer, payload={"text": "Ana an X", "image": "a.png"})

    assert list(result.items()) == [
        ("intent", "refund"),
        ("topics", ["a", "c"]),
        ("abuse", -3),
        ("price", 12),
        ("rewrite", " as is "),
        ("names", [{"start": 0, "end": 3, "label": "PER"}, {"start": 5, "end": 6, "label": "ORG"}]),
        ("better", {"choice": "a", "strength": 2}),
        ("order", [["a", "c"], ["b"]]),
        ("signs", [{"x": 0.7, "y": 0, "w": 0.3, "h": 1, "label": "sign"}]),
    ]


CHOICES = {"key": "q", "type": "choices", "options": options("a", "b", "c"), "min": 1, "max": 2}
RATING = {"key": "q", "type": "rating", "min": 1, "max": 5}
NUMBER = {"key": "q", "type": "number", "min": 0, "max": 99.5}
TEXT = {"key": "q", "type": "text", "max_length": 5}
SPAN = {"key": "q", "type": "span", "field": "text", "options": options("per", "org")}
PREFERENCE = {"key": "q", "type": "preference", "candidates": ["a", "b"], "strengths": 3}
RANKING = {"key": "q", "type": "ranking", "candidates": ["a", "b", "c"]}
BOXES = {"key": "q", "type": "boxes", "field": "image", "options": options("sign")}
BOX = {"x": 0.1, "y": 0.2, "w": 0.3, "h": 0.1, "label": "sign"}


@pytest.mark.parametrize(
    ("question", "value", "path", "code"),
    [
        (choice("q"), "nosuch", "q", "unknown_option"),
        (choice("q"), 1, "q", "not_text"),
        (choice("q"), ["refund"], "q", "not_text"),
        (choice("q"), {"a": 1}, "q", "not_text"),
        (choice("q"), None, "q", "required"),
        (CHOICES, "a", "q", "not_a_list"),
        (CHOICES, ["a", "x"], "q[1]", "unknown_option"),
        (CHOICES, ["a", ["b"]], "q[1]", "not_text"),
        (CHOICES, ["a", "a"], "q", "duplicate"),
        (CHOICES, [], "q", "too_few"),
        (CHOICES, ["a", "b", "c"], "q", "too_many"),
        (CHOICES, ["a"] * 100_000, "q", "too_many"),
        (RATING, True, "q", "not_an_integer"),
        (RATING, "4", "q", "not_an_integer"),
        (RATING, 4.5, "q", "not_an_integer"),
        (RATING, 6, "q", "out_of_range"),
        (RATING, 0, "q", "out_of_range"),
        (NUMBER, True, "q", "not_a_number"),
        (NUMBER, "5", "q", "not_a_number"),
        (NUMBER, float("nan"), "q", "not_a_number"),
        (NUMBER, float("inf"), "q", "not_a_number"),
        (NUMBER, -1, "q", "out_of_range"),
        (NUMBER, 99.6, "q", "out_of_range"),
        (TEXT, 5, "q", "not_text"),
        (TEXT, "123456", "q", "too_long"),
        (TEXT, "a\x00", "q", "control_character"),
        (TEXT, "\udc00", "q", "control_character"),
        (TEXT, "", "q", "required"),
        (TEXT, " \n", "q", "required"),
        (SPAN, {"start": 0}, "q", "not_a_list"),
        (SPAN, [5], "q[0]", "not_an_object"),
        (SPAN, [{"start": 0, "end": 2}], "q[0].label", "not_text"),
        (SPAN, [{"end": 2, "label": "per"}], "q[0].start", "required"),
        (SPAN, [{"start": 0, "label": "per"}], "q[0].end", "required"),
        (SPAN, [{"start": 0, "end": 2, "label": "loc"}], "q[0].label", "unknown_option"),
        (SPAN, [{"start": -1, "end": 2, "label": "per"}], "q[0].start", "out_of_range"),
        (SPAN, [{"start": True, "end": 2, "label": "per"}], "q[0].start", "not_an_integer"),
        (SPAN, [{"start": 2, "end": 2, "label": "per"}], "q[0]", "empty_span"),
        (SPAN, [{"start": 3, "end": 2, "label": "per"}], "q[0]", "empty_span"),
        (SPAN, [{"start": 0, "end": 7, "label": "per"}], "q[0].end", "out_of_range"),
        (SPAN, [{"start": 0, "end": 2, "label": "per", "text": "ab"}], "q[0].text", "unknown_key"),
        (SPAN, [{"start": 2, "end": 4, "label": "per"}, {"start": 0, "end": 3, "label": "org"}], "q", "overlapping"),
        (SPAN, [{"start": 0, "end": 2, "label": "per"}] * 2, "q", "duplicate"),
        (SPAN, [{"start": 0, "end": 2, "label": "per"}] * 100_000, "q", "too_many"),
        (PREFERENCE, "c", "q.choice", "unknown_candidate"),
        (PREFERENCE, ["a"], "q", "not_an_object"),
        (PREFERENCE, {"choice": "a", "strength": 4}, "q.strength", "out_of_range"),
        (PREFERENCE, {"choice": "tie", "strength": 1}, "q.strength", "not_asked"),
        (PREFERENCE, {"choice": "a", "why": 1}, "q.why", "unknown_key"),
        ({**PREFERENCE, "ties": False}, "tie", "q.choice", "unknown_candidate"),
        (RANKING, ["a", "b"], "q", "required"),
        (RANKING, ["a", "b", "b"], "q[2]", "duplicate"),
        (RANKING, ["a", "b", "x"], "q[2]", "unknown_candidate"),
        (RANKING, [["a", "b"], [], "c"], "q[1]", "too_few"),
        (RANKING, "abc", "q", "not_a_list"),
        (BOXES, [{**BOX, "label": "car"}], "q[0].label", "unknown_option"),
        (BOXES, [{**BOX, "w": 0.95}], "q[0].w", "out_of_range"),
        (BOXES, [{**BOX, "h": 0}], "q[0].h", "out_of_range"),
        (BOXES, [{**BOX, "x": "0"}], "q[0].x", "not_a_number"),
        (BOXES, [{"x": 0, "y": 0, "w": 1, "label": "sign"}], "q[0].h", "required"),
        (BOXES, [{"polygon": [[0, 0], [1, 1]], "label": "sign"}], "q[0].polygon", "too_few"),
        (BOXES, [{"polygon": [[0, 0], [1, 1], [2, 0]], "label": "sign"}], "q[0].polygon[2]", "out_of_range"),
        (BOXES, [{"polygon": [[0, 0], [1, 1], "x"], "label": "sign"}], "q[0].polygon[2]", "out_of_range"),
    ],
)  # fmt: skip
def test_a_value_outside_the_schema_is_refused_with_path_and_rule(
    question: Raw, value: object, path: str, code: str
) -> None:
    assert (path, code) in answer_errors(question, value, payload={"text": "abcdef", "image": "i"})


@pytest.mark.parametrize(
    ("question", "value", "expected"),
    [
        (CHOICES, ["b", "a"], ["a", "b"]),
        ({**CHOICES, "min": 0}, [], []),
        (RATING, 4.0, 4),
        (NUMBER, 12.5, 12.5),
        (NUMBER, 99.5, 99.5),
        (TEXT, "\U0001f469\u200d\U0001f4bb", "\U0001f469\u200d\U0001f4bb"),
        (SPAN, [], []),
        (PREFERENCE, "b", {"choice": "b"}),
        (PREFERENCE, "tie", {"choice": "tie"}),
        (PREFERENCE, {"choice": "tie"}, {"choice": "tie"}),
        (RANKING, [["b"], ["a"], ["c"]], ["b", "a", "c"]),
        (RANKING, [["b"], ["c", "a"]], [["b"], ["a", "c"]]),
        (BOXES, [{"polygon": [[0, 0], [1, 0.5], [0.2, 1]], "label": "sign"}],
         [{"polygon": [[0, 0], [1, 0.5], [0.2, 1]], "label": "sign"}]),
    ],
)  # fmt: skip
def test_values_have_one_canonical_form(question: Raw, value: object, expected: object) -> None:
    assert canonical(question, value) == expected


def test_span_ends_are_code_points_not_bytes_or_utf16_units() -> None:
    payload = {"text": "\U0001f600e\u0301x"}
    span = [{"start": 0, "end": 4, "label": "per"}]

    assert canonical(SPAN, span, payload) == span
    assert answer_errors(SPAN, [{"start": 0, "end": 5, "label": "per"}], payload) == [("q[0].end", "out_of_range")]
    assert answer_errors(SPAN, span, {"other": "x"}) == [("q", "no_such_field")]
    assert answer_errors(SPAN, span, {"text": ["x"]}) == [("q", "no_such_field")]


def test_overlapping_spans_are_kept_where_the_schema_allows_them() -> None:
    spans = [{"start": 0, "end": 4, "label": "per"}, {"start": 1, "end": 2, "label": "org"}]
    assert canonical({**SPAN, "overlapping": True}, list(reversed(spans))) == spans


def test_touching_spans_do_not_overlap() -> None:
    spans = [{"start": 0, "end": 2, "label": "per"}, {"start": 2, "end": 3, "label": "org"}]
    assert canonical(SPAN, spans) == spans


def test_an_answer_that_is_no_object_or_names_no_question_is_refused() -> None:
    questions = parse_questions([choice(required=False)])
    for odd in (None, 1, "refund"):
        with pytest.raises(AnswerError) as caught:
            validate_answer(questions, odd)
        assert [(path, code) for path, code, _ in caught.value.errors] == [("", "not_an_object")]
    with pytest.raises(AnswerError) as caught:
        validate_answer(questions, {"nosuch": 1})
    assert [(path, code) for path, code, _ in caught.value.errors] == [("nosuch", "unknown_question")]


def test_required_is_enforced_unless_partial() -> None:
    questions = parse_questions([choice(), choice("b", required=False)])
    with pytest.raises(AnswerError) as caught:
        validate_answer(questions, {"intent": None})
    assert [(path, code) for path, code, _ in caught.value.errors] == [("intent", "required")]
    assert validate_answer(questions, {"b": "late"}, partial=True) == {"b": "late"}
    assert validate_answer(questions, {"intent": None}, partial=True) == {}


CONDITIONAL = [
    choice("abusive"),
    choice("target", visible_if=condition("abusive", "refund")),
    choice("how", visible_if=condition("target", "late"), required=False),
]


def test_a_hidden_question_must_stay_unanswered() -> None:
    questions = parse_questions(CONDITIONAL)

    def codes(answer: Raw) -> list[tuple[str, str]]:
        with pytest.raises(AnswerError) as caught:
            validate_answer(questions, answer)
        return [(path, code) for path, code, _ in caught.value.errors]

    assert validate_answer(questions, {"abusive": "late"}) == {"abusive": "late"}
    assert codes({"abusive": "refund"}) == [("target", "required")]
    assert codes({"abusive": "late", "target": "late"}) == [("target", "not_asked")]
    assert codes({"abusive": "late", "how": "late"}) == [("how", "not_asked")]
    assert validate_answer(questions, {"abusive": "refund", "target": "late", "how": "refund"})
    assert not is_visible(questions[2], questions, {"abusive": "late", "target": "late"})
    assert is_visible(questions[1], questions, {"abusive": "refund"})


def test_a_partial_answer_may_leave_out_the_question_a_condition_asks_for() -> None:
    questions = parse_questions(CONDITIONAL)
    assert validate_answer(questions, {"target": "late"}, partial=True) == {"target": "late"}
    with pytest.raises(AnswerError):
        validate_answer(questions, {"abusive": "late", "target": "late"}, partial=True)


def test_conditions_hold_for_choices_and_ratings() -> None:
    questions = parse_questions(
        [
            {**CHOICES, "key": "c"},
            {**RATING, "key": "r"},
            choice("a", visible_if=condition("c", "b"), required=False),
            choice("b", visible_if=condition("r", 4, 5), required=False),
        ]
    )
    assert questions[2].visible_if == VisibleIf("c", ("b",))
    assert validate_answer(questions, {"c": ["a", "b"], "r": 5, "a": "late", "b": "late"})
    with pytest.raises(AnswerError):
        validate_answer(questions, {"c": ["a"], "r": 5, "a": "late"})
    with pytest.raises(AnswerError):
        validate_answer(questions, {"c": ["a"], "r": 3, "b": "late"})


@settings(max_examples=400, deadline=None)
@given(st.sampled_from([raw["key"] for raw in EVERY_TYPE]), json_values)
def test_any_value_is_a_canonical_answer_or_a_named_refusal(key: str, value: Any) -> None:
    questions = parse_questions(EVERY_TYPE)
    payload = {"text": "abc", "image": "i"}
    try:
        answer = validate_answer(questions, {key: value}, partial=True, payload=payload)
    except AnswerError as refused:
        problems = refused.errors
        assert_codes_name_the_key(problems, key)
    else:
        assert validate_answer(questions, answer, partial=True, payload=payload) == answer


def assert_codes_name_the_key(problems: tuple[Any, ...], key: str) -> None:
    assert problems
    assert all(path.startswith(key) and code and detail for path, code, detail in problems)


# ---- values for agreement


def by_key(key: str) -> Question:
    return next(question for question in parse_questions(EVERY_TYPE) if question.key == key)


def test_nominal_values_are_listed_in_schema_order() -> None:
    assert nominal_values(by_key("intent")) == ("refund", "late")
    assert nominal_values(by_key("abuse")) == (-3, -2, -1, 0, 1)
    assert nominal_values(by_key("better")) == ("a", "b", "tie")
    for open_domain in ("topics", "price", "rewrite", "names", "order", "signs"):
        assert nominal_values(by_key(open_domain)) == ()


def test_value_of_is_hashable_and_the_same_for_equal_answers() -> None:
    assert value_of(by_key("intent"), {"intent": "late"}) == "late"
    assert value_of(by_key("topics"), {"topics": ["a", "c"]}) == ("a", "c")
    assert value_of(by_key("abuse"), {"abuse": 0}) == 0
    assert value_of(by_key("price"), {"price": 12.5}) == 12.5
    assert value_of(by_key("better"), {"better": {"choice": "a", "strength": 3}}) == "a"
    assert value_of(by_key("better"), {"better": {"choice": "tie"}}) == "tie"
    assert value_of(by_key("intent"), {"topics": ["a"]}) is None
    assert value_of(by_key("names"), {"names": []}) is None
