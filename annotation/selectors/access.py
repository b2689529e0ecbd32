"""Where a person's role in a project is looked up, once, for page, API and job alike."""

from dataclasses import dataclass

from accounts.errors import Conflict, Forbidden, NotFound
from accounts.models import User
from accounts.permissions import Capability, Role, role_allows
from annotation.models import Member, Project


class NotAMember(Conflict):
    code = "not_a_member"
    sentence = "You are not a member of this project; add yourself as one to label in it."


@dataclass(frozen=True)
class ProjectAccess:
    """A user in a project: their membership (owners may have none) and role."""

    project: Project
    user: User
    member: Member | None
    role: Role

    def allows(self, capability: Capability) -> bool:
        return role_allows(self.role, capability)

    @property
    def annotator(self) -> Member:
        """The membership under which this user labels; a refusal for an owner who is no member."""
        if self.member is None:
            raise NotAMember
        return self.member


def project_access(user: User, slug: str, capability: Capability) -> ProjectAccess:
    """The user's access to a project. NotFound for a stranger, Forbidden for a member whose role lacks it.

    Two queries.
    """
    project = Project.objects.select_related("guideline").filter(slug=slug).first()
    if project is None:
        raise NotFound
    return access_to(user, project, capability)


def access_to(user: User, project: Project, capability: Capability) -> ProjectAccess:
    member = Member.objects.filter(project=project, user=user, is_active=True).first()
    if member is None and not user.is_owner:
        raise NotFound
    role = Role.OWNER if user.is_owner or member is None else Role(member.role)
    if not role_allows(role, capability):
        raise Forbidden
    return ProjectAccess(project, user, member, role)
