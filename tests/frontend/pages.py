"""What the tests of pages share: a signed-in client."""

from django.test import Client

from accounts.models import User

HTMX = {"HX-Request": "true"}


def browser_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client
