from rest_framework.authentication import BaseAuthentication, SessionAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.models import ApiToken, User
from accounts.services.tokens import find_live_token


class ApiTokenAuthentication(BaseAuthentication):
    """`Authorization: Token <secret>`. `request.auth` is the ApiToken."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        words = get_authorization_header(request).split()
        if not words:
            return None
        if len(words) != 2 or words[0].lower() != b"token":
            raise AuthenticationFailed("Send `Authorization: Token <secret>`.")
        if "sessionid" in request.COOKIES:
            raise AuthenticationFailed("Send a token or a session, never both.")
        token = find_live_token(words[1].decode("latin-1"))
        if token is None:
            raise AuthenticationFailed("This token is unknown, revoked or expired.")
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return "Token"


class BrowserSessionAuthentication(SessionAuthentication):
    """The browser's session, with CSRF enforced by the base class."""
