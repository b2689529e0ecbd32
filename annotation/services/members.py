"""Who is in a project: joining, changing, pausing and leaving. Labels stay whatever happens to their author."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from accounts.errors import Conflict, FieldError, Forbidden, InvalidInput
from accounts.models import User
from accounts.services.audit import record_event
from annotation.models import Member, Project
from annotation.services.clock import forget
from annotation.services.leases import free_seats_of
from annotation.services.member_checks import LONGEST_REASON, checked_cohorts, checked_pause_reason, checked_skills
from guidelines.models import GuidelineGrant
from guidelines.services.grants import grant_access, revoke_access


class AlreadyAMember(Conflict):
    code = "already_a_member"
    sentence = "This person is a member of the project already."


# Who goes on after a pause is not paused again for the gold answers that were given before it.
_NOT_PAUSED: dict[str, Any] = {
    "paused_at": None, "pause_reason": "", "pause_evidence": None, "gold_judged_from": Now(),
}  # fmt: skip


class OnlyOwnersMakeOwners(Forbidden):
    code = "only_owners_make_owners"
    sentence = "Owners, and what concerns their membership, are for owners to decide."


def join(project: Project, user: User, role: str, **details: Any) -> Member:
    """The user's membership with what goes with the role: the guideline right, and for a lead the right to start
    projects. Somebody brought in by name with labels made elsewhere becomes this user; who left comes back."""
    member = _earlier_self(project, user) or Member(project=project, name=user.username)
    member.user, member.role, member.is_active = user, role, True
    member.kind = Member.Kind.MODEL if user.kind == User.Kind.MODEL else Member.Kind.HUMAN
    for name, value in details.items():
        setattr(member, name, value)
    member.save()
    _give_rights(project, user, role)
    return member


def _earlier_self(project: Project, user: User) -> Member | None:
    earlier = Member.objects.select_for_update(no_key=True).filter(project=project)
    member = earlier.filter(user=user).first() or earlier.filter(name=user.username, user=None).first()
    if member is None:
        return None
    if member.user_id is not None and member.is_active:
        raise AlreadyAMember
    if member.kind != user.kind:
        raise Conflict(f"{member.name!r} is a {member.kind} in this project, and this user is a {user.kind}.")
    return member


def _give_rights(project: Project, user: User, role: str) -> None:
    leads = role in {Member.Role.LEAD, Member.Role.OWNER}
    level = GuidelineGrant.Level.EDIT if leads else GuidelineGrant.Level.READ
    grant_access(guideline=project.guideline, user=user, level=level, source=_source(project))
    if leads and not user.may_start_projects:
        User.objects.filter(pk=user.pk).update(may_start_projects=True)


def _source(project: Project) -> str:
    return f"project:{project.slug}"


def add_member(
    *, actor: User, project: Project, role: str, username: str | None = None, email: str | None = None,
    cohorts: Mapping[str, Any] | None = None, skills: Sequence[str] = (),
) -> Member:  # fmt: skip
    """A new membership of an active user, found by username or by email; exactly one of the two is given.

    Only an owner makes an owner. A model can be an annotator only; it never gets anything from the queue.
    """
    user = _active_user(username, email)
    details = {"cohorts": checked_cohorts(cohorts or {}), "skills": checked_skills(skills)}
    _check_role(actor, user, role)
    try:
        with transaction.atomic():
            member = join(project, user, role, **details, **_NOT_PAUSED)
            _record(actor, project, "member.added", member, {"role": role})
    except IntegrityError as error:
        raise AlreadyAMember("Somebody of this name is in the project already.") from error
    return member


def _active_user(username: str | None, email: str | None) -> User:
    if (username is None) == (email is None):
        raise InvalidInput(errors=[FieldError("username", "one_of", "Give a username or an email, one of the two.")])
    path, value = ("username", username) if username is not None else ("email", email)
    lookup = {"username": value} if path == "username" else {"email__iexact": value}
    users = list(User.objects.filter(is_active=True, **lookup)[:2])
    if len(users) != 1:
        why = "No active user has it; an owner makes users." if not users else "Several users have it; give a username."
        raise InvalidInput(errors=[FieldError(path, "unknown_user" if not users else "ambiguous", why)])
    return users[0]


def _check_role(actor: User, user: User | None, role: str) -> None:
    if role not in Member.Role.values:
        known = ", ".join(Member.Role.values)
        raise InvalidInput(errors=[FieldError("role", "unknown", f"One of: {known}.")])
    if role == Member.Role.OWNER and not actor.is_owner:
        raise OnlyOwnersMakeOwners
    if user is not None and user.kind == User.Kind.MODEL and role != Member.Role.ANNOTATOR:
        raise InvalidInput(errors=[FieldError("role", "model", "A model can only be an annotator.")])


def update_member(
    *, actor: User, member: Member, role: str | None = None, cohorts: Mapping[str, Any] | None = None,
    skills: Sequence[str] | None = None, paused: bool | None = None, pause_reason: str | None = None,
) -> Member:  # fmt: skip
    """The member with what is given changed.

    A pause ends what they hold, with its draft kept for them. Going on after one takes back its reason and evidence.
    """
    with transaction.atomic():
        member = _locked(actor, member)
        before, takes_before = member.role, (member.cohorts, member.skills)
        if role is not None and role != before:
            _change_role(actor, member, role)
        if cohorts is not None:
            member.cohorts = checked_cohorts(cohorts)
        if skills is not None:
            member.skills = checked_skills(skills)
        facts: dict[str, Any] = {"role": member.role, "role_before": before}
        if paused is not None or pause_reason is not None:
            facts |= _pause(member, paused, pause_reason)
        member.save()
        if (member.cohorts, member.skills) != takes_before:
            facts |= {"skills": member.skills, "cohorts": sorted(member.cohorts)}
        member.refresh_from_db(fields=["paused_at", "gold_judged_from"])
        forget(member)  # other lanes may be open to them now
        _record(actor, member.project, "member.changed", member, facts)
    return member


def _locked(actor: User, member: Member) -> Member:
    """The member's row, locked: they claim nothing while they are being changed."""
    locked = Member.objects.select_for_update(no_key=True, of=("self",)).select_related("project__guideline", "user")
    member = locked.get(pk=member.pk)
    concerns_owner = member.role == Member.Role.OWNER or (member.user is not None and member.user.is_owner)
    if concerns_owner and not actor.is_owner:
        raise OnlyOwnersMakeOwners
    return member


def _change_role(actor: User, member: Member, role: str) -> None:
    _check_role(actor, member.user, role)
    if member.kind == Member.Kind.MODEL and role != Member.Role.ANNOTATOR:
        raise InvalidInput(errors=[FieldError("role", "model", "A model can only be an annotator.")])
    member.role = role
    if member.user is not None and member.is_active:
        _give_rights(member.project, member.user, role)


def _pause(member: Member, paused: bool | None, reason: str | None) -> dict[str, Any]:
    if reason is not None:
        member.pause_reason = checked_pause_reason(reason)
    if paused is None:
        return {}
    if not paused:
        was_paused = member.paused_at is not None
        for name, value in (_NOT_PAUSED if was_paused else {"pause_reason": ""}).items():
            setattr(member, name, value)
        return {"paused": False}
    if member.paused_at is None:
        member.paused_at = Now()
    return {"paused": True, "leases_released": free_seats_of(member)}


def pause_by_rule(member: Member, *, reason: str, evidence: Mapping[str, Any]) -> bool:
    """Pause somebody because of what was measured; nobody has decided it, so the audit event names no actor.

    False, and nothing changed, for who is paused, has left, or was resumed since `member` was read: then the
    evidence is not of now.
    """
    with transaction.atomic():
        locked = Member.objects.select_for_update(no_key=True, of=("self",)).select_related("project")
        now = locked.get(pk=member.pk)
        if not now.is_active or now.paused_at is not None or now.gold_judged_from != member.gold_judged_from:
            return False
        now.paused_at, now.pause_reason, now.pause_evidence = Now(), reason[:LONGEST_REASON], dict(evidence)
        now.save(update_fields=["paused_at", "pause_reason", "pause_evidence"])
        facts = {"paused": True, "by_rule": True, "leases_released": free_seats_of(now)}
        _record(None, now.project, "member.changed", now, facts)
    return True


def remove_member(*, actor: User, member: Member) -> Member:
    """End the membership: their leases are released and the guideline right goes; their labels stay theirs."""
    with transaction.atomic():
        member = _locked(actor, member)
        if not member.is_active:
            return member
        member.is_active = False
        member.save(update_fields=["is_active"])
        released = free_seats_of(member)
        if member.user is not None:
            revoke_access(guideline=member.project.guideline, user=member.user, source=_source(member.project))
        _record(actor, member.project, "member.removed", member, {"role": member.role, "leases_released": released})
    return member


def _record(actor: User | None, project: Project, action: str, member: Member, facts: dict[str, Any]) -> None:
    record_event(actor=actor, action=action, scope=f"project:{project.slug}", target=member.name, facts=facts)
