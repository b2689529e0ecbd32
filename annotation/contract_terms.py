"""What a slice contract may promise, and what of it an overlap policy cannot keep. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from annotation.lanes import LaneContract, overlap_for
from annotation.overlap import MOST_LABELS, OverlapPolicy
from operations.strict_json.reading import ObjectReader, Problem, ProblemList, is_one_line_text

MOST_SLICE_KEYS, MOST_SKILLS, MOST_TARGET = 10, 50, 2**31 - 1
LONGEST_KEY, LONGEST_VALUE = 100, 200
TERMS = (
    "slice", "target_labels", "overlap_share", "shared_labels", "widest_interval", "lowest_alpha", "skills",
    "cohort_key", "least_cohorts",
)  # fmt: skip


class TermsError(ValueError):
    """Terms that are refused, with every problem by path."""

    def __init__(self, errors: Sequence[Problem]) -> None:
        super().__init__("; ".join(f"{path}: {detail}" for path, _, detail in errors))
        self.errors = tuple(errors)


@dataclass(frozen=True)
class ContractTerms:
    """Which items, and what they are promised: see SliceContract."""

    slice: dict[str, str]
    target_labels: int | None = None
    overlap_share: float | None = None
    shared_labels: int | None = None
    widest_interval: float | None = None
    lowest_alpha: float | None = None
    skills: tuple[str, ...] = field(default=())
    cohort_key: str = ""
    least_cohorts: int = 0

    def as_lane(self, number: int = 1) -> LaneContract:
        return LaneContract(
            number, self.slice, self.overlap_share, self.shared_labels, frozenset(self.skills), self.cohort_key,
            self.least_cohorts,
        )  # fmt: skip

    def moves_seats_of(self, before: "ContractTerms") -> bool:
        """True if items fall under it, or get seats or cohorts, otherwise than before."""
        return replace(self.as_lane(), skills=frozenset()) != replace(before.as_lane(), skills=frozenset())

    def as_json(self) -> dict[str, Any]:
        """What `parse_terms` reads back as the same terms."""
        return {name: list(self.skills) if name == "skills" else getattr(self, name) for name in TERMS}


def parse_terms(raw: object, *, slices: Collection[str], policy: OverlapPolicy) -> ContractTerms:
    """The terms of `{"slice": {"language": "de"}, "target_labels"?: 500, ...}`; null is as good as left out.

    Raises TermsError with every problem: of form first, then what the project's overlap cannot keep.
    """
    problems = ProblemList()
    reader = ObjectReader(raw, "", problems, allowed=TERMS)
    share, shared_labels = _read_share(reader, policy)
    cohort_key, least_cohorts = _read_cohorts(reader)
    terms = ContractTerms(
        slice=_read_slice(reader),
        target_labels=reader.integer("target_labels", least=1, most=MOST_TARGET),
        overlap_share=share, shared_labels=shared_labels,
        widest_interval=_read_number(reader, "widest_interval", over=0, up_to=2),
        lowest_alpha=_read_number(reader, "lowest_alpha", over=None, up_to=1),
        skills=reader.names("skills", longest=100, most=MOST_SKILLS),
        cohort_key=cohort_key, least_cohorts=least_cohorts,
    )  # fmt: skip
    if not problems and terms == ContractTerms(terms.slice):
        reader.report("slice", "nothing_promised", "a contract promises something besides its slice")
    found = problems.found or broken_promises(terms, slices=slices, policy=policy)
    if found:
        raise TermsError(found)
    return terms


def broken_promises(terms: ContractTerms, *, slices: Collection[str], policy: OverlapPolicy) -> list[Problem]:
    """What a project with these slices and this overlap cannot keep of the terms."""
    known = ", ".join(slices) or "none"
    broken = [
        Problem(f"slice.{key}", "unknown_slice", f"{key!r} is not a slice of the project ({known})")
        for key in terms.slice
        if key not in slices
    ]
    its_policy = overlap_for(policy, [terms.as_lane()], terms.slice)
    least, most = its_policy.least_labels, its_policy.most_labels
    if terms.least_cohorts > least:
        detail = f"some items of the slice get {least} label(s), which cannot come from {terms.least_cohorts} cohorts"
        broken.append(Problem("least_cohorts", "too_few_labels", detail))
    for name in ("widest_interval", "lowest_alpha"):
        if getattr(terms, name) is not None and most < 2:
            detail = "no item of the slice gets two labels, so there is no agreement to measure"
            broken.append(Problem(name, "nothing_is_shared", detail))
    return broken


def is_taken_by(narrow: ContractTerms, wide: ContractTerms) -> bool:
    """True if every item of `narrow` is in the slice of `wide` too."""
    return wide.slice.items() <= narrow.slice.items()


def _read_slice(reader: ObjectReader) -> dict[str, str]:
    raw = reader.values.get("slice")
    if not isinstance(raw, dict) or not 1 <= len(raw) <= MOST_SLICE_KEYS:
        reader.report("slice", "not_a_slice", f"an object of 1 to {MOST_SLICE_KEYS} slices, each with its value")
        return {}
    for key, value in raw.items():
        is_text = isinstance(value, str) and is_one_line_text(value) and 1 <= len(value) <= LONGEST_VALUE
        if not is_text or not is_one_line_text(key) or not 1 <= len(key) <= LONGEST_KEY:
            reader.report(f"slice.{key[:60]}", "not_text", f"a text of 1 to {LONGEST_VALUE} characters on one line")
    return raw


def _read_share(reader: ObjectReader, policy: OverlapPolicy) -> tuple[float | None, int | None]:
    for key, other in (("overlap_share", "shared_labels"), ("shared_labels", "overlap_share")):
        if reader.has(other) and not reader.has(key):
            reader.report(key, "required", f"{other} needs {key} beside it")
    share = _read_number(reader, "overlap_share", over=None, up_to=1, least=0)
    labels = reader.integer("shared_labels", least=2, most=MOST_LABELS)
    if labels is not None and labels <= policy.labels_per_item:
        detail = f"every item gets {policy.labels_per_item} labels already; a contract asks for more"
        reader.report("shared_labels", "out_of_range", detail)
    return share, labels


def _read_cohorts(reader: ObjectReader) -> tuple[str, int]:
    key = reader.text("cohort_key", longest=LONGEST_KEY, one_line=True)
    raw = None if reader.values.get("least_cohorts") == 0 else reader.values.get("least_cohorts")
    least = reader.integer("least_cohorts", least=2, most=MOST_LABELS) if raw is not None else None
    if key and raw is None:
        reader.report("least_cohorts", "required", "cohort_key needs least_cohorts beside it")
    if raw is not None and not key:
        reader.report("cohort_key", "required", "least_cohorts needs cohort_key beside it")
    return key, least or 0


def _read_number(
    reader: ObjectReader, key: str, *, over: float | None, up_to: float, least: float = -1
) -> float | None:  # fmt: skip
    value = reader.number(key)
    if value is None:
        return None
    if value > up_to or (value <= over if over is not None else value < least):
        bound = f"over {over:g}" if over is not None else f"at least {least:g}"
        reader.report(key, "out_of_range", f"{key} must be {bound} and at most {up_to:g}")
        return None
    return float(value)
