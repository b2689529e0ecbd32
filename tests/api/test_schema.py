"""The OpenAPI document says what is there, without a warning, and its reader works under the CSP."""

from collections.abc import Callable

import pytest
from django.core.management import call_command
from django.test import Client

from accounts.models import User

Api = Callable[..., Client]
PATHS = [
    "/api/v1/me/", "/api/v1/users/", "/api/v1/tokens/", "/api/v1/guidelines/{slug}/draft/",
    "/api/v1/guidelines/{slug}/publish/",
    "/api/v1/projects/{slug}/items/", "/api/v1/projects/{slug}/labels/", "/api/v1/projects/{slug}/assignments/claim/",
    "/api/v1/assignments/{assignment_id}/submit/", "/api/v1/projects/{slug}/agreement/",
    "/api/v1/projects/{slug}/findings/",
    "/api/v1/projects/{slug}/campaigns/preview/", "/api/v1/projects/{slug}/snapshots/", "/api/v1/jobs/{job_id}/",
]  # fmt: skip


def test_the_schema_names_the_calls(ana: User, api: Api) -> None:
    answer = api(ana).get("/api/v1/schema/", headers={"Accept": "application/vnd.oai.openapi+json"})

    assert answer.status_code == 200
    assert set(PATHS) <= set(answer.json()["paths"])
    assert {"token", "session"} <= set(answer.json()["components"]["securitySchemes"])


def test_the_schema_is_made_without_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", "/dev/null")


def test_the_reader_needs_sign_in_and_no_inline_script(client: Client, ana: User) -> None:
    assert client.get("/api/docs/")["Location"] == "/accounts/login/?next=/api/docs/"
    refused = client.get("/api/v1/schema/")
    assert (refused.status_code, refused.json()["code"]) == (401, "not_authenticated")
    client.force_login(ana)

    page = client.get("/api/docs/")

    assert page.status_code == 200
    assert "script-src 'self'" in page["Content-Security-Policy"]
    assert b"<script>" not in page.content
