from django.db.models import QuerySet

from accounts.errors import Forbidden, NotFound
from accounts.models import User
from guidelines.models import Guideline, GuidelineGrant, GuidelineVersion


def guideline_for(user: User, slug: str, *, edit: bool = False) -> Guideline:
    """The guideline, if the user may read (or edit) it. One they may not read is NotFound, like one that is not."""
    guideline = Guideline.objects.filter(slug=slug).first()
    if guideline is None:
        raise NotFound
    if user.is_owner:
        return guideline
    levels = set(GuidelineGrant.objects.filter(guideline=guideline, user=user).values_list("level", flat=True))
    if not levels:
        raise NotFound
    if edit and GuidelineGrant.Level.EDIT not in levels:
        raise Forbidden
    return guideline


def may_edit(user: User, guideline: Guideline) -> bool:
    grants = GuidelineGrant.objects.filter(guideline=guideline, user=user, level=GuidelineGrant.Level.EDIT)
    return user.is_owner or grants.exists()


def editable_guidelines(user: User) -> QuerySet[Guideline]:
    """The guidelines under which the user may start a project."""
    if user.is_owner:
        return Guideline.objects.all()
    grants = GuidelineGrant.objects.filter(user=user, level=GuidelineGrant.Level.EDIT)
    return Guideline.objects.filter(pk__in=grants.values("guideline"))


def current_version(guideline: Guideline) -> GuidelineVersion | None:
    """The newest published version, or None before the first publish."""
    return GuidelineVersion.objects.filter(guideline=guideline).order_by("-sequence").first()
