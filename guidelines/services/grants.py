from accounts.models import User
from guidelines.models import Guideline, GuidelineGrant


def grant_access(*, guideline: Guideline, user: User, level: str, source: str) -> None:
    """Let the user read or edit the guideline for the reason `source`; the level of that reason is replaced.

    A person's right is the highest of their reasons, so a project never lowers what another one gave.
    """
    GuidelineGrant.objects.update_or_create(
        guideline=guideline, user=user, source=source, defaults={"level": GuidelineGrant.Level(level)}
    )


def revoke_access(*, guideline: Guideline, user: User, source: str) -> None:
    """Take away what `source` gave; what other reasons gave stays. Safe to repeat."""
    GuidelineGrant.objects.filter(guideline=guideline, user=user, source=source).delete()
