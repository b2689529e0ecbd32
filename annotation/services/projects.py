"""Making a project, changing its settings, pausing and closing it."""

import secrets
from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, transaction

from accounts.errors import Conflict, FieldError, Forbidden, InvalidInput
from accounts.models import User
from accounts.services.audit import record_event
from annotation.models import Member, Project, QueueClock, Round, Routing
from annotation.selectors.contracts import contracts_of
from annotation.services.leases import free_seats_in_project
from annotation.services.members import join
from annotation.services.pairs import recount_meetings
from annotation.services.project_settings import SettingsCheck
from annotation.services.relaning import follow_policy
from annotation.services.rounds import current_major
from annotation.services.routing_settings import update_routing
from guidelines.models import Guideline
from guidelines.selectors.access import may_edit

DEFAULT_OVERLAP: dict[str, Any] = {"labels_per_item": 1}


class ProjectSlugTaken(Conflict):
    code = "slug_taken"
    sentence = "There is already a project of this slug."


def create_project(
    *, actor: User, slug: str, title: str, guideline: Guideline, fields: Sequence[dict[str, Any]] = (),
    slices: Sequence[str] = (), overlap: dict[str, Any] | None = None, lease_seconds: int = 900,
    gold_rate: float = 0.0, allows_amend: bool = True,
) -> Project:  # fmt: skip
    """A new project with its rounds `initial` and `imported`, led by its maker, who may edit the guideline."""
    if not (actor.is_owner or actor.may_start_projects) or not may_edit(actor, guideline):
        raise Forbidden("Projects are made by people who may start them and may edit the guideline.")
    check = SettingsCheck()
    check.slug(slug)
    project = Project(
        slug=slug, title=title, guideline=guideline, created_by=actor, pseudonym_salt=secrets.token_hex(32),
        lease_seconds=lease_seconds, gold_rate=gold_rate, allows_amend=allows_amend, fields=list(fields),
        slices=list(slices), overlap=DEFAULT_OVERLAP if overlap is None else overlap,
    )  # fmt: skip
    _check(check, project)
    try:
        with transaction.atomic():
            project.save(force_insert=True)
            _open_rounds(project)
            Routing.objects.create(project=project)
            QueueClock.objects.create(project=project)
            join(project, actor, Member.Role.LEAD)
            record_event(
                actor=actor, action="project.created", scope=f"project:{slug}", target=slug,
                facts={"guideline": guideline.slug},
            )  # fmt: skip
    except IntegrityError as error:
        raise ProjectSlugTaken from error
    return project


def _check(check: SettingsCheck, project: Project) -> None:
    check.title(project.title)
    project.fields, project.slices = check.fields(project.fields), check.slices(project.slices)
    project.overlap = check.overlap(project.overlap, project.slices)
    check.lease_seconds(project.lease_seconds)
    check.gold_rate(project.gold_rate)
    check.stop_if_wrong()


def _open_rounds(project: Project) -> None:
    major = current_major(project.guideline_id) or 1  # the first version published will be 1.0
    Round.objects.create(project=project, key="initial", kind=Round.Kind.INITIAL, major=major)
    Round.objects.create(project=project, key="imported", kind=Round.Kind.IMPORTED)


MOST_CONTROL = 0.5
CHANGEABLE = ("title", "fields", "slices", "overlap", "lease_seconds", "gold_rate", "allows_amend")


def update_project(*, actor: User, project: Project, **changes: Any) -> Project:
    """The project with the settings in `changes` (of CHANGEABLE). Leases held keep the time they were given.

    A new overlap adds seats to the tasks of open rounds, finished ones too, or withdraws seats nobody holds: answers
    and leases stay.
    """
    if unknown := sorted(set(changes) - set(CHANGEABLE)):
        raise InvalidInput(f"These settings cannot be changed: {', '.join(unknown)}.")
    with transaction.atomic():
        project = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        before = project.overlap
        for name, value in changes.items():
            setattr(project, name, value)
        check = SettingsCheck()
        if {"overlap", "slices"} & set(changes):
            check.contracts(project, contracts_of(project.pk))
        _check(check, project)
        project.save(update_fields=CHANGEABLE)
        seats = follow_policy(project) if project.overlap != before else None
        if "shared_per_pair" in project.overlap and "shared_per_pair" not in before:
            recount_meetings(project.pk)
        facts: dict[str, Any] = {"settings": sorted(changes)}
        if seats is not None:
            facts |= {"overlap": project.overlap, "seats_added": seats.added, "seats_withdrawn": seats.withdrawn}
        record_event(
            actor=actor, action="project.changed", scope=f"project:{project.slug}", target=project.slug, facts=facts
        )  # fmt: skip
    return project


def change_project(
    *, actor: User, project: Project, status: str | None = None, routing: dict[str, Any] | None = None, **changes: Any
) -> Project:
    """Settings, routing and status together: all of it or, if anything is refused, nothing."""
    with transaction.atomic():
        if changes:
            project = update_project(actor=actor, project=project, **changes)
        if routing:
            update_routing(actor=actor, project=project, **routing)
        if changes or routing:
            _check_control_share(project)
        if status is not None:
            project = set_project_status(actor=actor, project=project, status=status)
    return project


def _check_control_share(project: Project) -> None:
    """At least half of what people are given is work. Looked at once both rates are what was asked for."""
    rates = Routing.objects.values_list("project__gold_rate", "repeat_rate").get(project=project)
    if sum(rates) > MOST_CONTROL:
        detail = f"Gold and hidden repeats together at most {MOST_CONTROL:g} of what people are given."
        raise InvalidInput(errors=[FieldError("gold_rate", "range", detail)])


def set_project_status(*, actor: User, project: Project, status: str) -> Project:
    """Pause (nothing is handed out, what is held may be answered), close (leases end, drafts are kept) or resume."""
    with transaction.atomic():
        project = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        if project.status == status:
            return project
        project.status = Project.Status(status)
        project.save(update_fields=["status"])
        released = free_seats_in_project(project.pk) if status == Project.Status.CLOSED else 0
        record_event(
            actor=actor, action=f"project.{status}", scope=f"project:{project.slug}", target=project.slug,
            facts={"leases_released": released},
        )  # fmt: skip
    return project
