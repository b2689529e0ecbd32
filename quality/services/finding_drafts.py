"""What a detector found, in the words of the project: names instead of codes, the clause behind it, what to read."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from operations.strict_json import content_sha256
from quality.ratings_loader import CodedQuestion, LabelTable
from quality.stats.finding import Finding as Found

MAX_EVIDENCE, MAX_SCOPE = 500, 20_000


@dataclass(frozen=True)
class FindingDraft:
    """A finding of one analysis, ready to be stored. `identity` is what makes it the same finding next time."""

    kind: str
    subject: dict[str, Any]
    identity: dict[str, Any]
    effect: float
    low: float | None
    high: float | None
    p_value: float
    p_adjusted: float
    n: int
    method: str
    weight: float
    facts: dict[str, Any]
    evidence: list[str] = field(default_factory=list)

    @property
    def key(self) -> str:
        return content_sha256({"kind": self.kind, **self.identity})

    def figures(self) -> dict[str, Any]:
        """What an event keeps, so that a past state of the finding can be told."""
        return {
            "subject": self.subject, "effect": self.effect, "low": self.low, "high": self.high,
            "p_value": self.p_value, "p_adjusted": self.p_adjusted, "n": self.n, "method": self.method,
            "unit": self.facts["unit"], "expected_wrong": self.facts.get("expected_wrong"),
        }  # fmt: skip


def draft_finding(found: Found, table: LabelTable, question: CodedQuestion) -> FindingDraft:
    """The finding of one question with names, sentence facts, clause, evidence and the items to label again."""
    subject, identity = _subject(found, table, question)
    facts = _facts(found, table, question)
    facts["scope"] = table.external_ids(found.scope[:MAX_SCOPE])
    return FindingDraft(
        found.kind, subject, identity, float(found.effect), found.low, found.high, float(found.p_value),
        float(found.p_adjusted), int(found.n), found.method, _weight(found), facts,
        table.external_ids(found.evidence[:MAX_EVIDENCE]),
    )  # fmt: skip


def _subject(found: Found, table: LabelTable, question: CodedQuestion) -> tuple[dict[str, Any], dict[str, Any]]:
    subject: dict[str, Any] = {}
    if found.kind == "collusion":
        subject["annotators"] = sorted(table.names[j] for j in found.annotators)
    elif found.kind == "cohort_bias" and found.cohort:
        subject["cohort"] = dict([found.cohort])
    elif found.kind != "hotspots":
        subject["annotator"] = table.names[found.annotators[0]]
    subject["question"] = question.key
    if found.kind in {"bias", "cohort_bias"} and found.value is not None:
        subject["label"] = question.keys[found.value]
    if found.kind == "hotspots" and found.values:
        subject["labels"] = [question.keys[value] for value in found.values]
    if found.slice:
        subject["slice"] = dict([found.slice])
    identity = dict(subject)  # words, dates, patterns and clauses may change while the finding stays the same
    if found.kind == "hotspots":
        identity |= {"labels": sorted(subject["labels"]), "by_words": bool(found.terms)}
        subject |= _clause(found, question) | ({"terms": list(found.terms)} if found.terms else {})
    if found.kind == "spam":
        subject["pattern"] = found.pattern
    if found.period:
        subject |= {"from": _instant(found.period[0]), "to": _instant(found.period[1])}
    return subject, identity


def _clause(found: Found, question: CodedQuestion) -> dict[str, str]:
    """The clause that both labels of a hotspot lean on, first in the order of the first label."""
    by_key = {option.key: option.clauses for option in question.question.options}
    a, b = (by_key.get(question.keys[value], ()) for value in found.values or ())
    shared = [clause for clause in a if clause in b]
    return {"clause": shared[0]} if shared else {}


def _facts(found: Found, table: LabelTable, question: CodedQuestion) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "unit": found.unit, "n": int(found.n), "pattern": found.pattern, "question_title": question.question.title,
        "names": dict(zip(question.keys, question.labels, strict=True)),
        "details": {key: float(value) for key, value in found.details.items()},
        "n_evidence": len(found.evidence), "n_scope": len(found.scope),
    }  # fmt: skip
    if found.expected_wrong is not None:
        facts["expected_wrong"] = float(found.expected_wrong)
    if found.kind == "hotspots":
        facts["n_split"] = len(found.evidence)
    if found.kind == "bias" and found.values:
        facts["says"], facts["others_say"] = (question.keys[value] for value in found.values)
    if found.kind == "spam" and found.value is not None:
        facts |= {"label": question.keys[found.value], "top_share": facts["details"].get("top_share", 1.0)}
    if found.kind == "cohort_bias":
        facts["annotators"] = [table.names[j] for j in found.annotators]
    return facts


def _weight(found: Found) -> float:
    """About how many labels the problem touches: what is read first."""
    if found.expected_wrong is not None:
        return float(found.expected_wrong)
    if found.kind == "spam":
        return float(found.n)
    share = abs(found.effect) if found.unit != "points" else min(1.0, abs(found.effect))
    return float(share * found.n)


def _instant(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, tz=UTC).isoformat().replace("+00:00", "Z")
