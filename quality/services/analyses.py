"""One analysis: read the labels of an instant, measure agreement, look for problems, store all of it at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np

from accounts.errors import FieldError, InvalidInput
from accounts.models import User
from annotation.models import Project
from annotation.services.write_lock import hold_for_writing
from operations.models import Job
from operations.services.jobs import JobRun, enqueue_job
from quality.code_version import code_version
from quality.models import AgreementFigure, Analysis
from quality.ratings_loader import (
    ALL_ROUNDS,
    LATEST,
    CodedQuestion,
    LabelTable,
    cohort_groupings,
    item_texts,
    load_labels,
    slice_groupings,
)
from quality.selectors.analyses import latest_analysis
from quality.services.accuracies import accuracies_of, store_accuracies
from quality.services.agreement import groupings_of
from quality.services.agreement_groups import scope_for
from quality.services.agreement_rows import agreement_rows
from quality.services.clause_rows import clause_rows
from quality.services.contract_measures import Measure, measure_contracts, store_measures
from quality.services.finding_drafts import FindingDraft, draft_finding
from quality.services.findings import record_findings
from quality.services.job_lease import instant_for_job, lease_kept
from quality.services.profiles import profile_rows
from quality.stats.findings import KINDS as FINDING_KINDS
from quality.stats.findings import FindingsReport, find_problems
from quality.stats.ratings import Ratings

KINDS = ("agreement", *FINDING_KINDS)
DISTINCT_TIMES = 20  # fewer tell when the labels were brought in, not when they were given
SHOWN_DOUBTFUL = 200
MAX_NOT_TESTED = 500


def request_analysis(
    *, actor: User | None, project: Project, kinds: Sequence[str] = KINDS, fdr: float = 0.05, reason: str = "asked"
) -> Job:
    """Queue an analysis; while one of the same kinds waits or runs, that one. InvalidInput for an unknown kind."""
    chosen = [kind for kind in KINDS if kind in kinds]
    unknown = sorted(set(kinds) - set(KINDS))
    if unknown or not chosen:
        raise InvalidInput(errors=[FieldError("kinds", "unknown", f"Allowed: {', '.join(KINDS)}.")])
    if not 0 < fdr <= 0.5:
        raise InvalidInput(errors=[FieldError("fdr", "range", "Above 0, at most 0.5.")])
    return enqueue_job(
        actor=actor, kind="analysis", scope=f"project:{project.slug}",
        payload={"project": project.pk, "kinds": chosen, "fdr": fdr, "reason": reason},
        dedupe_key=f"analysis:{project.pk}:{','.join(chosen)}:{fdr}",
    )  # fmt: skip


@dataclass(frozen=True)
class Steering:
    """What the queue is steered by from now on: how right people are, how far slices are behind their contracts."""

    accuracies: dict[int, float]
    contracts: list[Measure]


@dataclass(frozen=True)
class Measured:
    """What an analysis computed, before anything is stored."""

    project: Project
    kinds: list[str]
    fdr: float
    table: LabelTable
    figures: list[AgreementFigure]
    drafts: list[FindingDraft]
    summary: dict[str, Any]
    seed: int
    input_sha256: str
    steering: Steering


def run_analysis(run: JobRun) -> None:
    """The job `analysis`: ends with the analysis, its figures and its findings stored together, or with nothing."""
    payload = run.job.payload
    project = Project.objects.select_related("guideline").get(pk=payload["project"])
    with lease_kept(run):
        as_of = instant_for_job(run, project.pk)
        measured = measure(project, as_of, payload["kinds"], payload["fdr"], run)
    with run.finishing() as finish:
        at = hold_for_writing(project.pk)
        finish(store(measured, actor=run.job.created_by, at=at))


def measure(project: Project, as_of: datetime, kinds: list[str], fdr: float, run: JobRun | None = None) -> Measured:
    """Compute an analysis. The seed comes from the project and what was read: the same input gives the same numbers."""
    table = load_labels(project, as_of=as_of, scope=LATEST)
    digest = table.sha256()
    seed = int(digest[:12], 16) ^ project.pk
    steps = len(table.questions) * 2
    figures: list[AgreementFigure] = []
    drafts: list[FindingDraft] = []
    summary = _summary(table)
    wanted = [kind for kind in FINDING_KINDS if kind in kinds]
    slice_groupings(table, project.slices)  # read once for all tables
    everything = load_labels(project, as_of=as_of, scope=ALL_ROUNDS) if "agreement" in kinds else table
    texts = item_texts(table) if "hotspots" in kinds and table.questions else None
    for number, question in enumerate(table.questions):
        if "agreement" in kinds:
            figures += _figures(table, everything, question)
            _report(run, 2 * number + 1, steps)
        if wanted:
            report = _problems(table, question, wanted, fdr, np.random.default_rng([seed, number]), texts)
            drafts += [draft_finding(found, table, question) for found in report.findings]
            _describe(summary, report, table, question)
        _report(run, 2 * number + 2, steps)
    steering = Steering(accuracies_of(table), measure_contracts(table))
    return Measured(project, kinds, fdr, table, figures, drafts, summary, seed, digest, steering)


def store(measured: Measured, *, actor: User | None, at: datetime) -> dict[str, Any]:
    """Store an analysis and bring the findings in line, unless a newer instant was analysed already."""
    project = measured.project
    newest = latest_analysis(project)
    analysis = Analysis.objects.create(
        project=project, kinds=measured.kinds, fdr=measured.fdr, as_of=measured.table.as_of, seed=measured.seed,
        input_sha256=measured.input_sha256, code_version=code_version(), summary=measured.summary, created_by=actor,
    )  # fmt: skip
    for figure in measured.figures:
        figure.analysis = analysis
    AgreementFigure.objects.bulk_create(measured.figures, batch_size=2000)
    seen = []
    if newest is None or newest.as_of <= analysis.as_of:
        versions = measured.table.versions
        seen = record_findings(
            analysis=analysis, drafts=measured.drafts, guideline_version=versions[-1] if versions else "", at=at,
            kinds=[kind for kind in measured.kinds if kind != "agreement"],
        )  # fmt: skip
        store_measures(measured.steering.contracts, analysis.as_of)
        store_accuracies(project, measured.steering.accuracies)
    return {
        "analysis": str(analysis.pk),
        "as_of": analysis.as_of.isoformat().replace("+00:00", "Z"),
        "input_sha256": analysis.input_sha256,
        "guideline_versions": list(measured.table.versions),
        "findings": [{"id": str(f.pk), "kind": f.kind, "subject": f.subject, "state": f.state} for f in seen],
    }


def _figures(table: LabelTable, everything: LabelTable, question: CodedQuestion) -> Iterator[AgreementFigure]:
    for by in groupings_of(table.project, table):
        source = table if scope_for(by, LATEST) == LATEST else everything
        for position, row in enumerate(agreement_rows(source, question.key, by)):
            yield AgreementFigure(question=question.key, by=by, position=position, group=row["group"], row=row)
    for position, row in enumerate(profile_rows(table, question.key)):
        group = {"annotator": row["annotator"]}
        yield AgreementFigure(question=question.key, by="profile", position=position, group=group, row=row)
    for position, row in enumerate(clause_rows(table, question.key)):
        yield AgreementFigure(
            question=question.key, by="clause", position=position, group={"clause": row["clause"]}, row=row
        )


def _problems(
    table: LabelTable, question: CodedQuestion, kinds: Sequence[str], fdr: float, rng: np.random.Generator,
    texts: list[str] | None,
) -> FindingsReport:  # fmt: skip
    ratings = _with_telling_times(table.ratings(question.key))
    return find_problems(
        ratings, rng=rng, fdr=fdr, kinds=kinds, slices=slice_groupings(table, table.project.slices),
        cohorts=cohort_groupings(table), texts=texts,
    )  # fmt: skip


def _with_telling_times(ratings: Ratings) -> Ratings:
    """Labels brought in at one moment have no order in time; a drift seen in them would be one of item numbers."""
    if ratings.time is None or len(np.unique(ratings.time)) >= DISTINCT_TIMES:
        return ratings
    return replace(ratings, time=None)


def _summary(table: LabelTable) -> dict[str, Any]:
    return {
        "labels": table.n_labels, "items": len(table.item_ids), "annotators": len(table.names),
        "questions": [question.key for question in table.questions], "rounds": table.items_per_round(),
        "groupings": groupings_of(table.project, table), "guideline_versions": list(table.versions),
        "tested": {}, "not_tested": [], "notes": [], "doubtful": {},
    }  # fmt: skip


def _describe(summary: dict[str, Any], report: FindingsReport, table: LabelTable, question: CodedQuestion) -> None:
    """What was tested, what could not be and why, and which items are most doubtful."""
    summary["tested"][question.key] = dict(report.tested)
    for entry in report.not_tested[: MAX_NOT_TESTED - len(summary["not_tested"])]:
        summary["not_tested"].append({
            "question": question.key, "kind": entry.kind, "reason": entry.reason.sentence,
            "annotator": None if entry.annotator is None else table.names[entry.annotator],
            "cohort": dict([entry.cohort]) if entry.cohort else None,
            "slice": dict([entry.slice]) if entry.slice else None,
        })  # fmt: skip
    summary["notes"] += [{"question": question.key, "code": n.code, "note": n.sentence} for n in report.notes]
    doubtful = [code for code in report.relabel_order[:SHOWN_DOUBTFUL].tolist() if report.relabel_score[code] > 0]
    summary["doubtful"][question.key] = table.external_ids(doubtful)


def _report(run: JobRun | None, done: int, total: int) -> None:
    if run is not None:
        run.report(done, total)
