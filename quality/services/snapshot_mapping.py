"""The labels of a snapshot as one version calls them, beside the stored ones."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from annotation.models import GoldLabel, Project
from guidelines.label_mapping import OUTCOMES, Carried
from guidelines.models import GuidelineVersion
from operations.strict_json import canonical_json
from quality.services.label_chains import chain_to_version
from quality.services.snapshot_labels import ResolvedItem

MOST_REMEMBERED = 10_000
RULE = (
    "stored answers are as they were given; `mapped` says them in the labels of labels_as_of, through the mappings "
    "stated at each publish. same: as stored; certain: renamed or merged; ambiguous: split; lost: retired, unmapped, "
    "or made under a later version"
)


class LabelMapping:
    """Carries answers and labels to one version, and counts what became of them. One for one reading of the rows."""

    def __init__(self, project: Project, number: str, as_of: datetime) -> None:
        self.number = number
        self.chain = chain_to_version(project.guideline, number, published_by=as_of)
        self.counts: dict[str, Counter[str]] = {}
        self.label_counts: dict[str, Counter[str]] = {}
        self._known: dict[tuple[str | None, str], tuple[str, dict[str, Carried]]] = {}
        self._known_items: dict[tuple[Any, ...], tuple[str, dict[str, Carried]]] = {}
        self._gold = _gold_versions(project, as_of)

    def of_annotation(self, version: str | None, text: str, answer: Mapping[str, Any]) -> str:
        """`mapped` of one annotation as canonical JSON. `text` is the answer's own, by which alike ones are known."""
        known = self._known.get((version, text))
        if known is None:
            carried = self.chain.carry_answer(version, answer)
            known = (_as_json(carried, "answer", version), carried)
            if len(self._known) < MOST_REMEMBERED and len(text) < 300:
                self._known[version, text] = known
        _count(self.counts, known[1])
        return known[0]

    def of_item(self, pk: int, resolved: ResolvedItem, versions: tuple[str, ...]) -> str:
        """`mapped` of an item's labels as canonical JSON.

        `versions`: those that its counting answers name. Where they carry the label to different values it is
        ambiguous. Gold is read under the version that was current when it was set.
        """
        has_gold = any(entry.method == "gold" for entry in resolved.entries.values())
        look = (resolved.texts[0], versions, self._gold.get(pk) if has_gold else None)
        known = self._known_items.get(look)
        if known is None:
            carried = dict(self._carried(pk, resolved, versions))
            known = (_as_json(carried, "labels", ", ".join(versions) or None), carried)
            if len(self._known_items) < MOST_REMEMBERED and len(look[0]) < 300 and not has_gold:
                self._known_items[look] = known
        _count(self.label_counts, known[1])
        return known[0]

    def _carried(self, pk: int, resolved: ResolvedItem, versions: tuple[str, ...]) -> Iterator[tuple[str, Carried]]:
        for key, entry in resolved.entries.items():
            if entry.label is not None:
                made: Sequence[str | None] = [self._gold.get(pk)] if entry.method == "gold" else versions or (None,)
                yield key, _agreed([self.chain.carry(version, key, entry.label) for version in made])

    def manifest(self) -> dict[str, Any]:
        """What was mapped how, by question."""
        steps = [
            {"version": version.number, "label_migrations": list(version.migrations)}
            for version in self.chain.versions
            if version.migrations
        ]
        return {
            "labels_as_of": self.number, "rule": RULE, "mappings": steps,
            "annotations": _counted(self.counts), "labels": _counted(self.label_counts),
        }  # fmt: skip


def _agreed(carried: list[Carried]) -> Carried:
    """One fate for a label that answers under several versions stand behind; without agreement it is ambiguous."""
    first = carried[0]
    if all((one.outcome, one.value) == (first.outcome, first.value) for one in carried):
        return first
    unsure = next((one for one in carried if one.outcome in {"ambiguous", "lost"}), first)
    return Carried("ambiguous", candidates=unsure.candidates, reason=unsure.reason or "versions_differ", at=unsure.at)


def _as_json(carried: Mapping[str, Carried], name: str, version: str | None) -> str:
    certain = {key: one.value for key, one in carried.items() if one.outcome in {"same", "certain"}}
    others = {
        key: {"outcome": one.outcome, "candidates": list(one.candidates), "reason": one.reason, "at": one.at}
        for key, one in carried.items()
        if key not in certain
    }
    body: dict[str, Any] = {name: certain, "mapped_from": version}
    return canonical_json(body | ({"not_mapped": others} if others else {})).decode()


def _count(counts: dict[str, Counter[str]], carried: Mapping[str, Carried]) -> None:
    for key, one in carried.items():
        counts.setdefault(key, Counter())[one.outcome] += 1


def _counted(counts: Mapping[str, Counter[str]]) -> dict[str, dict[str, int]]:
    return {key: {outcome: counts[key][outcome] for outcome in OUTCOMES} for key in sorted(counts)}


def _gold_versions(project: Project, as_of: datetime) -> dict[int, str]:
    """For each item with gold the version that was current when it was set."""
    versions = list(GuidelineVersion.objects.filter(guideline_id=project.guideline_id).order_by("-sequence"))
    found = {}
    gold = GoldLabel.objects.filter(project=project, created_at__lte=as_of).order_by("created_at")
    for item_id, created_at in gold.values_list("item_id", "created_at"):
        current: Iterable[str] = (v.number for v in versions if v.published_at <= created_at)
        number = next(iter(current), None)
        if number is not None:
            found[item_id] = number
    return found
