"""What a re-label round changed, on the same items: agreement, flipped labels, whether the hotspot closed."""

from datetime import datetime
from typing import Any

import numpy as np

from quality.models import RelabelCampaign
from quality.ratings_loader import LATEST, LabelTable, load_labels
from quality.services.agreement_rows import agreement_rows
from quality.stats.aggregation import majority
from quality.stats.intervals import wilson


def campaign_report(campaign: RelabelCampaign, as_of: datetime, *, is_cut_short: bool) -> dict[str, Any]:
    """Before and after on the items that have all labels the campaign asked for.

    Before: the labels that counted when it started; after: those of its round. `flip_rate`: items whose majority
    changed, of those with a majority both times (ties are counted as `undecided`), Wilson interval.
    """
    project = campaign.project
    after = load_labels(project, as_of=as_of, scope=campaign.round.key)
    n = np.bincount(after.item, minlength=len(after.item_ids))
    done = after.item_ids[n >= campaign.labels_per_item]
    after = after.only_items(done)
    before = load_labels(project, as_of=datetime.fromisoformat(campaign.before["as_of"]), scope=LATEST).only_items(done)
    return {
        "as_of": as_of.isoformat().replace("+00:00", "Z"), "is_cut_short": is_cut_short, "n_items": campaign.n_items,
        "n_items_relabeled": len(done), "n_labels": after.n_labels,
        "questions": {q.key: _question(before, after, q.key) for q in after.questions},
        "hotspot": _hotspot(campaign, before, after),
    }  # fmt: skip


def _question(before: LabelTable, after: LabelTable, key: str) -> dict[str, Any]:
    return {
        "before": agreement_rows(before, key, "overall", min_n=1)[0],
        "after": agreement_rows(after, key, "overall", min_n=1)[0],
        "flip_rate": _flips(before, after, key),
    }


def _flips(before: LabelTable, after: LabelTable, key: str) -> dict[str, Any]:
    old, new = _majorities(before, key), _majorities(after, key)
    shared = [pk for pk in new if pk in old]
    decided = [pk for pk in shared if old[pk] is not None and new[pk] is not None]
    flipped = sum(old[pk] != new[pk] for pk in decided)
    return _share(flipped, len(decided)) | {"undecided": len(shared) - len(decided)}


def _majorities(table: LabelTable, key: str) -> dict[int, str | None]:
    """The majority of each item with labels, by database id; None for a tie."""
    found, keys = majority(table.ratings(key)), table.question(key).keys
    return {
        int(pk): keys[value] if value >= 0 else None
        for pk, value, n in zip(table.item_ids, found.value, found.n, strict=True)
        if n
    }


def _hotspot(campaign: RelabelCampaign, before: LabelTable, after: LabelTable) -> dict[str, Any] | None:
    """How many items split between the hotspot's two labels, before and after; closed if the intervals part.

    Fewer labels on an item split it less often by themselves: then the two shares are shown and close nothing.
    """
    finding = campaign.finding
    if finding is None or finding.kind != "hotspots":
        return None
    key, labels = finding.subject["question"], finding.subject["labels"]
    if key not in after.codes:
        return None
    first, second = _split(before, key, labels), _split(after, key, labels)
    has_parted = bool(first["interval"] and second["interval"] and second["interval"][1] < first["interval"][0])
    is_closed = has_parted and _labels_per_item(after, key) >= _labels_per_item(before, key)
    return {"question": key, "labels": labels, "before": first, "after": second, "is_closed": is_closed}


def _labels_per_item(table: LabelTable, key: str) -> float:
    """Mean over the items that have two labels or more; 0 without such."""
    sizes = table.ratings(key).item_sizes()
    shared = sizes[sizes >= 2]
    return float(shared.mean()) if len(shared) else 0.0


def _split(table: LabelTable, key: str, labels: list[str]) -> dict[str, Any]:
    keys = table.question(key).keys
    if not set(labels) <= set(keys):
        return _share(0, 0)
    counts = table.ratings(key).item_value_counts()
    a, b = (counts[:, keys.index(label)] for label in labels)
    return _share(int(((a > 0) & (b > 0)).sum()), int((counts.sum(axis=1) >= 2).sum()))


def _share(k: int, n: int) -> dict[str, Any]:
    interval = wilson(k, n)
    return {"n": n, "count": k, "share": k / n if n else None, "interval": list(interval) if interval else None}
