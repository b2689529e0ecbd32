"""Why labels may be invalid under a draft: each reason with the labels it is about."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
from django.db.models import Q

from annotation.models import DeskNote, Project, TaskQuestion
from annotation.selectors.labels import counting_labels
from guidelines.content import GuidelineContent
from guidelines.diffs import Touched
from guidelines.label_schema import BoxesQuestion, ChoiceQuestion, Question, SpanQuestion
from guidelines.models import Clarification
from quality.ratings_loader import CodedQuestion, LabelTable
from quality.stats.neighbours import Neighbour, confusion_neighbours

Mask = npt.NDArray[np.bool_]
KINDS = ("option", "question", "cited", "asked", "neighbour")


@dataclass(frozen=True, eq=False)
class Reason:
    """Labels (`rows` of the table) that may be invalid for one reason.

    option: labels of an option that changed (`what`: its fields, `clause C3` for a clause of it); question: answers to
    a question that asks for something else; cited: answers that name a changed clause; asked: labels of items about
    which somebody asked the lead, naming it; neighbour: labels that people use against a changed option (`beside`:
    those, with how often).
    """

    key: str
    kind: str
    rows: Mask
    question: str = ""
    option: str = ""
    clause: str = ""
    what: tuple[str, ...] = ()
    beside: Mapping[str, Neighbour] = field(default_factory=dict)

    @cached_property
    def n_labels(self) -> int:
        return int(self.rows.sum())


def find_reasons(
    table: LabelTable, before: GuidelineContent, after: GuidelineContent, touched: Touched
) -> list[Reason]:
    """Every reason that has a label, in the order KINDS. Several may be about one label."""
    changed = _changed_options(before, after, touched)
    found = [
        *_of_options(table, before, changed),
        *_of_questions(table, touched),
        *_of_clauses(table, touched),
        *_of_neighbours(table, changed),
    ]
    return [reason for reason in found if reason.rows.any()]


def _changed_options(
    before: GuidelineContent, after: GuidelineContent, touched: Touched
) -> dict[tuple[str, str], tuple[str, ...]]:
    """What changed about each option: its own fields, and those of its clauses, old and new, that changed."""
    now = {(question.key, option.key): option for question in after.questions for option in question.options}
    changed: dict[tuple[str, str], tuple[str, ...]] = {}
    for question in before.questions:
        for option in question.options:
            place = (question.key, option.key)
            clauses = dict.fromkeys((*option.clauses, *(now[place].clauses if place in now else ())))
            ruled = tuple(f"clause {key}" for key in clauses if key in touched.clauses)
            what = (*touched.options.get(place, ()), *ruled)
            if what:
                changed[place] = what
    return changed


def _of_options(
    table: LabelTable, before: GuidelineContent, changed: Mapping[tuple[str, str], tuple[str, ...]]
) -> Iterator[Reason]:
    questions = {question.key: question for question in before.questions}
    for (question, option), what in changed.items():
        rows = _rows_with(table, questions[question], option)
        yield Reason(f"option:{question}/{option}", "option", rows, question=question, option=option, what=what)


def _of_questions(table: LabelTable, touched: Touched) -> Iterator[Reason]:
    for key, what in touched.questions.items():
        coded = _coded(table, key)
        rows = table.codes[key] >= 0 if coded else _rows_of(table, Q(answer__has_key=key))
        yield Reason(f"question:{key}", "question", rows, question=key, what=what)


def _of_clauses(table: LabelTable, touched: Touched) -> Iterator[Reason]:
    for clause in touched.clauses:
        cited = _rows_of(table, Q(clauses__contains=[clause]))
        yield Reason(f"cited:{clause}", "cited", cited, clause=clause, what=(touched.clauses[clause],))
    for clause in touched.clauses:
        asked = _rows_of_items(table, _items_asked_about(table.project, clause))
        yield Reason(f"asked:{clause}", "asked", asked, clause=clause, what=(touched.clauses[clause],))


def _of_neighbours(table: LabelTable, changed: Mapping[tuple[str, str], tuple[str, ...]]) -> Iterator[Reason]:
    """All labels of an option that people were measured to use against a changed one.

    Not only the items where both were given: those carry the changed option and are in the set already. A border that
    moved may have moved over an item that everybody called by the neighbour's name, and nothing but reading tells.
    """
    for coded in table.questions:
        if not isinstance(coded.question, ChoiceQuestion):
            continue
        beside: dict[str, dict[str, Neighbour]] = {}
        ratings = table.ratings(coded.key)
        for question, option in changed:
            if question != coded.key or option not in coded.keys:
                continue
            for found in confusion_neighbours(ratings, coded.keys.index(option)):
                beside.setdefault(coded.keys[found.value], {})[option] = found
        for key, near in beside.items():
            if (coded.key, key) not in changed:
                rows = table.codes[coded.key] == coded.keys.index(key)
                name = f"neighbour:{coded.key}/{key}"
                yield Reason(name, "neighbour", rows, question=coded.key, option=key, beside=near)


def _coded(table: LabelTable, key: str) -> CodedQuestion | None:
    return next((question for question in table.questions if question.key == key), None)


def _rows_with(table: LabelTable, question: Question, option: str) -> Mask:
    """The labels that name an option: as a choice, in a set, or on a mark."""
    coded = _coded(table, question.key)
    if coded is not None:
        codes = [k for k, value in enumerate(coded.values) if value == option or _is_in_set(option, value)]
        return np.isin(table.codes[question.key], codes)
    if isinstance(question, SpanQuestion | BoxesQuestion):
        return _rows_of(table, Q(answer__contains={question.key: [{"label": option}]}))
    return np.zeros(table.n_labels, dtype=np.bool_)


def _is_in_set(option: str, value: object) -> bool:
    return isinstance(value, list) and option in value


def _rows_of(table: LabelTable, condition: Q) -> Mask:
    """The labels of the table whose stored answer meets a condition. One query."""
    found = counting_labels().filter(condition, project=table.project)
    pairs = np.array(list(found.values_list("item_id", "annotator_id", "round_id")), dtype=np.int64).reshape(-1, 3)
    rounds = np.array([round_.pk for round_ in table.rounds], dtype=np.int64)
    stored = np.stack((table.item_ids[table.item], table.member_ids[table.annotator], rounds[table.round]), axis=1)
    return _is_among(stored.astype(np.int64), pairs)


def _is_among(rows: npt.NDArray[np.int64], wanted: npt.NDArray[np.int64]) -> Mask:
    """Which rows of one table stand in another, compared as wholes."""
    if not len(rows) or not len(wanted):
        return np.zeros(len(rows), dtype=np.bool_)
    _, codes = np.unique(np.concatenate((rows, wanted)), axis=0, return_inverse=True)
    codes = codes.reshape(-1)
    return np.isin(codes[: len(rows)], codes[len(rows) :])


def _items_asked_about(project: Project, clause: str) -> list[int]:
    """By a note to the lead, or by a question to the guideline (withdrawn ones left out)."""
    noted = DeskNote.objects.filter(project=project, clause=clause).values_list("item_id", flat=True)
    asked = TaskQuestion.objects.filter(project=project, clarification__clause=clause)
    asked = asked.exclude(clarification__state=Clarification.State.WITHDRAWN)
    return [*noted, *asked.values_list("item_id", flat=True)]


def _rows_of_items(table: LabelTable, item_ids: list[int]) -> Mask:
    wanted = np.isin(table.item_ids, np.array(item_ids, dtype=np.int64))
    rows: Mask = wanted[table.item]
    return rows
