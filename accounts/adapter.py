from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest


class ClosedSignupAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Nobody makes an account for themselves: an owner does, or a lead adds them to a project."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def build_absolute_uri(self, request: HttpRequest | None, location: str) -> str:
        """Links in mails start with the configured origin, never with the Host a stranger sent."""
        return f"{settings.ORIGIN}{location}"
