from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest


@dataclass(frozen=True)
class OurSite:
    """What mails call this installation. Not from the request: a stranger chooses its Host."""

    name: str
    domain: str


class ClosedSignupAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Nobody makes an account for themselves: an owner does, or a lead adds them to a project."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_reset_password_from_key_url(self, key: str) -> str:
        """The link in the mail starts with the configured origin, whatever Host asked for it."""
        return f"{settings.ORIGIN}{urlsplit(super().get_reset_password_from_key_url(key)).path}"

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        site = OurSite("Concord", urlsplit(settings.ORIGIN).netloc)
        self.render_mail(template_prefix, email, {"email": email, "current_site": site} | context).send()
