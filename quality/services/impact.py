"""What a draft may do to the labels of a project: which may be invalid, how many, what it costs to ask again."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np

from accounts.errors import Conflict, FieldError, InvalidInput
from annotation.models import Project
from guidelines.content import content_sha256
from guidelines.diffs import Touched, touched_by
from guidelines.models import GuidelineDraft, GuidelineVersion
from guidelines.selectors.access import current_version
from guidelines.selectors.differences import Difference, draft_difference
from quality.ratings_loader import LabelTable, load_labels, slice_groupings
from quality.services.agreement import database_now
from quality.services.campaign_scope import checked_labels_per_item, median_seconds
from quality.services.impact_reasons import Mask, Reason, find_reasons
from quality.stats.ratings import IntArray

NO_VERSION = ""


class NothingToCompare(Conflict):
    code = "nothing_to_compare"
    sentence = "Nothing is published yet, so no label can become invalid."


@dataclass(frozen=True)
class Row:
    """A part of the set: items, labels that may be invalid, labels to redo and the hours they take."""

    name: str
    n_items: int
    n_labels: int
    n_redo: int
    hours: float | None


@dataclass(frozen=True, eq=False)
class Impact:
    """The set of labels that may be invalid under a draft, by reason. `reasons` are those chosen of `all_reasons`."""

    project: Project
    current: GuidelineVersion
    draft_revision: int
    draft_sha256: str
    difference: Difference
    touched: Touched
    table: LabelTable
    all_reasons: tuple[Reason, ...]
    reasons: tuple[Reason, ...]
    labels_per_item: int
    median_seconds: float | None

    def only(self, keys: Sequence[str] | None) -> Self:
        """The same with some of the reasons; None means all. InvalidInput for a key that is none of them."""
        if keys is None:
            return replace(self, reasons=self.all_reasons)
        known = [reason.key for reason in self.all_reasons]
        unknown = [key for key in keys if key not in known]
        if unknown:
            text = f"{unknown[0][:100]!r} is no reason here; those are: {', '.join(known) or 'none'}."
            raise InvalidInput(errors=[FieldError("reasons", "unknown_reason", text)])
        return replace(self, reasons=tuple(reason for reason in self.all_reasons if reason.key in keys))

    @cached_property
    def rows(self) -> Mask:
        """The labels that may be invalid for at least one reason."""
        rows: Mask = np.zeros(self.table.n_labels, dtype=np.bool_)
        for reason in self.reasons:
            rows |= reason.rows
        return rows

    @cached_property
    def items(self) -> IntArray:
        """Places in the table's items, in the order of external ids."""
        return np.unique(self.table.item[self.rows])

    @property
    def item_ids(self) -> list[int]:
        return [int(pk) for pk in self.table.item_ids[self.items]]

    @cached_property
    def first_reasons(self) -> IntArray:
        """For each of `items` the place of the first reason it is in: every item belongs to one stratum."""
        first = np.full(len(self.table.item_ids), len(self.reasons), dtype=np.int64)
        for place in range(len(self.reasons) - 1, -1, -1):
            first[self.table.item[self.reasons[place].rows]] = place
        return first[self.items]

    def hours(self, n_labels: float) -> float | None:
        """At the median time that a label of this project took."""
        return None if self.median_seconds is None else n_labels * self.median_seconds / 3600

    @property
    def total(self) -> Row:
        return self._row("", self.rows)

    def by_reason(self) -> list[tuple[Reason, Row]]:
        """Every reason, chosen or not. Items may be in several, so these do not add up to the total."""
        return [(reason, self._row(reason.key, reason.rows)) for reason in self.all_reasons]

    def by_version(self) -> list[Row]:
        """The set by the version its labels were made under; an item with labels of two is in both rows."""
        names = [NO_VERSION, *self.table.versions]
        return self._parts(names, self.table.version.astype(np.int64) + 1)

    def by_slice(self) -> dict[str, list[Row]]:
        """The set by each slice key of the project; items without a value come first, under an empty name."""
        found = {}
        for grouping in slice_groupings(self.table, self.project.slices):
            found[grouping.key] = self._parts(["", *grouping.names], grouping.codes[self.table.item] + 1)
        return found

    def _parts(self, names: Sequence[str], codes: IntArray) -> list[Row]:
        used = np.unique(codes[self.rows])
        return [self._row(names[code], self.rows & (codes == code)) for code in used]

    def _row(self, name: str, rows: Mask) -> Row:
        n_items = len(np.unique(self.table.item[rows]))
        n_redo = n_items * self.labels_per_item
        return Row(name, n_items, int(rows.sum()), n_redo, self.hours(n_redo))


def impact_of(project: Project, *, reasons: Sequence[str] | None = None, labels_per_item: int | None = None) -> Impact:
    """The impact of the guideline's draft on the labels of the project that count now. It changes nothing.

    NothingToCompare before the first publish, InvalidInput for a reason that is none.
    """
    guideline = project.guideline
    draft = GuidelineDraft.objects.get(guideline=guideline)
    current = current_version(guideline)
    if current is None:
        raise NothingToCompare
    difference = draft_difference(guideline, draft)
    touched = touched_by(difference.diff)
    table = load_labels(project, as_of=database_now())
    found = tuple(find_reasons(table, difference.before, difference.after, touched))
    impact = Impact(
        project, current, draft.revision, content_sha256(difference.after), difference, touched, table, found, found,
        checked_labels_per_item(project, labels_per_item), median_seconds(table),
    )  # fmt: skip
    return impact.only(reasons)


def impact_body(impact: Impact) -> dict[str, Any]:
    """The impact as the API says it."""
    return {
        "project": impact.project.slug, "from": impact.current.number, "draft_revision": impact.draft_revision,
        "as_of": impact.table.as_of, "labels_in_project": impact.table.n_labels,
        "labels_per_item": impact.labels_per_item, "median_seconds": impact.median_seconds,
        "total": _row_body(impact.total),
        "reasons": [
            _reason_body(reason, impact.reasons) | _row_body(row) for reason, row in impact.by_reason()
        ],
        "versions": [{"version": row.name or None} | _row_body(row) for row in impact.by_version()],
        "slices": {
            key: [{"value": row.name or None} | _row_body(row) for row in rows]
            for key, rows in impact.by_slice().items()
        },
        "only_worded_otherwise": list(impact.touched.wording),
    }  # fmt: skip


def _row_body(row: Row) -> dict[str, Any]:
    return {"items": row.n_items, "labels": row.n_labels, "labels_to_redo": row.n_redo, "hours": row.hours}


def _reason_body(reason: Reason, chosen: Sequence[Reason]) -> dict[str, Any]:
    body: dict[str, Any] = {"key": reason.key, "kind": reason.kind, "is_chosen": reason in chosen}
    body |= {name: getattr(reason, name) for name in ("question", "option", "clause") if getattr(reason, name)}
    if reason.what:
        body["what"] = list(reason.what)
    if reason.beside:
        body["confused_with"] = {
            option: {"items": near.n_both, "of": near.n_shared, "interval": [near.low, near.high]}
            for option, near in reason.beside.items()
        }
    return body
