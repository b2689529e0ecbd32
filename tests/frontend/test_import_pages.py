"""Bringing in files from the browser: raw bodies, forms, dry runs, reports by line, history."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import AuditEvent, User
from annotation.models import Annotation, GoldLabel, ImportBatch, ImportIssue, Item, Member, Project, Task
from annotation.services.importing import ItemImporter, read_lines, rehearse_import
from annotation.services.importing.sources import LineFormat
from frontend import uploads
from frontend.uploads import UploadIncomplete, UploadTooLarge, received_upload
from guidelines.services.editing import create_guideline
from tests.factories.annotation import make_item, make_project
from tests.frontend.hostile import HOSTILE, raw_markup
from tests.frontend.pages import HTMX, browser_of

GOOD = b'{"external_id": "i1", "payload": {"text": "one"}}\n{"external_id": "i2", "payload": {"text": "two"}}\n'
BAD = GOOD + b'{"external_id": "i3"}\nnot json\n'
CSV = "external_id,text,language\ni1,\u00e4ins,de\ni2,zwei,de\n"


@pytest.fixture(autouse=True)
def _files_here(settings: Any, tmp_path: Any) -> None:
    settings.FILES_DIR = str(tmp_path)


def send(browser: Client, project: Project, body: bytes, kind: str = "items", **query: str) -> Any:
    """As upload.js sends it: the file is the body."""
    url = reverse("import-send", args=[project.slug, kind])
    return browser.post(url, body, content_type="application/octet-stream", headers=HTMX, query_params=query)


def stored() -> tuple[int, ...]:
    return tuple(
        model.objects.count() for model in (Item, Task, Annotation, Member, GoldLabel, ImportBatch, ImportIssue)
    )


def test_the_page_offers_four_kinds_with_their_columns_and_calls(max_: User, project: Project) -> None:
    browser, url = browser_of(max_), reverse("import", args=[project.slug])

    for kind in ("items", "annotators", "labels", "gold"):
        html = browser.get(url, {"kind": kind}).content.decode()
        assert f"http://testserver/api/v1/projects/intents/{kind}/?on_error=abort" in html
        assert reverse("import-send", args=[project.slug, kind]) in html
    facts = browser.get(url, {"kind": "labels"}).context["facts"]
    assert facts["required"] == ["external_id", "annotator"]
    assert facts["columns"]["intent"] == facts["columns"]["answer.intent"] == "What does the customer want?"
    assert facts["other"] == ""
    assert browser.get(url, {"kind": "users"}).status_code == 404


def test_a_raw_body_is_stored_and_reported(max_: User, project: Project) -> None:
    answer = send(browser_of(max_), project, GOOD, name="mails.ndjson")

    assert answer.status_code == 200
    assert "Stored: 2 new" in answer.content.decode()
    assert list(Item.objects.values_list("external_id", flat=True)) == ["i1", "i2"]
    batch = ImportBatch.objects.get()
    assert (batch.source, batch.created, batch.created_by, batch.is_stored) == ("mails.ndjson", 2, max_, True)


def test_the_same_file_again_brings_nothing_new(max_: User, project: Project) -> None:
    browser = browser_of(max_)
    send(browser, project, GOOD)

    html = send(browser, project, GOOD).content.decode()

    assert "There was nothing new in it" in html
    assert Item.objects.count() == 2


@pytest.mark.parametrize(
    ("name", "wanted", "body"),
    [
        ("a.csv", "auto", CSV.encode()),
        ("a.CSV", "auto", b"\xef\xbb\xbf" + CSV.encode()),
        ("", "auto", CSV.encode()),
        ("", "auto", CSV.encode("utf-16")),
        ("a.txt", "csv", CSV.encode()),
        ("a.jsonl", "auto", GOOD),
        ("", "auto", b"\n " + GOOD),
        ("data.csv.ndjson", "auto", GOOD),
    ],
)
def test_the_format_is_told_by_choice_name_or_first_character(
    max_: User, project: Project, name: str, wanted: str, body: bytes
) -> None:
    answer = send(browser_of(max_), project, body, name=name, format=wanted)

    assert answer.status_code == 200, answer.content.decode()
    assert Item.objects.count() == 2


def test_a_bad_line_stores_nothing_and_says_which_and_why(max_: User, project: Project) -> None:
    answer = send(browser_of(max_), project, BAD)

    html = answer.content.decode()
    assert answer.status_code == 422
    assert "Nothing was stored" in html
    assert "payload is needed" in html
    assert [(error.line, bool(error.detail)) for error in answer.context["outcome"].shown_errors] == [
        (3, True), (4, True),
    ]  # fmt: skip
    assert not Item.objects.exists()


def test_bad_lines_can_be_skipped(max_: User, project: Project) -> None:
    answer = send(browser_of(max_), project, BAD, on_error="skip")

    assert answer.status_code == 200
    assert Item.objects.count() == 2
    assert ImportIssue.objects.count() == 2


@pytest.mark.parametrize(("body", "on_error", "says"), [
    (GOOD, "abort", "All of it can come in"), (BAD, "abort", "2 bad lines"),
    (BAD, "skip", "The good lines can come in"),
])  # fmt: skip
def test_a_dry_run_reports_and_leaves_nothing(
    max_: User, project: Project, body: bytes, on_error: str, says: str
) -> None:
    before = stored(), AuditEvent.objects.count()

    answer = send(browser_of(max_), project, body, on_error=on_error, dry_run="1")

    assert answer.status_code == 200
    assert says in answer.content.decode()
    assert (stored(), AuditEvent.objects.count()) == before


def test_a_dry_run_tells_what_the_run_then_does(max_: User, project: Project) -> None:
    make_item(project, "i1", text="another text")
    browser = browser_of(max_)

    rehearsed = send(browser, project, GOOD, dry_run="1").context["outcome"].report
    done = send(browser, project, GOOD).context["outcome"].report

    assert rehearsed.counts() == done.counts() == {
        "received": 2, "created": 1, "unchanged": 0, "conflicts": 1, "rejected": 0,
    }  # fmt: skip
    assert (rehearsed.batch_id, rehearsed.errors) == (0, done.errors)


def test_labels_and_gold_and_annotators_come_the_same_way(max_: User, project: Project) -> None:
    browser = browser_of(max_)
    send(browser, project, GOOD)

    send(browser, project, b"annotator,kind,site\na001,human,Lisbon\nm1,model,\n", "annotators")
    send(browser, project, b"external_id,annotator,intent\ni1,a001,refund\n", "labels", dry_run="1")
    assert not Annotation.objects.exists()
    send(browser, project, b"external_id,annotator,intent\ni1,a001,refund\n", "labels")
    send(browser, project, b"external_id,intent\ni1,refund\n", "gold")

    assert Member.objects.get(name="a001").cohorts == {"site": "Lisbon"}
    assert Annotation.objects.get().answer == GoldLabel.objects.get().answer == {"intent": "refund"}


def test_a_plain_form_without_a_script_gets_the_page_with_the_report(max_: User, project: Project) -> None:
    url = reverse("import-send", args=[project.slug, "items"])
    file = SimpleUploadedFile("mails.csv", CSV.encode())

    answer = browser_of(max_).post(url, {"file": file, "format": "auto", "on_error": "abort", "dry_run": ""})

    assert answer.status_code == 200
    assert "<!doctype html>" in answer.content.decode()
    assert "Stored: 2 new" in answer.content.decode()
    assert ImportBatch.objects.get().source == "mails.csv"


def test_pasted_lines_come_in_with_the_form(max_: User, project: Project) -> None:
    url = reverse("import-send", args=[project.slug, "items"])

    browser_of(max_).post(url, {"pasted": GOOD.decode(), "format": "auto", "on_error": "abort"})

    assert Item.objects.count() == 2


@pytest.mark.parametrize("body", [b"", b" \n\t"])
def test_nothing_sent_is_said(max_: User, project: Project, body: bytes) -> None:
    answer = send(browser_of(max_), project, body)

    assert answer.status_code == 422
    assert "Choose a file, or paste the lines." in answer.content.decode()
    assert not ImportBatch.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        b"\x00\x01\x02", b"\xff" * 200, b'{"a":' * 2000, b'{"external_id":"a","external_id":"b"}',
        b"\x1f\x8b\x08\x00gzip",
        b'{"external_id": "\\ud800", "payload": {}}', b"external_id\n" + b'"unclosed\n' * 3, b"PK\x03\x04zip",
        b'{"external_id": "a\\u0000b", "payload": {"text": "x"}}', b"a,a\n1,2\n", b"<html>\n<p>\n",
        b'{"payload": 1e400}',
    ],
)  # fmt: skip
def test_hostile_files_are_refused_in_words(max_: User, project: Project, body: bytes) -> None:
    answer = send(browser_of(max_), project, body)

    assert answer.status_code == 422
    assert answer.context["outcome"].report.errors
    assert not Item.objects.exists()


def test_a_file_with_a_header_only_is_said_to_be_empty(max_: User, project: Project) -> None:
    assert "no lines" in send(browser_of(max_), project, b"external_id,text\n").content.decode()


@pytest.mark.parametrize("query", [{"on_error": "explode"}, {"format": "xml"}, {"dry_run": "yes"}])
def test_unknown_words_in_the_query_store_nothing(max_: User, project: Project, query: dict[str, str]) -> None:
    assert send(browser_of(max_), project, GOOD, **query).status_code == 404
    assert not Item.objects.exists()


@pytest.mark.parametrize("name", ["../../evil.py", "x" * 4000, "CON", "a\r\nSet-Cookie: a=b", "a\x00b", *HOSTILE])
def test_a_hostile_file_name_is_only_text(max_: User, project: Project, name: str) -> None:
    browser = browser_of(max_)
    answer = send(browser, project, GOOD, name=name, format="ndjson")
    if "\x00" in name:
        assert answer.status_code == 404
        return

    pages = [browser.get(reverse(page, args=[project.slug])) for page in ("import", "imports", "import-history")]
    pages.append(browser.get(reverse("import-report", args=[project.slug, ImportBatch.objects.get().pk])))

    assert answer.status_code == 200
    assert len(ImportBatch.objects.get().source) <= 200
    assert [raw_markup(page.content.decode()) for page in pages] == [[]] * 4


def test_hostile_lines_are_text_in_the_report(max_: User, project: Project) -> None:
    lines = "external_id,annotator,intent\n" + "".join(
        f'"{evil.replace(chr(34), chr(34) * 2)}",a001,refund\n' for evil in HOSTILE
    )

    answer = send(browser_of(max_), project, lines.encode(), "labels")
    report = browser_of(max_).get(reverse("import-report", args=[project.slug, ImportBatch.objects.get().pk]))

    assert answer.context["outcome"].report.rejected == len(HOSTILE)
    assert raw_markup(answer.content.decode()) == raw_markup(report.content.decode()) == []


def test_the_columns_of_a_hostile_project_are_data_for_the_script(max_: User, project: Project) -> None:
    evil = HOSTILE[5]
    Project.objects.filter(pk=project.pk).update(fields=[{"key": evil, "type": "text"}], slices=[evil + "2"])

    html = browser_of(max_).get(reverse("import", args=[project.slug])).content.decode()

    assert raw_markup(html) == []
    assert "\\u003C/script\\u003E" in html


def test_questions_are_needed_for_labels_and_a_closed_project_takes_nothing(lea: User, project: Project) -> None:
    young = make_project(lea, create_guideline(actor=lea, slug="young", title="Young"), slug="young")
    browser = browser_of(lea)
    unasked = send(browser, young, b"external_id,annotator,intent\ni1,a,refund\n", "labels")
    Project.objects.filter(pk=project.pk).update(status="closed")
    closed = send(browser, project, GOOD)

    assert unasked.status_code == closed.status_code == 422
    assert "asks no questions yet" in unasked.content.decode()
    assert "closed" in closed.content.decode()
    assert not ImportBatch.objects.exists()


@pytest.mark.parametrize(("user", "expected"), [("ana", 403), ("adi", 403), ("eve", 404)])
def test_only_who_imports_may_send_or_read_reports(
    request: pytest.FixtureRequest, max_: User, project: Project, user: str, expected: int
) -> None:
    send(browser_of(max_), project, BAD)
    batch, browser = ImportBatch.objects.get(), browser_of(request.getfixturevalue(user))

    answers = [browser.get(reverse(name, args=[project.slug])) for name in ("import", "imports", "import-history")]
    answers.append(browser.get(reverse("import-report", args=[project.slug, batch.pk])))
    answers.append(send(browser, project, GOOD))

    assert [answer.status_code for answer in answers] == [expected] * 5
    assert not Item.objects.exists()


def test_a_report_of_another_project_is_not_there(max_: User, eve: User, project: Project) -> None:
    other = make_project(eve, project.guideline, slug="other")
    send(browser_of(eve), other, BAD)

    url = reverse("import-report", args=[project.slug, ImportBatch.objects.get().pk])

    assert browser_of(max_).get(url).status_code == 404


def test_a_session_that_ended_is_said_to_the_script(project: Project) -> None:
    assert send(Client(), project, GOOD).status_code == 401


def test_a_body_without_the_token_of_the_form_is_refused(max_: User, project: Project) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(max_)

    assert send(browser, project, GOOD).status_code == 403
    assert not Item.objects.exists()


def test_all_refused_lines_stand_on_the_report_in_pages(
    max_: User, project: Project, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    browser = browser_of(max_)
    send(browser, project, b"not json\n" * 450, format="ndjson")
    url: str = reverse("import-report", args=[project.slug, ImportBatch.objects.get().pk])

    seen = []
    while url:
        with django_assert_num_queries(6):
            page = browser.get(url).context["page"]
        seen += [issue.line for issue in page.rows]
        url = page.next_url

    assert seen == list(range(1, 451))


def test_the_history_costs_the_same_for_one_import_and_for_many(
    max_: User, project: Project, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    browser, url = browser_of(max_), reverse("import", args=[project.slug])
    send(browser, project, GOOD)
    browser.get(url)
    with django_assert_num_queries(6):
        browser.get(url)
    for _ in range(12):
        send(browser, project, GOOD)
    with django_assert_num_queries(6):
        answer = browser.get(url)
    assert len(answer.context["history"]) == 10
    assert answer.context["has_more_history"]


class Dripping(BytesIO):
    """A connection that breaks off after what it has."""


def raw_request(body: bytes, announced: int) -> Any:
    request = RequestFactory().post("/x", b"", content_type="application/octet-stream")
    request.META["CONTENT_LENGTH"] = str(announced)
    request._stream = Dripping(body)
    return request


def test_a_body_that_ends_early_is_not_taken_for_a_file(db: None) -> None:
    with pytest.raises(UploadIncomplete), received_upload(raw_request(GOOD, 10_000), name="a", wanted_format="auto"):
        pass


def test_a_body_beyond_the_limit_is_refused(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MAX_BODY", 10)

    with pytest.raises(UploadTooLarge), received_upload(raw_request(GOOD, len(GOOD)), name="a", wanted_format="auto"):
        pass


def test_a_rehearsal_of_endless_lines_stops(max_: User, project: Project) -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield b"not json\n" * 10_000

    report = rehearse_import(
        ItemImporter(actor=max_, project=project), read_lines(endless(), LineFormat("ndjson")), from_csv=False,
        on_error="skip",
    )  # fmt: skip

    assert not report.is_stored
    assert report.rejected > 100_000
    assert not ImportBatch.objects.exists()
