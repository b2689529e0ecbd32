"""Agreement: one headline, rows by a chosen grouping, labels, confusions, pairs; every table also as CSV."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.errors import DomainError, InvalidInput, NotFound
from accounts.permissions import Capability
from annotation.formats.writers import write_csv
from annotation.models import Member, Project
from annotation.selectors.access import ProjectAccess
from annotation.selectors.gold import newest_questions
from frontend.guard import project_page
from frontend.navigation import url_if_there
from frontend.paging import keyset_page
from frontend.reading import agreement as reading
from frontend.reading.agreement_tables import confusion_plot, figure_csv, figure_table, pair_matrix
from frontend.reading.anchoring import anchoring_parts
from frontend.reading.item_gists import item_gists
from frontend.reading.jobs import ShownJob, shown_job
from guidelines.selectors.versions import versions_of
from operations.models import Job
from quality.models import Analysis
from quality.ratings_loader import CodedQuestion, NoQuestions, load_questions
from quality.selectors.confusions import items_called_both
from quality.selectors.headline import Measured, last_measured
from quality.services.agreement import (
    AgreementTable,
    AnalysisNeeded,
    agreement_table,
    check_grouping,
    database_now,
    groupings_of,
)
from quality.services.agreement_row import METRICS, main_distance
from quality.services.analyses import request_analysis
from quality.services.anchoring import anchoring
from quality.services.confusions import confusions, question_of

ITEMS_A_PAGE = 50


@dataclass(frozen=True)
class Asked:
    """What the address asks for: a question, a grouping, a metric; each with its first choice where none is given."""

    question: CodedQuestion
    by: str
    metric: str
    errors: tuple[str, ...] = ()

    def query(self, **changes: str) -> str:
        return "?" + urlencode({"question": self.question.key, "by": self.by, "metric": self.metric} | changes)


@require_GET
@project_page(Capability.VIEW_QUALITY)
def agreement(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    project = access.project
    measured = last_measured(project)
    context: dict[str, Any] = {
        "measured": measured, "job": analysis_job(measured, project.slug),
        "may_run": access.allows(Capability.RUN_QUALITY),
    }  # fmt: skip
    try:
        questions = load_questions(project, database_now())
    except NoQuestions:
        return render(request, "quality/agreement_empty.html", context | {"why": "no_questions"})
    if not questions or not measured.has_labels:
        return render(request, "quality/agreement_empty.html", context | {"why": "no_labels" if questions else "text"})
    asked = _asked(request, project, questions)
    try:
        context |= _figures(project, asked, measured)
    except AnalysisNeeded:
        return render(request, "quality/agreement_empty.html", context | {"why": "large"})
    titles = {question.key: question.title for question in newest_questions(project, None)}
    context |= {"asked": asked, "switches": _switches(project, questions, asked, measured.analysis),
                "anchoring": anchoring_parts(anchoring(project), titles)}  # fmt: skip
    return render(request, "quality/agreement.html", context, status=422 if asked.errors else 200)


def analysis_job(measured: Measured, slug: str) -> ShownJob | None:
    """The last analysis while it waits or runs, or if it failed and none succeeded since."""
    job = measured.job
    if job is None or job.state in {Job.State.SUCCEEDED, Job.State.CANCELLED}:
        return None
    return shown_job(job, slug)


def _asked(request: HttpRequest, project: Project, questions: tuple[CodedQuestion, ...]) -> Asked:
    """The filters of the address; one that is unknown is named and its first choice taken."""
    errors = []
    wanted = request.GET.get("question") or questions[0].key
    question = next((q for q in questions if q.key == wanted), None)
    if question is None:
        question = questions[0]
        errors.append(_("There is no such question here; this is the first one."))
    by = request.GET.get("by") or _first_grouping(project)
    try:
        check_grouping(project, by)
    except InvalidInput:
        by = _first_grouping(project)
        errors.append(_("There is no such grouping here."))
    metric = request.GET.get("metric") or _first_metric(by)
    if metric not in METRICS:
        metric = _first_metric(by)
        errors.append(_("There is no such figure."))
    return Asked(question, by, metric, tuple(errors))


def _first_grouping(project: Project) -> str:
    return f"slice:{project.slices[0]}" if project.slices else "label"


def _first_metric(by: str) -> str:
    """Alpha; of one person against the others it has no interval, the share of agreeing pairs has one."""
    return "percent_agreement" if by == "annotator" else "krippendorff_alpha"


def _figures(project: Project, asked: Asked, measured: Measured) -> dict[str, Any]:
    question = asked.question
    # Before the first analysis every table is measured here and now; pairs are the costly one, so only when asked for.
    shown = ("overall", asked.by, "label", "pair") if measured.analysis else ("overall", asked.by, "label")
    tables = {by: _table(project, question, by) for by in dict.fromkeys(shown)}
    overall, chosen = tables["overall"].rows[0], tables[asked.by]
    is_shown_below = asked.by in {"overall", "label", "pair"}
    below = asked.metric if asked.by in {"label", "pair"} else "krippendorff_alpha"
    marks = _publications(project) if asked.by == "week" else {}
    hrefs = _hrefs(project, asked, chosen)
    return {
        "as_of": chosen.as_of, "is_stale": chosen.is_stale, "overall": overall,
        "alpha": reading.read_metric(overall, "krippendorff_alpha", main_distance(question)),
        "sentence": reading.headline_sentence(overall, question),
        "headlines": [
            (reading.METRIC_NAMES[name], reading.read_metric(overall, name, main_distance(question)))
            for name in ("percent_agreement", "gwet_ac2" if question.is_ordinal else "gwet_ac1")
        ],
        "chosen": None if is_shown_below else reading.group_plot(
            chosen, question, asked.metric, hrefs, overall, marks
        ),
        "labels": reading.group_plot(tables["label"], question, below, _label_hrefs(project, question)),
        "pairs": pair_matrix(tables["pair"], question, below) if "pair" in tables else None,
        "has_pairs": "pair" in tables,
        "below": reading.METRIC_NAMES[below],
        "confusions": confusion_plot(confusions(project, question.key), _opener(project, question)),
        "table": figure_table(chosen, question), "pair_url": asked.query(by="pair", metric="krippendorff_alpha"),
    }  # fmt: skip


def _table(project: Project, question: CodedQuestion, by: str) -> AgreementTable:
    return agreement_table(project, question=question.key, by=by)


def _publications(project: Project) -> dict[str, str]:
    """Which versions were published in which ISO week."""
    marks: dict[str, str] = {}
    for version in versions_of(project.guideline).order_by("sequence"):
        year, week, _day = version.published_at.isocalendar()
        name = f"{year}-W{week:02d}"
        marks[name] = f"{marks[name]}, {version.number}" if name in marks else version.number
    return marks


def _hrefs(project: Project, asked: Asked, table: AgreementTable) -> dict[str, str]:
    """Where a row's name leads: the items of a slice or label, the profile of a person."""
    name, _colon, key = asked.by.partition(":")
    items = url_if_there("items", project.slug)
    if name == "slice" and items:
        values = [str(row["group"][key]) for row in table.rows]
        return {value: f"{items}?{urlencode({f'slice.{key}': value})}" for value in values}
    if name == "annotator":
        people = Member.objects.filter(project=project, name__in=[row["group"]["annotator"] for row in table.rows])
        return {member.name: reverse("profile", args=[project.slug, member.pk]) for member in people}
    return {}


def _label_hrefs(project: Project, question: CodedQuestion) -> dict[str, str]:
    items = url_if_there("items", project.slug)
    if not items or question.question.type == "choices":
        return {}
    labels = zip(question.labels, question.stored, strict=True)
    return {label: f"{items}?{urlencode({f'label.{question.key}': stored})}" for label, stored in labels}


def _opener(project: Project, question: CodedQuestion) -> Any:
    base = reverse("agreement-items", args=[project.slug])
    return lambda a, b: f"{base}?{urlencode({'question': question.key, 'a': a, 'b': b})}"


@dataclass(frozen=True)
class Choice:
    url: str
    label: str
    current: bool


def _switches(
    project: Project, questions: tuple[CodedQuestion, ...], asked: Asked, analysis: Analysis | None
) -> dict[str, list[Choice]]:
    """The three switches as links, so that an address says what it shows."""
    groupings = analysis.summary["groupings"] if analysis else _groupings(project)
    return {
        "questions": [
            Choice(asked.query(question=q.key), q.question.title, q.key == asked.question.key) for q in questions
        ],
        "groupings": [
            Choice(asked.query(by=by, metric=_first_metric(by)), reading.grouping_menu(by), by == asked.by)
            for by in groupings
            if by != "overall"
        ],
        "metrics": [
            Choice(asked.query(metric=name), str(reading.METRIC_NAMES[name]), name == asked.metric)
            for name in reading.metrics_of(asked.question)
        ],
    }


def _groupings(project: Project) -> list[str]:
    cohorts = {key for cohorts in Member.objects.filter(project=project).values_list("cohorts", flat=True)
               for key in cohorts}  # fmt: skip
    return [*groupings_of(project), *(f"cohort:{key}" for key in sorted(cohorts))]


@require_POST
@project_page(Capability.RUN_QUALITY)
def analyse(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Queue an analysis; with htmx its progress comes back at once, without it the page shows it."""
    job = request_analysis(actor=access.user, project=access.project)
    if request.headers.get("HX-Request") == "true":
        return render(request, "quality/_job.html", {"shown": shown_job(job, access.project.slug)})
    messages.info(request, _("The analysis is queued; this page shows how far it is."))
    return redirect("findings" if request.POST.get("from") == "findings" else "agreement", access.project.slug)


@require_GET
@project_page(Capability.VIEW_QUALITY)
def agreement_csv(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """One table as CSV that a spreadsheet opens without running anything: `table` is figures or confusions."""
    project = access.project
    try:
        question = question_of(project, request.GET.get("question", ""))
        if request.GET.get("table") == "confusions":
            found = confusions(project, question.key)
            rows = [[label, *counts] for label, counts in zip(question.keys, found.counts, strict=True)]
            return _csv(project, f"{question.key}-confusions", ["says \\ others say", *question.keys], rows)
        table = _table(project, question, request.GET.get("by", "overall"))
    except (InvalidInput, AnalysisNeeded, NoQuestions) as refusal:
        return _refused(refusal)
    header, lines = figure_csv(table, question)
    return _csv(project, f"{question.key}-by-{table.by}", header, lines)


def _csv(project: Project, name: str, header: list[str], rows: Any) -> HttpResponse:
    safe = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in f"{project.slug}-{name}")
    body = b"".join(write_csv(header, rows, spreadsheet_safe=True))
    response = HttpResponse(body, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{safe[:120]}.csv"'
    return response


def _refused(refusal: DomainError) -> HttpResponse:
    words = " ".join([refusal.detail, *(error.detail for error in refusal.errors)])
    return HttpResponse(words, status=refusal.status, content_type="text/plain; charset=utf-8")


@require_GET
@project_page(Capability.VIEW_QUALITY)
def agreement_items(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """The items behind one cell of the confusions."""
    project, given = access.project, request.GET
    try:
        question = question_of(project, given.get("question", ""))
    except (InvalidInput, NoQuestions) as refusal:
        raise NotFound from refusal
    names = dict(zip(question.stored, question.labels, strict=True))
    a, b = given.get("a", ""), given.get("b", "")
    if a not in names or b not in names:
        raise NotFound
    found = items_called_both(project, question.question, a, b)
    page = keyset_page(request, found, size=ITEMS_A_PAGE)
    context = {
        "question": question.question, "a": names[a], "b": names[b], "page": page, "n": found.count(),
        "rows": item_gists(project, page.rows, [question.question]),
    }  # fmt: skip
    return render(request, "quality/agreement_items.html", context)
