import uuid

from accounts.errors import NotFound
from accounts.models import User
from accounts.permissions import Capability, role_allows
from annotation.models import Member
from operations.models import Job


def job_for(user: User, job_id: str) -> Job:
    """A job that the user may see: their own, as an owner any, or one of a project where they may see quality."""
    try:
        job = Job.objects.filter(pk=uuid.UUID(job_id)).first()
    except ValueError as error:
        raise NotFound from error
    if job is None or not (user.is_owner or job.created_by_id == user.pk or _leads_there(user, job)):
        raise NotFound
    return job


def _leads_there(user: User, job: Job) -> bool:
    kind, _, slug = job.scope.partition(":")
    if kind != "project":
        return False
    roles = Member.objects.filter(project__slug=slug, user=user, is_active=True).values_list("role", flat=True)
    return any(role_allows(role, Capability.VIEW_QUALITY) for role in roles)
