"""Where a person's role in a project is looked up, once, for page, API and job alike."""

from dataclasses import dataclass

from accounts.errors import Conflict, Forbidden, NotFound
from accounts.models import User
from accounts.permissions import Capability, Role, role_allows
from accounts.prepared import Columns, Prepared, first_row
from annotation.models import Member, Project
from guidelines.models import Guideline


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


_PROJECT = Columns(Project, "project")
_GUIDELINE = Columns(Guideline, "guideline")
_MEMBER = Columns(Member, "member")
_ACCESS = Prepared(
    "concord_access",
    f"""
    SELECT {_PROJECT.sql}, {_GUIDELINE.sql}, {_MEMBER.sql}
    FROM annotation_project project
    JOIN guidelines_guideline guideline ON guideline.id = project.guideline_id
    LEFT JOIN annotation_member member
        ON member.project_id = project.id AND member.user_id = %(user)s AND member.is_active
    WHERE project.slug = %(slug)s
    """,  # noqa: S608  (our own names)
    {"user": "bigint", "slug": "varchar"},
)


def project_access(user: User, slug: str, capability: Capability) -> ProjectAccess:
    """The user's access to a project. NotFound for a stranger, Forbidden for a member whose role lacks it.

    One query.
    """
    row = first_row(_ACCESS, {"user": user.pk, "slug": slug})
    if row is None:
        raise NotFound
    raw_guideline, raw_member = row[len(_PROJECT) :][: len(_GUIDELINE)], row[len(_PROJECT) + len(_GUIDELINE) :]
    project: Project = _PROJECT.instance(row[: len(_PROJECT)])
    project.guideline = _GUIDELINE.instance(raw_guideline)
    return _granted(user, project, _MEMBER.instance(raw_member) if raw_member[0] is not None else None, capability)


def access_to(user: User, project: Project, capability: Capability) -> ProjectAccess:
    """The same where the project has been loaded already."""
    member = Member.objects.filter(project=project, user=user, is_active=True).first()
    return _granted(user, project, member, capability)


def _granted(user: User, project: Project, member: Member | None, capability: Capability) -> ProjectAccess:
    if member is None and not user.is_owner:
        raise NotFound
    role = Role.OWNER if user.is_owner or member is None else Role(member.role)
    if not role_allows(role, capability):
        raise Forbidden
    return ProjectAccess(project, user, member, role)
