"""One annotator, beside others on the same items. Leads and engineers see anybody, annotators themselves.

What an annotator sees of themselves is as of the last analysis, without gold and without items: figures that move with
each answer, or that know the right ones, would tell which items are gold and what peers said.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.errors import NotFound
from accounts.permissions import Capability
from annotation.models import Member
from annotation.selectors.access import ProjectAccess
from annotation.selectors.gold import newest_questions
from annotation.selectors.people import activity_of, own_activity, person_of
from frontend.guard import project_page
from frontend.navigation import url_if_there
from frontend.reading.findings import finding_row
from frontend.reading.item_gists import item_gists
from frontend.reading.profiles import ProfilePart, gold_plot, profile_part, repeats_plot
from quality.models import Finding
from quality.ratings_loader import CodedQuestion, NoQuestions, load_questions
from quality.selectors.evidence import disagreements_of
from quality.services.agreement import AnalysisNeeded, agreement_table, database_now
from quality.services.profiles import annotator_profile

DISAGREEMENTS = 8


@require_GET
@project_page(Capability.VIEW_PROJECT)
def profile(request: HttpRequest, access: ProjectAccess, member_id: int) -> HttpResponse:
    member = person_of(access.project, member_id) if member_id < 2**63 else None
    sees_all = access.allows(Capability.VIEW_QUALITY)
    if member is None or not (sees_all or (access.member is not None and access.member.pk == member.pk)):
        raise NotFound
    context: dict[str, Any] = {
        "member": member,
        "activity": activity_of([member])[member.pk] if sees_all else own_activity(member),
        "is_own": not sees_all,
        "parts": [],
        "is_waiting": False,
    }
    try:
        questions = load_questions(access.project, database_now())
        found = annotator_profile(access.project, member.name, stored_only=not sees_all)
    except NoQuestions:
        return render(request, "quality/profile.html", context)
    except AnalysisNeeded:
        return render(request, "quality/profile.html", context | {"is_waiting": True})
    context |= {"as_of": found["as_of"], "parts": _parts(access, member, found["questions"], questions)}
    if sees_all:
        context |= _for_leads(access, member, found, questions)
    return render(request, "quality/profile.html", context)


def _parts(
    access: ProjectAccess, member: Member, rows: list[dict[str, Any]], questions: tuple[CodedQuestion, ...]
) -> list[ProfilePart]:
    asked = {question.key: question for question in questions}
    return [
        profile_part(row, asked[row["question"]], _agreement_of(access, member, row["question"]))
        for row in rows
        if row["question"] in asked
    ]


def _agreement_of(access: ProjectAccess, member: Member, key: str) -> dict[str, Any] | None:
    table = agreement_table(access.project, question=key, by="annotator")
    return next((row for row in table.rows if row["group"]["annotator"] == member.name), None)


def _for_leads(
    access: ProjectAccess, member: Member, found: dict[str, Any], questions: tuple[CodedQuestion, ...]
) -> dict[str, Any]:
    """Findings that name the person, how they do on gold and on items met again, items others see differently."""
    ids = [int(entry["id"]) for entry in found["findings"]]
    findings = Finding.objects.filter(pk__in=ids).order_by("-weight", "pk").defer("evidence")
    project = access.project
    disagreements = []
    for question in questions:
        items = disagreements_of(project, member.pk, question.key, most=DISAGREEMENTS)
        if items:
            disagreements.append((question.question, item_gists(project, items, [question.question])))
    titles = {question.key: question.title for question in newest_questions(project, found["as_of"])}
    may_manage = access.allows(Capability.MANAGE_MEMBERS)
    return {
        "findings": [finding_row(finding) for finding in findings], "disagreements": disagreements,
        "gold": gold_plot(found["gold"], titles), "repeats": repeats_plot(found["consistency"], titles),
        "manage_url": url_if_there("person", project.slug, member.pk) if may_manage else "",
    }  # fmt: skip
