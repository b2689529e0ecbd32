"""The questions of a label schema as typed values."""

from dataclasses import dataclass
from functools import cached_property

from operations.strict_json.reading import Problem

# Keys of the workbench itself (SCREENS: submit, help, undo, skip, cite, unclear, search, pause, leave).
RESERVED_HOTKEYS = frozenset({"Enter", "?", "u", "s", "c", "f", "/", "p", "Escape"})
QUESTION_TYPES = (
    "choice", "choices", "rating", "number", "text", "span", "preference", "ranking", "boxes",
)  # fmt: skip
TIE = "tie"


class SchemaError(ValueError):
    """A label schema or guideline content that is refused, with every problem by path."""

    def __init__(self, errors: list[Problem] | tuple[Problem, ...]) -> None:
        super().__init__("; ".join(f"{path}: {detail}" for path, _, detail in errors[:5]))
        self.errors = tuple(errors)


class AnswerError(ValueError):
    """An answer that the label schema refuses, with every problem by path inside the answer."""

    def __init__(self, errors: list[Problem] | tuple[Problem, ...]) -> None:
        super().__init__("; ".join(f"{path}: {detail}" for path, _, detail in errors[:5]))
        self.errors = tuple(errors)


@dataclass(frozen=True)
class Option:
    key: str
    label: str
    definition: str = ""
    use_when: str = ""
    avoid_when: str = ""
    hotkey: str = ""
    color: str = ""
    clauses: tuple[str, ...] = ()


@dataclass(frozen=True)
class VisibleIf:
    """The question is asked only where the answer to `question` is (or contains) one of `values`."""

    question: str
    values: tuple[str | int, ...]


@dataclass(frozen=True)
class Question:
    key: str
    type: str
    title: str
    help: str
    required: bool
    visible_if: VisibleIf | None

    @property
    def options(self) -> tuple[Option, ...]:
        """The options to pick from; a type without options has none."""
        return ()


@dataclass(frozen=True)
class OptionsQuestion(Question):
    option_list: tuple[Option, ...]

    @property
    def options(self) -> tuple[Option, ...]:
        return self.option_list

    @cached_property
    def option_order(self) -> dict[str, int]:
        """Position of each option key."""
        return {option.key: position for position, option in enumerate(self.option_list)}


@dataclass(frozen=True)
class ChoiceQuestion(OptionsQuestion):
    pass


@dataclass(frozen=True)
class ChoicesQuestion(OptionsQuestion):
    min: int
    max: int


@dataclass(frozen=True)
class RatingQuestion(Question):
    min: int
    max: int
    labels: tuple[tuple[int, str], ...]

    @property
    def values(self) -> range:
        return range(self.min, self.max + 1)


@dataclass(frozen=True)
class NumberQuestion(Question):
    min: float | int | None
    max: float | int | None
    unit: str


@dataclass(frozen=True)
class TextQuestion(Question):
    max_length: int
    of: str


@dataclass(frozen=True)
class SpanQuestion(OptionsQuestion):
    field: str
    overlapping: bool


@dataclass(frozen=True)
class PreferenceQuestion(Question):
    candidates: tuple[str, ...]
    ties: bool
    strengths: int | None


@dataclass(frozen=True)
class RankingQuestion(Question):
    candidates: tuple[str, ...]


@dataclass(frozen=True)
class BoxesQuestion(OptionsQuestion):
    field: str
