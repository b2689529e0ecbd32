"""The label schema: questions as typed values, and answers checked against them. Pure."""

from guidelines.label_schema.answers import validate_answer
from guidelines.label_schema.comparing import same_answer, same_value
from guidelines.label_schema.parsing import parse_questions, read_questions
from guidelines.label_schema.questions import (
    QUESTION_TYPES,
    RESERVED_HOTKEYS,
    TIE,
    AnswerError,
    BoxesQuestion,
    ChoiceQuestion,
    ChoicesQuestion,
    NumberQuestion,
    Option,
    OptionsQuestion,
    PreferenceQuestion,
    Question,
    RankingQuestion,
    RatingQuestion,
    SchemaError,
    SpanQuestion,
    TextQuestion,
    VisibleIf,
)
from guidelines.label_schema.values import ValueKey, nominal_values, value_of
from guidelines.label_schema.visibility import is_visible
from guidelines.label_schema.writing import option_to_json, question_to_json, questions_to_json
from operations.strict_json.reading import Problem

__all__ = [
    "QUESTION_TYPES",
    "RESERVED_HOTKEYS",
    "TIE",
    "AnswerError",
    "BoxesQuestion",
    "ChoiceQuestion",
    "ChoicesQuestion",
    "NumberQuestion",
    "Option",
    "OptionsQuestion",
    "PreferenceQuestion",
    "Problem",
    "Question",
    "RankingQuestion",
    "RatingQuestion",
    "SchemaError",
    "SpanQuestion",
    "TextQuestion",
    "ValueKey",
    "VisibleIf",
    "is_visible",
    "nominal_values",
    "option_to_json",
    "parse_questions",
    "question_to_json",
    "questions_to_json",
    "read_questions",
    "same_answer",
    "same_value",
    "validate_answer",
    "value_of",
]
