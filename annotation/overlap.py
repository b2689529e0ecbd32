"""How many labels an item is to get: the overlap policy of a project, and the seats it gives each item. Pure."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from operations.strict_json.reading import ObjectReader, Problem, ProblemList, join_path

MOST_LABELS = 50
MOST_SHARED_PER_PAIR = 1000
_KEYS = ("labels_per_item", "share", "shared_labels", "stratify_by", "adaptive", "shared_per_pair")
_ADAPTIVE_KEYS = ("max_labels", "stop_at_posterior")


class OverlapError(ValueError):
    """An overlap policy that is refused, with every problem by path."""

    def __init__(self, errors: list[Problem]) -> None:
        super().__init__("; ".join(f"{path}: {detail}" for path, _, detail in errors))
        self.errors = tuple(errors)


@dataclass(frozen=True)
class Adaptive:
    """Ask for more labels, up to `max_labels`, until the posterior of the best one reaches the bound."""

    max_labels: int
    stop_at_posterior: float


@dataclass(frozen=True)
class OverlapPolicy:
    """`labels_per_item` for every item; for the `share` of them, drawn within each stratum, `shared_labels`.

    Every pair of active annotators is to label at least `shared_per_pair` items both.
    """

    labels_per_item: int
    share: float = 0.0
    shared_labels: int | None = None
    stratify_by: str | None = None
    adaptive: Adaptive | None = None
    shared_per_pair: int | None = None

    @property
    def least_labels(self) -> int:
        """What every item gets, whichever way the draw falls."""
        if self.shared_labels is not None and self.share >= 1:
            return self.shared_labels
        return self.labels_per_item

    @property
    def most_labels(self) -> int:
        """What an item may get at most."""
        shared = self.shared_labels if self.shared_labels is not None and self.share > 0 else 1
        return max(self.labels_per_item, shared, self.adaptive.max_labels if self.adaptive else 1)


def parse_overlap(raw: object, *, slices: Collection[str] | None = None) -> OverlapPolicy:
    """The policy of `{"labels_per_item": 3}` or `{"labels_per_item": 1, "share": 0.2, "shared_labels": 3,
    "stratify_by"?: "language"}`, either with `"adaptive"?: {"max_labels": 5, "stop_at_posterior": 0.95}` and
    `"shared_per_pair"?: 20`.

    `stratify_by` must be one of `slices` where they are given. Raises OverlapError with every problem.
    """
    problems = ProblemList()
    reader = ObjectReader(raw, "overlap", problems, allowed=_KEYS)
    if problems and not isinstance(raw, dict):
        raise OverlapError(problems.found)
    labels = _read_count(reader, "labels_per_item", required=True)
    share, shared_labels = _read_share(reader, labels)
    policy = OverlapPolicy(
        labels_per_item=labels or 1,
        share=share,
        shared_labels=shared_labels,
        stratify_by=_read_stratum(reader, slices),
        adaptive=_read_adaptive(reader, least=max(labels or 1, shared_labels or 1)),
        shared_per_pair=reader.integer("shared_per_pair", least=0, most=MOST_SHARED_PER_PAIR) or None,
    )
    if not problems and policy.shared_per_pair and policy.most_labels < 2:
        reader.report("shared_per_pair", "nothing_is_shared", "no item gets two labels, so no two people can share one")
    if problems:
        raise OverlapError(problems.found)
    return policy


def overlap_to_json(policy: OverlapPolicy) -> dict[str, Any]:
    """What `parse_overlap` reads back as the same policy."""
    written: dict[str, Any] = {"labels_per_item": policy.labels_per_item}
    if policy.shared_labels is not None:
        written |= {"share": policy.share, "shared_labels": policy.shared_labels}
    if policy.stratify_by is not None:
        written["stratify_by"] = policy.stratify_by
    if policy.adaptive is not None:
        written["adaptive"] = {
            "max_labels": policy.adaptive.max_labels,
            "stop_at_posterior": policy.adaptive.stop_at_posterior,
        }
    if policy.shared_per_pair is not None:
        written["shared_per_pair"] = policy.shared_per_pair
    return written


def stratum_of(policy: OverlapPolicy, meta: Mapping[str, Any]) -> str:
    """The stratum an item is drawn in; "" for one without a value, or where nothing is drawn separately."""
    value = meta.get(policy.stratify_by) if policy.stratify_by else None
    return "" if value is None else str(value)


def seats_for(policy: OverlapPolicy, *, item_key: str, stratum: str, seed: str) -> int:
    """How many seats this item gets; always the same for the same arguments.

    SHA-256 of (seed, stratum, item_key) is a uniform draw u in [0, 1), independent for each item; the item is
    shared if u < share. So items may come in any order and in any number of imports, none is looked at twice,
    and each stratum's share tends to `share`: among n of its items it is off by about
    sqrt(share (1 - share) / n), 0.9 % of 2,000 items at a share of 0.2.
    """
    if policy.shared_labels is None:
        return policy.labels_per_item
    # Lengths keep ("ab", "c") and ("a", "bc") apart.
    parts = "".join(f"{len(part)}:{part}" for part in (seed, stratum, item_key))
    digest = hashlib.sha256(parts.encode()).digest()
    drawn = int.from_bytes(digest[:8], "big") / 2**64
    return policy.shared_labels if drawn < policy.share else policy.labels_per_item


def _read_count(reader: ObjectReader, key: str, *, required: bool) -> int | None:
    if required and not reader.has(key):
        reader.report(key, "required", f"{key} is needed")
    return reader.integer(key, least=1, most=MOST_LABELS)


def _read_share(reader: ObjectReader, labels: int | None) -> tuple[float, int | None]:
    for key, other in (("share", "shared_labels"), ("shared_labels", "share")):
        if reader.has(other) and not reader.has(key):
            reader.report(key, "required", f"{other} needs {key} beside it")
    share = reader.number("share")
    if share is not None and not 0 <= share <= 1:
        reader.report("share", "out_of_range", "share must be between 0 and 1")
    shared_labels = _read_count(reader, "shared_labels", required=False)
    if shared_labels is not None and labels is not None and shared_labels <= labels:
        reader.report("shared_labels", "out_of_range", "shared_labels must be more than labels_per_item")
    return float(share or 0), shared_labels


def _read_stratum(reader: ObjectReader, slices: Collection[str] | None) -> str | None:
    stratum = reader.text("stratify_by", longest=100) or None
    if stratum is None:
        return None
    if not reader.has("share"):
        reader.report("stratify_by", "not_asked", "stratify_by is for a share of the items")
    if slices is not None and stratum not in slices:
        named = ", ".join(slices) or "none"
        reader.report("stratify_by", "unknown_slice", f"{stratum!r} is not a slice of the project ({named})")
    return stratum


def _read_adaptive(reader: ObjectReader, *, least: int) -> Adaptive | None:
    if not reader.has("adaptive"):
        return None
    path = join_path(reader.path, "adaptive")
    inner = ObjectReader(reader.values["adaptive"], path, reader.problems, allowed=_ADAPTIVE_KEYS)
    if not isinstance(reader.values["adaptive"], dict):
        return None
    most = _read_count(inner, "max_labels", required=True)
    if most is not None and most < least:
        inner.report("max_labels", "out_of_range", "max_labels must not be less than the labels asked for")
    posterior = inner.number("stop_at_posterior")
    if not inner.has("stop_at_posterior"):
        inner.report("stop_at_posterior", "required", "stop_at_posterior is needed")
    elif posterior is not None and not 0.5 < posterior < 1:
        inner.report("stop_at_posterior", "out_of_range", "stop_at_posterior must be over 0.5 and under 1")
    return Adaptive(max_labels=most or least, stop_at_posterior=float(posterior or 0))
