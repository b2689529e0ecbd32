"""Which items a re-label campaign is about, and what it will cost."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from accounts.errors import Conflict, FieldError, InvalidInput
from annotation.models import Item, Project
from annotation.overlap import MOST_LABELS
from annotation.selectors.labels import standing_answers
from guidelines.models import GuidelineVersion
from guidelines.selectors.access import current_version
from operations.strict_json import content_sha256
from quality.models import Finding
from quality.ratings_loader import LabelTable, load_labels, slice_groupings
from quality.services.agreement import database_now

KEYS = ("finding", "ids", "slice", "labels", "annotator", "clause", "version", "question")
SAMPLE = 5
Mask = npt.NDArray[np.bool_]


class NothingPublished(Conflict):
    code = "nothing_published"
    sentence = "The guideline has no published version to label under."


class ScopeIsEmpty(Conflict):
    code = "scope_is_empty"
    sentence = "No item is in this scope, so there is nothing to label again."


@dataclass(frozen=True)
class CampaignPlan:
    """A campaign before it starts: its items (database ids, in the order to be labelled) and what they cost."""

    project: Project
    scope: dict[str, Any]
    finding: Finding | None
    version: GuidelineVersion
    labels_per_item: int
    item_ids: list[int]
    median_seconds: float | None
    table: LabelTable

    @property
    def n_labels(self) -> int:
        return len(self.item_ids) * self.labels_per_item

    @property
    def hours(self) -> float | None:
        return None if self.median_seconds is None else self.n_labels * self.median_seconds / 3600

    def key(self) -> str:
        """What makes two starts the same campaign: the scope, the text to label under, and how often."""
        parts = {"scope": self.scope, "version": self.version.number, "labels_per_item": self.labels_per_item}
        return content_sha256(parts)[:40]


def plan_campaign(project: Project, scope: dict[str, Any], labels_per_item: int | None = None) -> CampaignPlan:
    """The labelled items that meet every part of the scope (with `ids` alone: labelled or not).

    `finding`: the items it names (of a hotspot: its whole region); `slice`: {key: value}; `labels` [a, b] with
    `question`: items that carry both; `annotator`: items they labelled; `clause`: items that carry a label of that
    clause or an answer that cites it; `version`: items whose counting labels were made under it.
    """
    version = current_version(project.guideline)
    if version is None:
        raise NothingPublished
    table = load_labels(project, as_of=database_now())
    finding = _finding(project, scope)
    ids = _item_ids(project, table, scope, finding)
    return CampaignPlan(
        project, scope, finding, version, checked_labels_per_item(project, labels_per_item), ids,
        median_seconds(table), table,
    )  # fmt: skip


def median_seconds(table: LabelTable) -> float | None:
    """The median time that a label of the table took; None where no time is known."""
    seconds = np.zeros(0) if table.seconds is None else table.seconds
    seconds = seconds[np.isfinite(seconds) & (seconds > 0)]
    return float(np.median(seconds)) if len(seconds) else None


def preview_campaign(project: Project, scope: dict[str, Any], labels_per_item: int | None = None) -> dict[str, Any]:
    """What a campaign of this scope would ask for: items, labels, hours at the median pace, some to read."""
    plan = plan_campaign(project, scope, labels_per_item)
    sample = Item.objects.filter(pk__in=plan.item_ids[:SAMPLE]).in_bulk()
    return {
        "n_items": len(plan.item_ids), "labels_per_item": plan.labels_per_item, "n_labels": plan.n_labels,
        "median_seconds": plan.median_seconds, "hours": plan.hours, "guideline_version": plan.version.number,
        "sample": [
            {"external_id": sample[pk].external_id, "payload": sample[pk].payload} for pk in plan.item_ids[:SAMPLE]
        ],
    }  # fmt: skip


def check_scope(scope: Any) -> None:
    """Raises InvalidInput unless the scope is an object with at least one known part in its shape."""
    if not isinstance(scope, dict) or not set(scope) - {"question"}:
        _refuse("scope", f"An object with at least one of: {', '.join(KEYS)}.")
    for key, value in scope.items():
        if key not in KEYS:
            _refuse(f"scope.{key[:60]}", f"Allowed: {', '.join(KEYS)}.")
        if not _SHAPES[key](value):
            _refuse(f"scope.{key}", _WORDS[key])


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 200


_SHAPES = {
    "finding": lambda v: _is_text(v) and v.isascii() and v.isdigit() and len(v) < 19,
    "ids": lambda v: isinstance(v, list) and 0 < len(v) <= 100_000 and all(_is_text(entry) for entry in v),
    "slice": lambda v: isinstance(v, dict) and bool(v) and all(_is_text(entry) for entry in v.values()),
    "labels": lambda v: isinstance(v, list) and len(v) == 2 and all(_is_text(entry) for entry in v),
    "annotator": _is_text, "clause": _is_text, "version": _is_text, "question": _is_text,
}  # fmt: skip
_WORDS = {
    "finding": "The id of a finding.", "ids": "A list of 1 to 100000 external ids.",
    "slice": "An object of slice keys and values.", "labels": "Two labels of the question.",
    "annotator": "A name.", "clause": "A clause's key.", "version": "A number like 2.1.",
    "question": "A question's key.",
}  # fmt: skip


def _refuse(path: str, detail: str) -> None:
    raise InvalidInput(errors=[FieldError(path, "invalid", detail)])


def checked_labels_per_item(project: Project, asked: int | None) -> int:
    """As asked; else as many as the project wants, and at least two, so that agreement can be measured."""
    if asked is None:
        policy = project.overlap
        asked = max(int(policy.get("labels_per_item", 1)), int(policy.get("shared_labels") or 1), 2)
    if not 1 <= asked <= MOST_LABELS:
        _refuse("labels_per_item", f"From 1 to {MOST_LABELS}.")
    return asked


def _finding(project: Project, scope: dict[str, Any]) -> Finding | None:
    if "finding" not in scope:
        return None
    finding = Finding.objects.filter(project=project, pk=int(scope["finding"])).first()
    if finding is None:
        _refuse("scope.finding", "This project has no such finding.")
    return finding


def _item_ids(project: Project, table: LabelTable, scope: dict[str, Any], finding: Finding | None) -> list[int]:
    """Database ids; in the order named (findings: to be read first), else by external id."""
    named: list[str] | None = scope.get("ids")
    if finding is not None:
        region = finding.facts.get("scope") or []
        named = list(dict.fromkeys([*finding.evidence, *region]))
    if named is None:
        return [int(pk) for pk in table.item_ids[_mask(table, scope)]]
    found = _by_external_id(project, list(dict.fromkeys(named)))
    others = set(scope) - {"ids", "finding", "question"}
    allowed = set(table.item_ids[_mask(table, scope)].tolist()) if others else None
    return [pk for pk in found if allowed is None or pk in allowed]


def _by_external_id(project: Project, names: list[str]) -> list[int]:
    found = dict(Item.objects.filter(project=project, external_id__in=names).values_list("external_id", "pk"))
    missing = [name for name in names if name not in found]
    if missing:
        _refuse("scope.ids", f"{len(missing)} are not in this project, the first: {', '.join(missing[:5])}.")
    return [found[name] for name in names]


def _mask(table: LabelTable, scope: dict[str, Any]) -> Mask:
    """Which items of the table meet the parts of the scope that speak about labels."""
    mask: Mask = np.ones(len(table.item_ids), dtype=np.bool_)
    if "slice" in scope:
        mask &= _in_slices(table, scope["slice"])
    if "labels" in scope:
        question = _question_with(table, scope)
        for label in scope["labels"]:
            mask &= _items_with(table, table.codes[question] == table.question(question).keys.index(label))
    if "annotator" in scope:
        if scope["annotator"] not in table.names:
            _refuse("scope.annotator", "Nobody of this name has labelled here.")
        mask &= _items_with(table, table.annotator == table.names.index(scope["annotator"]))
    if "clause" in scope:
        mask &= _under_clause(table, scope["clause"])
    if "version" in scope:
        if scope["version"] not in table.versions:
            _refuse("scope.version", f"Published: {', '.join(table.versions)}.")
        mask &= _items_with(table, table.version == table.versions.index(scope["version"]))
    return mask


def _items_with(table: LabelTable, rows: Mask) -> Mask:
    mask: Mask = np.zeros(len(table.item_ids), dtype=np.bool_)
    mask[table.item[rows]] = True
    return mask


def _in_slices(table: LabelTable, wanted: dict[str, str]) -> Mask:
    mask: Mask = np.ones(len(table.item_ids), dtype=np.bool_)
    for key in wanted:
        if key not in table.project.slices:
            _refuse(f"scope.slice.{key[:60]}", f"Slices here: {', '.join(table.project.slices) or 'none'}.")
    for grouping in slice_groupings(table, wanted):
        name = wanted[grouping.key]
        mask &= grouping.codes == grouping.names.index(name) if name in grouping.names else False
    return mask


def _question_with(table: LabelTable, scope: dict[str, Any]) -> str:
    """The question the two labels belong to."""
    for question in table.questions:
        if scope.get("question", question.key) == question.key and set(scope["labels"]) <= set(question.keys):
            return question.key
    _refuse("scope.labels", "No question has both of these labels.")
    raise AssertionError


def _under_clause(table: LabelTable, clause: str) -> Mask:
    mask: Mask = np.zeros(len(table.item_ids), dtype=np.bool_)
    for question in table.questions:
        options = {option.key for option in question.question.options if clause in option.clauses}
        codes = [code for code, key in enumerate(question.keys) if key in options]
        mask |= _items_with(table, np.isin(table.codes[question.key], codes))
    citing = standing_answers().filter(project=table.project, clauses__contains=[clause])
    mask |= np.isin(table.item_ids, list(citing.values_list("item_id", flat=True)))
    return mask
