"""People for tests. Passwords are cheap here; the services that check them have tests of their own."""

from accounts.models import User
from accounts.services.tokens import create_token

PASSWORD = "a long pass phrase"


def make_user(username: str, **fields: object) -> User:
    user = User(username=username, email=f"{username}@example.org", name=username.capitalize(), **fields)
    user.set_password(PASSWORD)
    user.save()
    return user


def token_for(user: User, *scopes: str) -> str:
    """The secret of a token with the scopes named, or with all of them."""
    _, secret = create_token(actor=user, name="test", scopes=scopes or ("read", "import", "label", "export", "manage"))
    return secret
