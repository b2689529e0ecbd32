"""Clause health: all clauses of a guideline, one clause, and the short facts beside its editor."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.errors import Forbidden, NotFound
from accounts.permissions import Capability
from annotation.formats.writers import write_csv
from annotation.models import Project
from frontend.guard import signed_in_user
from frontend.guideline_guard import guideline_page
from frontend.reading import clause_health as reading
from frontend.reading.guidelines import read_clause
from guidelines.models import Guideline
from guidelines.selectors.access import may_edit
from quality.selectors.clause_health import judged_projects
from quality.services.clause_health import clause_health, clause_history, health_table


@dataclass(frozen=True)
class Choice:
    url: str
    label: str
    current: bool


@dataclass(frozen=True)
class Asked:
    """The projects under a guideline that this person may judge, and those of them that the address asks for."""

    all: list[Project]
    chosen: list[Project]
    slug: str

    def query(self, **changes: str) -> str:
        given = ({"project": self.slug} if self.slug else {}) | changes
        return f"?{urlencode(given)}" if given else ""


@require_GET
@guideline_page(Capability.VIEW_QUALITY)
def health(request: HttpRequest, guideline: Guideline) -> HttpResponse:
    """Every clause of the current version; `?sort=` by a column, `?project=` of one project."""
    asked = _asked(request, guideline)
    sort = request.GET.get("sort", "need")
    sort = sort if sort in {*reading.SORTS, "text"} else "need"
    table = health_table(guideline, asked.chosen) if asked.chosen else None
    context = _context(request, guideline, asked) | {"table": table, "sort": sort}
    if table is not None:
        rows = reading.shown_rows(table, sort)
        context |= {
            "rows": rows, "columns": _columns(asked, sort), "csv_query": asked.query(),
            "plot": reading.differ_plot(rows, lambda key: _clause_url(guideline, key) + asked.query()),
        }  # fmt: skip
    return render(request, "clause_health/table.html", context)


@require_GET
@guideline_page(Capability.VIEW_QUALITY)
def health_csv(request: HttpRequest, guideline: Guideline) -> HttpResponse:
    asked = _asked(request, guideline)
    table = health_table(guideline, asked.chosen)
    if table is None:
        raise NotFound
    body = b"".join(write_csv(reading.CSV_HEADER, reading.health_csv(table.rows), spreadsheet_safe=True))
    response = HttpResponse(body, content_type="text/csv; charset=utf-8")
    name = "-".join(filter(None, (guideline.slug, asked.slug, "clause-health")))
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


@require_GET
@guideline_page(Capability.VIEW_QUALITY)
def clause(request: HttpRequest, guideline: Guideline, key: str) -> HttpResponse:
    asked = _asked(request, guideline)
    found = clause_health(guideline, asked.chosen, key)
    context = _context(request, guideline, asked) | {
        "shown": reading.shown_clause(found), "clause": read_clause(found.clause, 0),
        "pairs": reading.shown_pairs(found.pairs, asked.chosen), "findings": reading.shown_findings(found.findings),
        "histories": reading.history_plots(clause_history(guideline, asked.chosen, found)),
        "table_url": reverse("clause-health", args=[guideline.slug]) + asked.query(),
    }  # fmt: skip
    return render(request, "clause_health/clause.html", context)


@require_GET
@guideline_page(Capability.EDIT_GUIDELINE)
def clause_facts(request: HttpRequest, guideline: Guideline, key: str) -> HttpResponse:
    """A fragment for the editor: the figures in short, over the projects whose quality this person may see."""
    projects = judged_projects(signed_in_user(request), guideline)
    shown = None
    if projects:
        with suppress(NotFound):  # a clause of the draft only: said in the fragment
            shown = reading.shown_clause(clause_health(guideline, projects, key))
    return render(
        request, "clause_health/_facts.html", {"guideline": guideline, "projects": projects, "shown": shown}
    )  # fmt: skip


def _asked(request: HttpRequest, guideline: Guideline) -> Asked:
    """Forbidden for a reader who may judge no project; an editor of a guideline without one sees that there is none."""
    user = signed_in_user(request)
    projects = judged_projects(user, guideline)
    if not projects and not (may_edit(user, guideline) and not Project.objects.filter(guideline=guideline).exists()):
        raise Forbidden
    slug = request.GET.get("project", "")
    chosen = [project for project in projects if project.slug == slug] if slug else projects
    if slug and not chosen:
        raise NotFound
    return Asked(projects, chosen, slug)


def _context(request: HttpRequest, guideline: Guideline, asked: Asked) -> dict[str, object]:
    return {
        "guideline": guideline, "tab": "health", "is_editor": may_edit(signed_in_user(request), guideline),
        "sees_health": True, "asked": asked, "projects": asked.chosen, "choices": _choices(asked),
    }  # fmt: skip


def _choices(asked: Asked) -> Sequence[Choice]:
    if len(asked.all) < 2:
        return ()
    each = [Choice(f"?{urlencode({'project': p.slug})}", p.title, p.slug == asked.slug) for p in asked.all]
    return (Choice("?", _("All projects"), not asked.slug), *each)


def _columns(asked: Asked, sort: str) -> list[Choice]:
    names = {
        "text": _("Clause"), "differ": _("People differ"), "questions": _("Questions"),
        "findings": _("Open findings"), "cited": _("Cited"),
    }  # fmt: skip
    return [Choice(asked.query(sort=name), label, name == sort) for name, label in names.items()]


def _clause_url(guideline: Guideline, key: str) -> str:
    return reverse("clause", args=[guideline.slug, key])
