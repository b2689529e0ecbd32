"""Labels of all versions in the words of the newest, so that they can be compared with one another."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np

from annotation.models import Project
from guidelines.label_mapping import LabelChain
from guidelines.label_schema import PreferenceQuestion
from operations.strict_json import canonical_json
from quality.ratings_loader import CodedQuestion, LabelTable, load_labels
from quality.services.label_chains import chain_to_version
from quality.stats.ratings import IntArray


@dataclass(frozen=True)
class Across:
    """How many answers to the question were said in other words, and how many are left out for want of certainty."""

    labels_as_of: str
    mapped: int
    left_out: int

    @property
    def note(self) -> str:
        return (
            f"Labels of all versions, as {self.labels_as_of} calls them: {self.mapped} mapped with certainty, "
            f"{self.left_out} left out (split, retired, or not mapped)."
        )


def load_across(project: Project, key: str, *, as_of: datetime, scope: str) -> tuple[LabelTable, Across]:
    """The labels of one question over all major versions of each item's round, in the values of the newest version.

    The newest answer of a person counts. What is ambiguous or lost is not answered here, and counted.
    """
    table = load_labels(project, as_of=as_of, scope=scope, across_majors=True)
    newest = table.versions[-1]
    chain = chain_to_version(project.guideline, newest, published_by=as_of)
    question, codes = _carried(table, table.question(key), chain)
    before = table.codes[key]
    was = before >= 0
    # A value may keep its name and change its place among the values, so names are compared, not codes.
    old_names, new_names = np.array([*table.question(key).keys, ""]), np.array([*question.keys, ""])
    mapped = int((was & (codes >= 0) & (old_names[before] != new_names[codes])).sum())
    said = Across(newest, mapped, int((was & (codes < 0)).sum()))
    questions = tuple(question if each.key == key else each for each in table.questions)
    return replace(table, questions=questions, codes=table.codes | {key: codes}), said


def _carried(table: LabelTable, question: CodedQuestion, chain: LabelChain) -> tuple[CodedQuestion, IntArray]:
    """The question with the values that labels have now, and the code of each row; -1 where nothing is certain."""
    places = {canonical_json(value): code for code, value in enumerate(question.values)}
    values = list(question.values)
    codes = np.full(table.n_labels, -1, dtype=np.int32)
    for version in np.unique(table.version):
        number = table.versions[version] if version >= 0 else None
        target = np.full(len(question.values) + 1, -1, dtype=np.int32)  # the last: not answered
        for code, value in enumerate(question.values):
            carried = chain.carry(number, question.key, _as_answer(question, value))
            if carried.outcome in {"same", "certain"}:
                now = carried.value["choice"] if isinstance(carried.value, dict) else carried.value
                target[code] = places.setdefault(canonical_json(now), len(values))
                values += [now] if target[code] == len(values) else []
        rows = table.version == version
        codes[rows] = target[table.codes[question.key][rows]]
    return _with_values(question, values), codes


def _as_answer(question: CodedQuestion, value: Any) -> Any:
    return {"choice": value} if isinstance(question.question, PreferenceQuestion) else value


def _with_values(question: CodedQuestion, values: list[Any]) -> CodedQuestion:
    """With sets behind the known ones that only a mapping makes."""
    new = values[len(question.values) :]
    if not new:
        return question
    stored = tuple(canonical_json(value).decode() for value in new)
    keys = tuple("|".join(value) if isinstance(value, list) else str(value) for value in new)
    return replace(
        question, stored=(*question.stored, *stored), keys=(*question.keys, *keys), values=(*question.values, *new)
    )
