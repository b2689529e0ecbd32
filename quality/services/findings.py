"""Findings over time: what an analysis opens, sees again or no longer sees, and what people decide."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.errors import FieldError, InvalidInput
from accounts.models import User
from accounts.services.audit import record_event
from annotation.models import Project
from annotation.services.write_lock import hold_for_writing
from quality.models import Analysis, Finding, FindingEvent
from quality.services.finding_drafts import FindingDraft

State = Finding.State


def record_findings(
    *, analysis: Analysis, drafts: Sequence[FindingDraft], kinds: Sequence[str], guideline_version: str, at: datetime
) -> list[Finding]:
    """Bring the project's findings of these kinds in line with what an analysis saw; returns those it saw.

    New ones open; known ones are updated, and a resolved one that is seen again opens again; a dismissed one stays
    dismissed. One that was looked for and not seen is resolved. Runs in the caller's transaction, which holds the
    project's write lock; `at` is its time. Twice with the same drafts changes nothing the second time.
    """
    known = {
        finding.key: finding
        for finding in Finding.objects.select_for_update(no_key=True).filter(project=analysis.project, kind__in=kinds)
    }
    last = _last_figures(list(known.values()))
    events: list[FindingEvent] = []
    seen = []
    for draft in drafts:
        finding = known.pop(draft.key, None)
        if finding is None:
            finding = _open(analysis, draft, guideline_version, at)
            events.append(_event(finding, State.OPEN, "", draft.figures(), at))
        else:
            events += _update(finding, analysis, draft, guideline_version, at, last.get(finding.pk))
        seen.append(finding)
    for finding in known.values():
        events += _resolve_unseen(finding, analysis, at, last.get(finding.pk, {}))
    FindingEvent.objects.bulk_create(events)
    return seen


def _open(analysis: Analysis, draft: FindingDraft, version: str, at: datetime) -> Finding:
    return Finding.objects.create(
        project=analysis.project, kind=draft.kind, key=draft.key, first_analysis=analysis, last_analysis=analysis,
        opened_at=at, updated_at=at, guideline_version=version, **_columns(draft),
    )  # fmt: skip


def _columns(draft: FindingDraft) -> dict[str, Any]:
    return {
        name: getattr(draft, name)
        for name in (
            "subject", "effect", "low", "high", "p_value", "p_adjusted", "n", "method", "weight", "facts", "evidence",
        )
    }  # fmt: skip


def _update(
    finding: Finding, analysis: Analysis, draft: FindingDraft, version: str, at: datetime, last: dict[str, Any] | None
) -> list[FindingEvent]:
    is_back = finding.state == State.RESOLVED
    for name, value in _columns(draft).items():
        setattr(finding, name, value)
    finding.last_analysis, finding.updated_at, finding.guideline_version = analysis, at, version
    if is_back:
        finding.state = State.OPEN
    finding.save()
    if not is_back and last == draft.figures():
        return []
    note = "Seen again." if is_back else "Its figures changed."
    return [_event(finding, finding.state, note, draft.figures(), at)]


def _resolve_unseen(finding: Finding, analysis: Analysis, at: datetime, last: dict[str, Any]) -> list[FindingEvent]:
    if finding.state not in {State.OPEN, State.ACKNOWLEDGED}:
        return []
    finding.state, finding.updated_at, finding.last_analysis = State.RESOLVED, at, analysis
    finding.save(update_fields=["state", "updated_at", "last_analysis"])
    return [_event(finding, State.RESOLVED, "The newest analysis looked again and no longer sees it.", last, at)]


def _event(
    finding: Finding, state: str, note: str, figures: dict[str, Any], at: datetime, actor: User | None = None
) -> FindingEvent:
    return FindingEvent(finding=finding, state=state, note=note, figures=figures, at=at, actor=actor)


def _last_figures(findings: Sequence[Finding]) -> dict[int, dict[str, Any]]:
    """The figures of each finding's last event. One query."""
    events = FindingEvent.objects.filter(finding__in=findings).order_by("finding_id", "-id").distinct("finding_id")
    return {event.finding_id: event.figures for event in events}


def change_finding(*, actor: User, project: Project, finding_id: int, state: str, note: str = "") -> Finding:
    """Store a person's decision on a finding with its reason. A dismissal needs one."""
    if state == State.DISMISSED and not note.strip():
        raise InvalidInput(errors=[FieldError("note", "required", "Say why it is dismissed.")])
    with transaction.atomic():
        at = hold_for_writing(project.pk)
        finding = Finding.objects.select_for_update(no_key=True).get(pk=finding_id, project=project)
        if finding.state != state or note:
            figures = _last_figures([finding]).get(finding.pk, {})
            finding.state, finding.updated_at = State(state), at
            finding.save(update_fields=["state", "updated_at"])
            _event(finding, state, note, figures, at, actor).save()
            record_event(
                actor=actor, action="finding.decided", scope=f"project:{project.slug}", target=str(finding.pk),
                facts={"state": state},
            )  # fmt: skip
    return finding
