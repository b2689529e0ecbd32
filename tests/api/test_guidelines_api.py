"""The calls of the API's contract for guidelines: what they answer, to whom, and what they refuse."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEvent, User
from guidelines.content import content_sha256, parse_content
from guidelines.models import Guideline, GuidelineDraft, GuidelineVersion
from tests.factories.guidelines import INTENT

Api = Callable[..., Client]
URL = "/api/v1/guidelines/"


def put(client: Client, slug: str, body: Any, tag: str | None) -> Any:
    headers = {} if tag is None else {"If-Match": tag}
    return client.put(f"{URL}{slug}/draft/", body, content_type="application/json", headers=headers)


def post(client: Client, path: str, body: Any, **headers: str) -> Any:
    return client.post(URL + path, body, content_type="application/json", headers=headers)


@pytest.fixture
def fresh(api: Api, lea: User) -> Guideline:
    """lea's guideline as POST makes it: an empty draft, nothing published."""
    assert post(api(lea), "", {"slug": "fresh", "title": "Fresh"}).status_code == 201
    return Guideline.objects.get(slug="fresh")


def test_whoever_may_start_projects_makes_a_guideline_and_may_edit_it(api: Api, lea: User) -> None:
    response = post(api(lea), "", {"slug": "tone", "title": " Tone of voice "})

    assert response.status_code == 201
    assert response.json() | {"created_at": ""} == {
        "slug": "tone", "title": "Tone of voice", "current_version": None, "is_editable": True,
        "created_by": "lea", "created_at": "",
    }  # fmt: skip
    draft = api(lea).get(f"{URL}tone/draft/")
    assert draft.json() == {"clauses": [], "questions": [], "examples": [], "change_note": ""}
    assert draft.headers["ETag"] == '"1"'


def test_an_annotator_makes_no_guideline(api: Api, ana: User) -> None:
    assert post(api(ana), "", {"slug": "tone", "title": "Tone"}).status_code == 403
    assert not Guideline.objects.exists()


def test_a_repeated_post_with_one_idempotency_key_makes_one_guideline(api: Api, lea: User) -> None:
    client = api(lea)
    first, second = (post(client, "", {"slug": "tone", "title": "Tone"}, **{"Idempotency-Key": "k1"}) for _ in range(2))

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert Guideline.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"slug": "a b", "title": "T"}, "slug"),
        ({"slug": "../x", "title": "T"}, "slug"),
        ({"slug": "t", "title": ""}, "title"),
        ({"slug": "t", "title": "two\nlines"}, "title"),
        ({"slug": "t", "title": "T", "id": 7}, "id"),
        ({"slug": "t", "title": "T", "created_by": "olga"}, "created_by"),
        ({"title": "T"}, "slug"),
    ],
)
def test_a_bad_guideline_is_refused_at_its_field(api: Api, lea: User, body: dict[str, Any], path: str) -> None:
    response = post(api(lea), "", body)

    assert response.status_code == 400
    assert [error["path"] for error in response.json()["errors"]] == [path]
    assert not Guideline.objects.exists()


def test_a_short_name_is_given_once(api: Api, lea: User, guideline: Guideline) -> None:
    response = post(api(lea), "", {"slug": guideline.slug, "title": "Another"})

    assert (response.status_code, response.json()["code"]) == (409, "slug_taken")
    assert Guideline.objects.get().title == "Support"


def test_the_list_holds_what_one_may_read(
    api: Api, lea: User, eve: User, olga: User, ana: User, project: object, guideline: Guideline
) -> None:
    def listed(user: User) -> list[tuple[str, str, bool]]:
        rows = api(user).get(URL).json()["results"]
        return [(row["slug"], row["current_version"], row["is_editable"]) for row in rows]

    assert listed(lea) == listed(olga) == [("support", "1.0", True)]
    assert listed(ana) == [("support", "1.0", False)]
    assert listed(eve) == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "draft/"), ("put", "draft/"), ("post", "publish/"), ("get", "versions/"), ("get", "versions/1.0/"),
        ("get", "diff/?from=1.0&to=1.0"),
    ],
)  # fmt: skip
def test_for_a_stranger_a_guideline_is_not_there(
    api: Api, eve: User, guideline: Guideline, method: str, path: str
) -> None:
    client = api(eve)
    mine = getattr(client, method)(f"{URL}support/{path}", content_type="application/json")
    none = getattr(client, method)(f"{URL}nothing/{path}", content_type="application/json")

    assert (mine.status_code, mine.json()["code"]) == (404, "not_found")
    assert mine.json() | {"request_id": ""} == none.json() | {"request_id": ""}


def test_a_reader_reads_versions_but_no_draft(api: Api, ana: User, project: object) -> None:
    client = api(ana)

    assert client.get(f"{URL}support/versions/1.0/").status_code == 200
    assert client.get(f"{URL}support/draft/").status_code == 403
    assert put(client, "support", INTENT, '"1"').status_code == 403
    assert post(client, "support/publish/", {"level": "minor", "change_note": "x"}).status_code == 403
    assert GuidelineVersion.objects.count() == 1


def test_a_token_needs_the_scope_manage_to_write_and_read_to_read(api: Api, lea: User, guideline: Guideline) -> None:
    assert api(lea, "read").get(f"{URL}support/draft/").status_code == 200
    assert put(api(lea, "read"), "support", INTENT, '"1"').status_code == 403
    assert api(lea, "manage").get(f"{URL}support/draft/").status_code == 403


def test_a_draft_can_be_read_changed_and_sent_back(api: Api, lea: User, fresh: Guideline) -> None:
    client = api(lea)
    saved = put(client, "fresh", INTENT | {"change_note": "first"}, '"1"')

    assert saved.status_code == 200
    assert saved.headers["ETag"] == '"2"'
    shown = client.get(f"{URL}fresh/draft/")
    assert shown.json() == saved.json()
    assert [clause["key"] for clause in shown.json()["clauses"]] == ["C1", "C3"]
    assert shown.json()["change_note"] == "first"
    again = put(client, "fresh", shown.json(), shown.headers["ETag"])
    assert (again.status_code, again.headers["ETag"]) == (200, '"2"')  # the same text is no new revision


def test_a_stale_draft_is_refused_with_the_revision_it_has_now(api: Api, lea: User, fresh: Guideline) -> None:
    client = api(lea)
    put(client, "fresh", INTENT, '"1"')

    late = put(client, "fresh", {"clauses": [], "questions": [], "examples": []}, '"1"')

    assert late.status_code == 412
    assert (late.json()["code"], late.json()["revision"]) == ("precondition_failed", 2)
    assert len(client.get(f"{URL}fresh/draft/").json()["questions"]) == 2


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        (None, "precondition_required"), ("*", "precondition_failed"), ("1", "precondition_failed"),
        ('"1", "2"', "precondition_failed"), ('"x"', "precondition_failed"), (f'"{10**20}"', "precondition_failed"),
    ],
)  # fmt: skip
def test_a_draft_is_never_overwritten_without_one_etag(
    api: Api, lea: User, fresh: Guideline, tag: str | None, code: str
) -> None:
    response = put(api(lea), "fresh", INTENT, tag)

    assert (response.status_code, response.json()["code"]) == (412, code)
    assert GuidelineDraft.objects.get(guideline=fresh).revision == 1


def test_a_tag_that_a_proxy_made_weak_still_names_its_revision(api: Api, lea: User, fresh: Guideline) -> None:
    assert put(api(lea), "fresh", INTENT, 'W/"1"').status_code == 200


def test_bad_content_is_refused_with_the_path_of_each_problem(api: Api, lea: User, fresh: Guideline) -> None:
    content = {
        "clauses": [{"key": "C1", "title": "One", "body": "", "parent": "C9"}],
        "questions": [{"key": "q", "type": "choice", "options": [{"key": "a", "clauses": ["C7"]}, {"key": "A"}]}],
        "examples": [{"kind": "odd", "text": "x"}],
    }
    response = put(api(lea), "fresh", content, '"1"')

    assert response.status_code == 400
    paths = {error["path"] for error in response.json()["errors"]}
    assert {"clauses[0].parent", "questions[0].options[0].clauses[0]", "examples[0].kind"} <= paths
    assert GuidelineDraft.objects.get(guideline=fresh).revision == 1


@pytest.mark.parametrize("field", ["revision", "sha256", "number", "published_at", "id"])
def test_fields_that_are_not_the_writers_are_refused(api: Api, lea: User, fresh: Guideline, field: str) -> None:
    assert put(api(lea), "fresh", INTENT | {field: 1}, '"1"').status_code == 400
    publish = post(api(lea), "fresh/publish/", {"level": "major", "change_note": "x", field: 1})
    assert publish.status_code == 400
    assert not GuidelineVersion.objects.exists()


def test_publishing_numbers_and_freezes_the_draft(api: Api, lea: User, fresh: Guideline) -> None:
    client = api(lea)
    put(client, "fresh", INTENT, '"1"')

    response = post(client, "fresh/publish/", {"level": "minor", "change_note": "First text"})

    assert response.status_code == 201
    body = response.json()
    assert (body["number"], body["level"], body["published_by"]) == ("1.0", "major", "lea")
    assert body["published_at"].endswith("Z")
    assert body["sha256"] == content_sha256(parse_content(INTENT))
    assert client.get(f"{URL}fresh/versions/1.0/").json() == body
    assert client.get(f"{URL}fresh/versions/").json() == {"results": [body], "next": None}
    assert AuditEvent.objects.filter(action="guideline.published", actor=lea, target="1.0").count() == 1


def test_publishing_what_is_published_is_refused(api: Api, lea: User, fresh: Guideline) -> None:
    client = api(lea)
    put(client, "fresh", INTENT, '"1"')
    post(client, "fresh/publish/", {"level": "major", "change_note": "First"})

    again = post(client, "fresh/publish/", {"level": "major", "change_note": "Second"})

    assert (again.status_code, again.json()["code"]) == (409, "nothing_to_publish")
    assert GuidelineVersion.objects.count() == 1


def test_publishing_with_if_match_publishes_only_what_was_seen(api: Api, lea: User, fresh: Guideline) -> None:
    client = api(lea)
    put(client, "fresh", INTENT, '"1"')

    stale = post(client, "fresh/publish/", {"level": "major", "change_note": "x"}, **{"If-Match": '"1"'})
    seen = post(client, "fresh/publish/", {"level": "major", "change_note": "x"}, **{"If-Match": '"2"'})

    assert (stale.status_code, stale.json()["revision"]) == (412, 2)
    assert (seen.status_code, seen.json()["number"]) == (201, "1.0")


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"level": "huge", "change_note": "x"}, "level"),
        ({"change_note": "x"}, "level"),
        ({"level": "major"}, "change_note"),
        ({"level": "major", "change_note": "  "}, "change_note"),
        ({"level": "major", "change_note": "x" * 5001}, "change_note"),
        ({"level": "major", "change_note": "x", "label_migrations": {}}, "label_migrations"),
    ],
)
def test_a_bad_publish_is_refused(api: Api, lea: User, fresh: Guideline, body: dict[str, Any], path: str) -> None:
    client = api(lea)
    put(client, "fresh", INTENT, '"1"')

    response = post(client, "fresh/publish/", body)

    assert response.status_code == 400
    assert [error["path"] for error in response.json()["errors"]] == [path]
    assert not GuidelineVersion.objects.exists()


@pytest.mark.parametrize("number", ["9.9", "1", "1.0.0", "01.0", "x", "1.00", "99999999999999999999.0", "%00"])
def test_a_version_that_is_not_there_is_a_404(api: Api, lea: User, guideline: Guideline, number: str) -> None:
    assert api(lea).get(f"{URL}support/versions/{number}/").status_code == 404


def test_versions_come_in_pages(api: Api, lea: User, fresh: Guideline) -> None:
    client = api(lea)
    for revision, title in [(1, "One"), (3, "Two"), (5, "Three")]:
        clauses = [{"key": "C1", "title": title, "body": "", "parent": None}]
        assert (
            put(client, "fresh", INTENT | {"clauses": [*clauses, INTENT["clauses"][1]]}, f'"{revision}"').status_code
            == 200
        )
        assert post(client, "fresh/publish/", {"level": "minor", "change_note": title}).status_code == 201

    first = client.get(f"{URL}fresh/versions/?limit=2").json()
    rest = client.get(first["next"]).json()

    assert [version["number"] for version in first["results"] + rest["results"]] == ["1.0", "1.1", "1.2"]
    assert rest["next"] is None


@pytest.fixture
def twice(api: Api, lea: User, fresh: Guideline) -> Guideline:
    """Version 1.0, version 2.0 with another title and definition, and a draft with one clause more."""
    client = api(lea)
    put(client, "fresh", INTENT, '"1"')
    post(client, "fresh/publish/", {"level": "major", "change_note": "First"})
    changed = client.get(f"{URL}fresh/draft/").json()
    changed["clauses"][0]["title"] = "Read the entire message"
    changed["questions"][0]["options"][0]["definition"] = "Wants nothing back."
    assert put(client, "fresh", changed, '"3"').status_code == 200
    post(client, "fresh/publish/", {"level": "major", "change_note": "Second"})
    changed["clauses"].append({"key": "C4", "title": "New", "body": "", "parent": "C1"})
    assert put(client, "fresh", changed, '"5"').status_code == 200
    return fresh


def test_the_difference_of_two_versions_is_told_by_key(api: Api, lea: User, twice: Guideline) -> None:
    body = api(lea).get(f"{URL}fresh/diff/?from=1.0&to=2.0").json()

    assert (body["from"], body["to"], body["suggested_level"]) == ("1.0", "2.0", "major")
    assert body["reason"] == "Option refund of intent changed its definition."
    (clause,) = body["clauses"]
    assert (clause["key"], clause["change"]) == ("C1", "changed")
    assert clause["title"] == [
        {"op": "equal", "text": "Read the "}, {"op": "delete", "text": "whole"}, {"op": "insert", "text": "entire"},
        {"op": "equal", "text": " message"},
    ]  # fmt: skip
    (question,) = body["questions"]
    (option,) = question["options"]
    assert (question["key"], option["key"], option["change"]) == ("intent", "refund", "changed")
    assert [field["field"] for field in option["fields"]] == ["definition"]
    assert body["examples"] == []


def test_editors_compare_the_draft(api: Api, lea: User, twice: Guideline) -> None:
    body = api(lea).get(f"{URL}fresh/diff/?from=2.0&to=draft").json()

    assert [(clause["key"], clause["change"], clause["new_parent"]) for clause in body["clauses"]] == [
        ("C4", "added", "C1")
    ]


def test_readers_do_not_see_the_draft_in_a_difference(api: Api, ana: User, project: object) -> None:
    client = api(ana)

    assert client.get(f"{URL}support/diff/?from=1.0&to=1.0").status_code == 200
    assert client.get(f"{URL}support/diff/?from=1.0&to=draft").status_code == 403


@pytest.mark.parametrize(
    ("query", "status"),
    [("", 400), ("from=1.0", 400), ("from=1.0&to=9.9", 404), ("from=1.0&to=2.0&x=1", 400), ("from=1.0&to=%00", 400)],
)
def test_a_difference_of_nothing_is_refused(api: Api, lea: User, twice: Guideline, query: str, status: int) -> None:
    assert api(lea).get(f"{URL}fresh/diff/?{query}").status_code == status


def put_file(client: Client, text: str, tag: str | None) -> Any:
    headers = {} if tag is None else {"If-Match": tag}
    return client.put(f"{URL}fresh/draft/file/", text, content_type="application/yaml", headers=headers)


def test_a_draft_goes_out_and_in_as_a_file(api: Api, lea: User, fresh: Guideline) -> None:
    client = api(lea)
    put(client, "fresh", INTENT | {"change_note": "First"}, '"1"')

    file = client.get(f"{URL}fresh/draft/file/")
    stale = put_file(client, file.text, '"1"')
    unseen = put_file(client, file.text, None)
    stored = put_file(client, file.text.replace("Refund or", "Money or"), file.headers["ETag"])

    assert (stale.status_code, unseen.status_code, stored.status_code) == (412, 412, 200)
    assert stored.json()["clauses"][1]["title"] == "Money or billing error"
    assert stored.headers["ETag"] == '"3"'
    assert post(client, "fresh/publish/", {"level": "major"}).status_code == 201
    version = client.get(f"{URL}fresh/versions/1.0/file/")
    assert version.headers["ETag"].strip('"') in version.text


def test_a_bad_file_is_refused_by_line_and_rule(api: Api, lea: User, fresh: Guideline) -> None:
    response = put_file(api(lea), "format: concord-guideline/1\nclauses:\n- key: 1\n  title: x\n", '"1"')

    assert response.status_code == 400
    assert response.json()["code"] == "bad_file"
    assert response.json()["errors"] == [
        {"path": "clauses[0].key", "code": "not_text", "detail": "line 3: key must be text"}
    ]
    assert GuidelineDraft.objects.get().revision == 1


def test_comments_are_made_answered_and_resolved(api: Api, lea: User, fresh: Guideline) -> None:
    client = api(lea)
    put(client, "fresh", INTENT, '"1"')

    first = post(client, "fresh/comments/", {"text": "Why?", "kind": "clause", "key": "C1"}).json()
    answer = post(client, "fresh/comments/", {"text": "So.", "answers": int(first["id"])})
    done = post(client, f"fresh/comments/{first['id']}/resolve/", {})

    assert (answer.status_code, answer.json()["answers"], answer.json()["key"]) == (201, first["id"], "C1")
    assert (done.status_code, done.json()["resolved_by"]) == (200, "lea")
    assert [row["text"] for row in client.get(f"{URL}fresh/comments/").json()["results"]] == ["Why?", "So."]
    assert post(client, f"fresh/comments/{first['id']}/reopen/", {}).json()["resolved_at"] is None
    wrong = post(client, "fresh/comments/", {"text": "x", "kind": "clause", "key": "C9"})
    assert (wrong.status_code, wrong.json()["errors"][0]["path"]) == (400, "key")


def test_comments_are_for_those_who_may_edit(api: Api, lea: User, ana: User, eve: User, project: object) -> None:
    for user, status in ((ana, 403), (eve, 404)):
        assert api(user).get(f"{URL}support/comments/").status_code == status
        assert post(api(user), "support/comments/", {"text": "x"}).status_code == status
