"""What differs between two versions of a guideline: clauses word by word, schema, examples. Pure."""

from guidelines.diffs.changes import (
    ClauseChange,
    ContentDiff,
    ExampleChange,
    FieldChange,
    OptionChange,
    PrecedentChange,
    QuestionChange,
)
from guidelines.diffs.content import diff_content
from guidelines.diffs.level import Level, suggest_level
from guidelines.diffs.text import Segment, diff_text
from guidelines.diffs.touched import Touched, touched_by

__all__ = [
    "ClauseChange",
    "ContentDiff",
    "ExampleChange",
    "FieldChange",
    "Level",
    "OptionChange",
    "PrecedentChange",
    "QuestionChange",
    "Segment",
    "Touched",
    "diff_content",
    "diff_text",
    "suggest_level",
    "touched_by",
]
