"""One annotator against the others, against gold and against themself: confusion, severity, speed, consistency."""

from datetime import datetime
from typing import Any

import numpy as np
from django.db.models import Q

from accounts.errors import NotFound
from annotation.models import Member, Project
from annotation.selectors.comparisons import repeats_of
from annotation.selectors.gold import GoldScore, Share, gold_scores
from quality.models import AgreementFigure, Finding
from quality.ratings_loader import LabelTable, load_labels
from quality.selectors.analyses import latest_analysis
from quality.services.agreement import AnalysisNeeded, database_now, is_small
from quality.services.shares import share_of
from quality.stats.ratings import FloatArray, Ratings

Row = dict[str, Any]


def annotator_profile(project: Project, name: str, *, stored_only: bool = False) -> dict[str, Any]:
    """What is known of one person: a part for each question, and the findings that name them.

    Measured now in a small project, else (or with `stored_only`) as of the latest analysis; AnalysisNeeded before the
    first. Raises NotFound for nobody's name.
    """
    member = None if "\x00" in name else Member.objects.filter(project=project, name=name).first()
    if member is None:
        raise NotFound
    if is_small(project) and not stored_only:
        as_of = database_now()
        table = load_labels(project, as_of=as_of)
        rows = [row for question in table.questions for row in profile_rows(table, question.key, only=name)]
    else:
        rows, as_of = _stored_rows(project, name)
    gold = gold_scores(project, member_id=member.pk, as_of=as_of).get(member.pk, GoldScore())
    rows = [row | {"gold": _gold(gold.questions.get(row["question"], Share()))} for row in rows]
    named = Q(subject__annotator=name) | Q(subject__annotators__contains=[name])
    findings = Finding.objects.filter(named, project=project).order_by("-weight", "pk")
    drift = findings.filter(kind="drift", state__in=["open", "acknowledged"])
    return {
        "annotator": name, "kind": member.kind, "cohorts": member.cohorts, "as_of": as_of,
        "n_labels": max((row["n_labels"] for row in rows), default=0), "questions": rows,
        "gold": _gold(gold) | {"questions": {key: _gold(share) for key, share in gold.questions.items()}},
        "consistency": _consistency(project, member, as_of),
        "drift": [{"finding": str(f.pk), "effect": f.effect} | _period(f.subject) for f in drift],
        "findings": [{"id": str(f.pk), "kind": f.kind, "state": f.state} for f in findings],
    }  # fmt: skip


def _gold(score: Share) -> Row:
    return share_of(score.right, score.n, counted="right", share="accuracy")


def _consistency(project: Project, member: Member, as_of: datetime) -> Row:
    """Of the items they were given a second time without being told: how often they answered as the first time."""
    found = repeats_of(project, member.pk, as_of=as_of)
    questions = {
        key: share_of(share.right, share.n, counted="same", share="share") for key, share in found.questions.items()
    }
    return {"n_items": found.n_items, "questions": questions}


def _period(subject: dict[str, Any]) -> dict[str, Any]:
    return {"from": subject["from"], "to": subject["to"]}


def _stored_rows(project: Project, name: str) -> tuple[list[Row], datetime]:
    analysis = latest_analysis(project, with_agreement=True)
    if analysis is None:
        raise AnalysisNeeded
    figures = AgreementFigure.objects.filter(analysis=analysis, by="profile", group={"annotator": name})
    return [figure.row for figure in figures.order_by("question")], analysis.as_of


def profile_rows(table: LabelTable, key: str, *, only: str | None = None) -> list[Row]:
    """The part of one question for each annotator with labels (or for one): O(labels) for all of them together.

    `confusion[others' label][own label]` counts, for each label that somebody else gave to the same item, 1 / the
    number of others. `severity` (ratings): mean difference to the others' mean on the item, in points.
    `seconds`: median, and how many times as long as the others on the same items.
    """
    question, ratings = table.question(key), table.ratings(key)
    others = ratings.item_value_counts()[ratings.item].astype(np.float64)
    others[np.arange(ratings.n_labels), ratings.value] -= 1
    n_others = others.sum(axis=1)
    shares: FloatArray = np.divide(others, n_others[:, None], out=np.zeros_like(others), where=n_others[:, None] > 0)
    pace = _pace(ratings)
    rows = []
    for code, name in enumerate(table.names):
        mine = np.flatnonzero(ratings.annotator == code)
        if not len(mine) or (only is not None and name != only):
            continue
        counts = np.bincount(ratings.value[mine], minlength=ratings.n_values)
        confusion = np.zeros((ratings.n_values, ratings.n_values))
        np.add.at(confusion.T, ratings.value[mine], shares[mine])
        shared = mine[n_others[mine] > 0]
        rows.append({
            "annotator": name, "question": key, "n_labels": len(mine), "n_shared": len(shared),
            "agreement_with_others": _mean(shares[shared, ratings.value[shared]]),
            "prevalence": _by_value(question.keys, counts / len(mine)),
            "confusion": {truth: _by_value(question.keys, confusion[k]) for k, truth in enumerate(question.keys)},
            "severity": _severity(ratings, shares, shared), "speed": _speed(ratings, pace, mine),
        })  # fmt: skip
    return rows


def _by_value(keys: tuple[str, ...], numbers: Any) -> dict[str, float]:
    return {key: round(float(number), 6) for key, number in zip(keys, numbers, strict=True)}


def _mean(values: FloatArray) -> float | None:
    return float(values.mean()) if len(values) else None


def _severity(ratings: Ratings, shares: FloatArray, shared: Any) -> dict[str, float] | None:
    if ratings.levels is None or len(shared) < 2:
        return None
    difference = ratings.levels[ratings.value[shared]] - shares[shared] @ ratings.levels
    half = 1.96 * float(difference.std(ddof=1)) / len(shared) ** 0.5
    mean = float(difference.mean())
    return {"points": mean, "low": mean - half, "high": mean + half}


def _pace(ratings: Ratings) -> FloatArray:
    """Log seconds of each label minus the item's mean log seconds of the others; nan where not known."""
    seconds = ratings.seconds if ratings.seconds is not None else np.full(ratings.n_labels, np.nan)
    known = np.isfinite(seconds) & (seconds > 0)
    logs = np.log(np.where(known, seconds, 1.0)) * known
    total = np.bincount(ratings.item, weights=logs, minlength=ratings.n_items)[ratings.item] - logs
    n = np.bincount(ratings.item, weights=known, minlength=ratings.n_items)[ratings.item] - known
    pace: FloatArray = np.full(ratings.n_labels, np.nan)
    both = known & (n > 0)
    pace[both] = logs[both] - total[both] / n[both]
    return pace


def _speed(ratings: Ratings, pace: FloatArray, mine: Any) -> dict[str, float | int | None]:
    seconds = ratings.seconds[mine] if ratings.seconds is not None else np.full(len(mine), np.nan)
    known, own = seconds[np.isfinite(seconds)], pace[mine][np.isfinite(pace[mine])]
    return {
        "median_seconds": float(np.median(known)) if len(known) else None,
        "times_as_long_as_others": float(np.exp(np.median(own))) if len(own) else None,
        "n": len(known),
    }
