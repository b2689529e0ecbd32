"""A guideline as one file on the pages: out, in with its difference first, and as a start."""

from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import User
from guidelines.content import content_sha256, parse_content
from guidelines.files import read_guideline_file
from guidelines.models import Guideline, GuidelineDraft
from guidelines.services.editing import create_guideline, save_draft
from guidelines.services.publishing import publish_version
from tests.factories.guidelines import INTENT

Visit = Callable[[User], Client]
REPLACE = "/g/support/edit/replace/"


@pytest.fixture
def guide(lea: User) -> Guideline:
    guideline = create_guideline(actor=lea, slug="support", title="Support")
    save_draft(actor=lea, guideline=guideline, content=INTENT, change_note="First", revision=1)
    publish_version(actor=lea, guideline=guideline, level="major", change_note="")
    return guideline


def draft(guideline: Guideline) -> GuidelineDraft:
    return GuidelineDraft.objects.get(guideline=guideline)


def upload(text: str) -> dict[str, object]:
    return {"file": SimpleUploadedFile("guide.yaml", text.encode())}


def test_a_version_and_the_draft_come_as_files_with_the_same_hash(visit: Visit, lea: User, guide: Guideline) -> None:
    version = guide.versions.get()
    for path in ("/g/support/versions/1.0/file/", "/g/support/edit/file/"):
        response = visit(lea).get(path)

        assert response.headers["Content-Type"] == "application/yaml; charset=utf-8"
        assert response.headers["Content-Disposition"].startswith("attachment")
        assert content_sha256(read_guideline_file(response.content).content) == version.sha256
        assert version.sha256 in response.text.splitlines()[0]


def test_readers_get_versions_and_no_draft(visit: Visit, ana: User, eve: User, project: object) -> None:
    assert visit(ana).get("/g/support/versions/1.0/file/").status_code == 200
    assert [visit(ana).get(path).status_code for path in ("/g/support/edit/file/", REPLACE)] == [403, 403]
    assert visit(eve).get("/g/support/versions/1.0/file/").status_code == 404


def test_a_file_shows_its_difference_before_it_replaces_the_draft(visit: Visit, lea: User, guide: Guideline) -> None:
    client = visit(lea)
    text = client.get("/g/support/edit/file/").text.replace("A wrong amount", "Every wrong amount")

    shown = client.post(REPLACE, upload(text))

    assert shown.status_code == 200
    assert "<ins>Every</ins>" in shown.text.replace("\n", "")
    assert "Every" not in str(draft(guide).content)
    confirmed = client.post(REPLACE, {"text": text.replace("\n", "\r\n"), "revision": draft(guide).revision})
    assert confirmed.status_code == 302
    assert draft(guide).content["clauses"][1]["body"] == "Every wrong amount is a billing error."


def test_a_draft_that_changed_meanwhile_is_not_replaced(visit: Visit, lea: User, guide: Guideline) -> None:
    client = visit(lea)
    text = client.get("/g/support/edit/file/").text
    seen = draft(guide).revision
    save_draft(actor=lea, guideline=guide, content=INTENT | {"clauses": INTENT["clauses"] + [
        {"key": "C9", "title": "Newer", "body": "", "parent": None}
    ]}, change_note="", revision=seen)  # fmt: skip

    response = client.post(REPLACE, {"text": text, "revision": seen})

    assert response.status_code == 412
    assert "Newer" in response.text
    assert draft(guide).content["clauses"][2]["key"] == "C9"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the file is empty"),
        ("format: concord-guideline/1\nclauses: 3", "ine 2: clauses must be a list"),
        ("format: concord-guideline/1\nclauses:\n- key: C1\n", "title is needed"),
        ("<script>alert(1)</script>", "a guideline begins with"),
    ],
)
def test_a_bad_file_changes_nothing_and_says_the_line(
    visit: Visit, lea: User, guide: Guideline, text: str, words: str
) -> None:
    before = draft(guide).content
    response = visit(lea).post(REPLACE, upload(text))

    assert response.status_code == 422
    assert words in response.text
    assert draft(guide).content == before


def test_a_new_guideline_starts_from_a_file(visit: Visit, lea: User, guide: Guideline) -> None:
    client = visit(lea)
    text = client.get("/g/support/versions/1.0/file/").text

    made = client.post("/g/new/", {"slug": "copy", "title": "Copy"} | upload(text))
    refused = client.post("/g/new/", {"slug": "bad", "title": "Bad"} | upload("format: x"))

    assert made.status_code == 302
    copy = draft(Guideline.objects.get(slug="copy"))
    assert content_sha256(parse_content(copy.content)) == guide.versions.get().sha256
    assert refused.status_code == 422
    assert "Line 1: format must be" in refused.text
    assert not Guideline.objects.filter(slug="bad").exists()


def test_an_empty_draft_can_start_from_a_file_too(visit: Visit, lea: User) -> None:
    create_guideline(actor=lea, slug="support", title="Support")

    assert "/edit/replace/" in visit(lea).get("/g/support/edit/").text
