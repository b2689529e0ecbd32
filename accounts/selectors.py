from django.db.models import QuerySet

from accounts.models import ApiToken, User


def tokens_of(user: User) -> QuerySet[ApiToken]:
    """A user's tokens that were not revoked; expired ones are shown as such."""
    return ApiToken.objects.filter(user=user, revoked_at=None)
