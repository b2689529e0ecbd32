"""Every API address, every method, nobody signed in and one signed in as a stranger: a refusal, never a 5xx."""

import re
import uuid

import pytest
from django.test import Client

from accounts.models import User
from annotation.models import Project
from tests.architecture.test_every_view_declares_its_capability import ALL
from tests.factories.accounts import token_for

PLACES = {"uuid": str(uuid.uuid4()), "int": "1"}
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]


def filled(route: str, slug: str) -> str:
    def value(match: re.Match[str]) -> str:
        kind, _, name = match.group(1).rpartition(":")
        return slug if name == "slug" else PLACES.get(kind, "1")

    return "/" + re.sub(r"<([^>]+)>", value, route)


ROUTES = [route for route, _ in ALL if route.startswith("api/v1/")]


@pytest.mark.parametrize("slug", ["intents", "support", "nul\x00", "nosuch"])
def test_no_api_address_answers_5xx(slug: str, project: Project, eve: User) -> None:
    stranger = Client(headers={"Authorization": f"Token {token_for(eve)}"}, raise_request_exception=False)
    nobody = Client(raise_request_exception=False)

    answers = {
        (route, method, who): client.generic(method, filled(route, slug)).status_code
        for route in ROUTES
        for method in METHODS
        for who, client in (("nobody", nobody), ("stranger", stranger))
    }

    assert {place: status for place, status in answers.items() if status >= 500} == {}
