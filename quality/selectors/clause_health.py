"""What is stored about the clauses of a guideline: who cited them, which findings name them, what was asked."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection

from accounts.models import User
from accounts.permissions import Capability, Role, role_allows
from annotation.models import Member, Project
from annotation.selectors.labels import IS_LABEL
from guidelines.models import Guideline
from guidelines.selectors.clarifications import clarification_counts
from quality.models import Finding

_COUNTING = f"""
    a.project_id = ANY(%s) AND a.annotator_kind = 'human' AND a.occurrence = 1 AND a.superseded_at IS NULL
    AND {IS_LABEL}
"""
_TOTALS = f"""
    SELECT count(*), count(*) FILTER (WHERE jsonb_array_length(a.clauses) > 0)
    FROM annotation_annotation a WHERE {_COUNTING}
"""  # noqa: S608  (our own text)
_BY_CLAUSE = f"""
    SELECT named.key, count(*) FROM annotation_annotation a
    CROSS JOIN LATERAL (SELECT DISTINCT jsonb_array_elements_text(a.clauses) AS key) named
    WHERE {_COUNTING} AND a.clauses <> '[]'::jsonb GROUP BY named.key
"""  # noqa: S608  (our own text)


@dataclass(frozen=True)
class Citations:
    """People's labels that count now, those that name any clause, and those that name each."""

    labels: int
    naming: int
    by_clause: dict[str, int]


def judged_projects(user: User, guideline: Guideline) -> list[Project]:
    """The projects under a guideline whose quality this person may see, by title. Two queries at most."""
    projects = Project.objects.filter(guideline=guideline).order_by("title", "pk")
    if user.is_owner:
        return list(projects)
    roles = Member.objects.filter(user=user, is_active=True, project__guideline=guideline)
    pairs = roles.values_list("project", "role")
    allowed = {project for project, role in pairs if role_allows(Role(role), Capability.VIEW_QUALITY)}
    return list(projects.filter(pk__in=allowed)) if allowed else []


def citations(projects: Collection[Project]) -> Citations:
    """Two queries whatever their number. A label that names a clause twice names it once."""
    ids = [project.pk for project in projects]
    with connection.cursor() as cursor:
        cursor.execute(_TOTALS, [ids])
        labels, naming = cursor.fetchone()
        cursor.execute(_BY_CLAUSE, [ids])
        return Citations(labels, naming, dict(cursor.fetchall()))


def open_findings_by_clause(projects: Collection[Project]) -> dict[str, list[Finding]]:
    """Open findings that name a clause, those that touch most labels first. One query."""
    found: dict[str, list[Finding]] = defaultdict(list)
    findings = Finding.objects.filter(
        project__in=projects, state=Finding.State.OPEN, subject__has_key="clause"
    ).select_related("project").defer("evidence").order_by("-weight", "pk")  # fmt: skip
    for finding in findings:
        found[str(finding.subject["clause"])].append(finding)
    return found


def questions_by_clause(guideline: Guideline) -> dict[str, int]:
    """How many questions people asked about each clause. One query."""
    return {clause: counts.asked for clause, counts in clarification_counts(guideline.pk).items()}
