"""Datasets in the browser: policy and waiver, the job, the manifest, downloads, verifying, repeating, comparing."""

import hashlib
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from annotation.models import Project
from operations.models import Job
from operations.services.jobs import run_job
from quality.models import DatasetSnapshot
from tests.factories.annotation import make_project
from tests.factories.quality import make_labels
from tests.frontend.hostile import raw_markup
from tests.frontend.pages import HTMX, browser_of
from tests.frontend.quality_pages import EVIL, hostile_finding, hostile_project, make_finding


def url(project: Project, name: str = "datasets", *args: Any) -> str:
    return reverse(name, args=[project.slug, *args])


@pytest.fixture
def labeled(project: Project) -> Project:
    """30 items of two people who agree on 20 of them."""
    rows = [
        (f"i{n:02d}", who, ("refund", "billing")[n % 2] if n < 20 or who == "ana" else "other")
        for n in range(30)
        for who in ("ana", "ben")
    ]
    make_labels(project, rows, round_key="initial")
    return project


def post(browser: Client, project: Project, **fields: Any) -> Any:
    body = {"name": "first", "formats": ["jsonl", "csv"], "aggregation": "majority", "per_slice": "on"} | fields
    return browser.post(url(project, "dataset-new"), body)


def take(browser: Client, project: Project, **fields: Any) -> DatasetSnapshot:
    """Ask for a snapshot on the page and build it as a worker would."""
    answer = post(browser, project, **fields)
    assert answer.status_code == 302, answer.content.decode()
    run_job(uuid.UUID(answer["Location"].partition("?job=")[2]))
    return DatasetSnapshot.objects.latest("created_at")


# --- who may -------------------------------------------------------------------------------------------------


def test_annotators_are_refused_and_strangers_find_nothing(
    ana: User, adi: User, eve: User, lea: User, max_: User, labeled: Project
) -> None:
    snapshot = take(browser_of(max_), labeled)
    reads = [
        url(labeled), url(labeled, "dataset-policy"), url(labeled, "dataset", snapshot.pk),
        url(labeled, "dataset-diff", snapshot.pk, snapshot.pk),
    ]  # fmt: skip
    acts = [
        url(labeled, "dataset-new"), url(labeled, "dataset-verify", snapshot.pk),
        url(labeled, "dataset-again", snapshot.pk),
    ]  # fmt: skip

    for user, expected in ((ana, 403), (adi, 403), (eve, 404), (lea, 200)):
        assert {browser_of(user).get(address).status_code for address in reads} == {expected}
    for user, expected in ((ana, 403), (eve, 404)):
        assert {browser_of(user).post(address).status_code for address in acts} == {expected}
    assert {browser_of(lea).get(address).status_code for address in acts} == {405}
    assert Job.objects.filter(kind="snapshot").count() == 1


def test_a_snapshot_of_another_project_is_not_there(lea: User, eve: User, max_: User, labeled: Project) -> None:
    other = make_project(eve, labeled.guideline, slug="other")
    make_labels(other, [("x", "p1", "refund")], round_key="initial")
    theirs, ours = take(browser_of(eve), other), take(browser_of(max_), labeled)
    browser = browser_of(lea)

    assert browser.get(url(labeled, "dataset", theirs.pk)).status_code == 404
    assert browser.get(url(labeled, "dataset-diff", ours.pk, theirs.pk)).status_code == 404
    assert browser.post(url(labeled, "dataset-verify", theirs.pk)).status_code == 404
    assert browser.post(url(labeled, "dataset-again", theirs.pk)).status_code == 404


# --- taking one ----------------------------------------------------------------------------------------------


def test_taking_a_dataset_is_a_job_that_the_page_follows_to_its_result(max_: User, labeled: Project) -> None:
    browser = browser_of(max_)

    answer = post(browser, labeled)
    job = Job.objects.get(kind="snapshot")
    waiting = browser.get(answer["Location"]).content.decode()
    run_job(job.pk)
    done = browser.get(url(labeled, "job", job.pk)).content.decode()
    snapshot = DatasetSnapshot.objects.get()

    assert answer["Location"] == f"{url(labeled)}?job={job.pk}"
    assert f'hx-get="{url(labeled, "job", job.pk)}"' in waiting
    assert f'href="{url(labeled, "dataset", snapshot.pk)}"' in done
    assert (snapshot.name, snapshot.recipe["formats"], snapshot.created_by) == ("first", ["jsonl", "csv"], max_)


def test_a_policy_that_is_not_met_lists_every_rule_and_asks_for_a_waiver(max_: User, labeled: Project) -> None:
    make_finding(labeled)
    browser = browser_of(max_)

    answer = post(browser, labeled, min_alpha_low="0.95", max_open_hotspots="0")

    failures = answer.context["failures"]
    assert answer.status_code == 409
    assert [(f.where, f.rule, f.required) for f in failures[:2]] == [
        ("What does the customer want?", "lower end of alpha's interval", "at least 0.95"),
        ("What does the customer want? · language = en", "lower end of alpha's interval", "at least 0.95"),
    ]
    assert (failures[-1].where, failures[-1].actual, failures[-1].required) == ("The project", "1", "at most 0")
    assert 'name="waiver"' in answer.content.decode()
    assert answer.context["form"]["name"].value() == "first"
    assert not Job.objects.filter(kind="snapshot").exists()


def test_a_waiver_with_a_reason_stands_in_the_dataset(max_: User, labeled: Project) -> None:
    browser = browser_of(max_)

    snapshot = take(browser, labeled, min_alpha_low="0.95", waiver="Only to try the loader.")
    page = browser.get(url(labeled, "dataset", snapshot.pk))

    assert page.context["policy"].kind == "warn"
    assert "Only to try the loader." in page.content.decode()
    assert "lower end of alpha&#x27;s interval at least 0.95" in page.content.decode()
    assert snapshot.manifest["waiver"] == {"reason": "Only to try the loader."}


def test_labels_as_of_a_version_are_counted_on_the_page_and_an_unknown_one_is_refused_beside_its_field(
    max_: User, labeled: Project
) -> None:
    browser = browser_of(max_)

    snapshot = take(browser, labeled, labels_as_of="1.0")
    page = browser.get(url(labeled, "dataset", snapshot.pk)).content.decode()
    refused = post(browser, labeled, labels_as_of="7.7")

    assert snapshot.recipe["labels_as_of"] == "1.0"
    assert "20 as stored, 0 mapped, 0 ambiguous, 0 lost" in page
    assert refused.status_code == 422
    assert refused.context["form"].errors["labels_as_of"] == ["Published then: 1.0."]


def test_over_everything_only_leaves_the_slices_out(max_: User, labeled: Project) -> None:
    answer = post(browser_of(max_), labeled, min_alpha_low="0.95", per_slice="")

    assert [failure.where for failure in answer.context["failures"]] == [
        "What does the customer want?", "How urgent?",
    ]  # fmt: skip


def test_the_form_says_what_the_policy_would_say_now(max_: User, labeled: Project) -> None:
    browser, address = browser_of(max_), url(labeled, "dataset-policy")
    base = {"formats": "jsonl", "aggregation": "majority", "per_slice": "on"}

    nothing = browser.get(address, base).content.decode()
    fails = browser.get(address, base | {"min_alpha_low": "0.95"})
    met = browser.get(address, base | {"max_open_hotspots": "0"}).content.decode()

    assert "callout" not in nothing
    assert len(fails.context["failures"]) == 4
    assert "<html" not in fails.content.decode()
    assert "The labels meet this policy now." in met


@pytest.mark.parametrize(
    ("field", "value"),
    [("min_alpha_low", "2"), ("min_alpha_low", "nan"), ("max_open_hotspots", "-1"), ("max_open_hotspots", "x"),
     ("formats", "exe"), ("formats", ""), ("aggregation", "vote"), ("name", "x" * 201), ("waiver", "y" * 2001)],
)  # fmt: skip
def test_bad_input_is_refused_beside_its_field(max_: User, labeled: Project, field: str, value: str) -> None:
    browser = browser_of(max_)

    answer = post(browser, labeled, **{field: value})
    asked = browser.get(url(labeled, "dataset-policy"), {field: value})

    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert asked.status_code == 200
    assert not Job.objects.filter(kind="snapshot").exists()


def test_a_waiver_too_short_to_be_a_reason_is_refused_beside_its_field(max_: User, labeled: Project) -> None:
    answer = post(browser_of(max_), labeled, min_alpha_low="0.95", waiver="x")

    assert answer.status_code == 422
    assert "waiver" in answer.context["form"].errors


def test_a_failed_job_stands_on_the_page(max_: User, labeled: Project) -> None:
    browser = browser_of(max_)
    post(browser, labeled)
    Job.objects.update(state="failed", error={"code": "storage_failed", "detail": "The disk is full."})

    assert "The disk is full." in browser.get(url(labeled)).content.decode()


# --- reading one ---------------------------------------------------------------------------------------------


def test_the_page_shows_manifest_audit_files_and_code(max_: User, labeled: Project) -> None:
    make_finding(labeled)
    browser = browser_of(max_)
    snapshot = take(browser, labeled)

    page = browser.get(url(labeled, "dataset", snapshot.pk))

    html = page.content.decode()
    rows = [drawn.row for drawn in page.context["audit"][0].plot.rows]
    assert snapshot.sha256 in html
    assert [row.label for row in rows] == ["Everything", "language = en"]
    assert rows[0].n == 30
    assert [entry.what for entry in page.context["findings"]] == [
        "What does the customer want? · refund / billing · C3"
    ]
    assert page.context["findings"][0].url.startswith(f"/p/{labeled.slug}/findings/")
    assert f"{settings.ORIGIN}/api/v1/snapshots/{snapshot.pk}/files/rows.jsonl" in html
    assert "sha256sum -c" in html


def test_files_download_with_the_session_and_are_the_bytes_of_the_manifest(
    max_: User, ana: User, labeled: Project
) -> None:
    browser = browser_of(max_)
    snapshot = take(browser, labeled)
    files = browser.get(url(labeled, "dataset", snapshot.pk)).context["files"]

    for file in files:
        answer = browser.get(file.url)
        body = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
        assert answer["Content-Disposition"].startswith("attachment")
        assert hashlib.sha256(body).hexdigest() == file.sha256
    assert browser_of(ana).get(files[0].url).status_code == 403
    assert Client().get(files[0].url).status_code == 401
    assert {file.name for file in files} >= {"rows.jsonl", "items.csv"}


def test_the_same_instant_again_has_the_same_hash(max_: User, labeled: Project) -> None:
    browser = browser_of(max_)
    first = take(browser, labeled)
    make_labels(labeled, [("i00", "cho", "other")], round_key="initial")

    answer = browser.post(url(labeled, "dataset-again", first.pk))
    run_job(uuid.UUID(answer["Location"].partition("?job=")[2]))

    second = DatasetSnapshot.objects.latest("created_at")
    html = browser.get(url(labeled, "dataset", second.pk)).content.decode()
    assert second.pk != first.pk
    assert second.sha256 == first.sha256
    assert "the same hash: nothing changed" in html


def test_verifying_says_that_all_is_well_and_names_a_file_that_was_changed(max_: User, labeled: Project) -> None:
    browser = browser_of(max_)
    snapshot = take(browser, labeled)
    address = url(labeled, "dataset-verify", snapshot.pk)

    good = browser.post(address, headers=HTMX).content.decode()
    path = Path(settings.FILES_DIR) / "snapshots" / snapshot.sha256 / "rows.jsonl"
    before = path.read_bytes()
    path.write_bytes(before.replace(b"refund", b"refunk", 1))
    bad = browser.post(address, headers=HTMX).content.decode()
    plain = browser.post(address, follow=True).content.decode()
    path.write_bytes(before)

    assert "they are what the manifest says" in good
    assert "<html" not in good
    assert "rows.jsonl is not the file that was written." in bad
    assert "line 1 is the first that differs" in bad
    assert "rows.jsonl is not the file that was written." in plain


def test_the_difference_names_each_changed_label_with_its_cause(max_: User, labeled: Project) -> None:
    browser = browser_of(max_)
    old = take(browser, labeled)
    make_labels(labeled, [("i20", "cho", "refund"), ("i99", "cho", "other")], round_key="initial")
    new = take(browser, labeled, name="second")

    for pair in ((old.pk, new.pk), (new.pk, old.pk)):
        page = browser.get(url(labeled, "dataset-diff", *pair))
        changes = [(c.external_id, c.before, c.after, c.cause) for c in page.context["changes"]]
        assert changes == [("i20", "", "Refund", "more labels"), ("i99", "", "Other", "new item")]
    same = browser.get(url(labeled, "dataset-diff", old.pk, old.pk)).content.decode()
    assert "No label differs" in same


@pytest.mark.parametrize("place", ["5-5", "1-0", "x-y", "99999999-99999999", "-1--1", "1\x00-2"])
def test_a_made_up_place_in_a_difference_breaks_nothing(max_: User, labeled: Project, place: str) -> None:
    browser = browser_of(max_)
    snapshot = take(browser, labeled)

    answer = browser.get(url(labeled, "dataset-diff", snapshot.pk, snapshot.pk), {"at": place})

    assert answer.status_code in {200, 404}


def test_missing_files_are_said_where_they_are_needed(max_: User, labeled: Project) -> None:
    browser = browser_of(max_)
    snapshot = take(browser, labeled)
    path = Path(settings.FILES_DIR) / "snapshots" / snapshot.sha256 / "rows.jsonl"
    path.rename(path.with_suffix(".away"))

    difference = browser.get(url(labeled, "dataset-diff", snapshot.pk, snapshot.pk))
    verified = browser.post(url(labeled, "dataset-verify", snapshot.pk), headers=HTMX).content.decode()
    path.with_suffix(".away").rename(path)

    assert difference.status_code == 409
    assert "rows.jsonl cannot be read" in verified


# --- hostile content, cost -----------------------------------------------------------------------------------


def test_hostile_names_waivers_slices_and_labels_stay_text(lea: User) -> None:
    project = hostile_project(lea)
    hostile_finding(project)
    browser = browser_of(lea)
    pages = [post(browser, project, name=EVIL, min_alpha_low="0.99")]
    old = take(browser, project, name=EVIL, min_alpha_low="0.99", waiver=EVIL)
    external_id = project.items.earliest("pk").external_id
    make_labels(project, [(external_id, f"p{n}", "other") for n in range(4)], round_key="initial")
    new = take(browser, project, name=EVIL)
    pages += [
        browser.get(url(project)), browser.get(url(project, "dataset", old.pk)),
        browser.get(url(project, "dataset-diff", old.pk, new.pk)),
        browser.get(url(project, "dataset-policy"), {"min_alpha_low": "0.99", "per_slice": "on"}),
    ]  # fmt: skip

    for answer in pages:
        html = answer.content.decode()
        assert answer.status_code in {200, 409}
        assert raw_markup(html) == []
        assert "&lt;script&gt;window.__x=1" in html


def test_queries_of_the_list_do_not_grow_with_datasets(
    max_: User, labeled: Project, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    browser = browser_of(max_)
    first = take(browser, labeled)
    browser.get(url(labeled))
    with django_assert_max_num_queries(20) as one:
        browser.get(url(labeled))
    for _ in range(5):
        first.pk = uuid.uuid4()
        first._state.adding = True
        first.save()

    with django_assert_max_num_queries(len(one)):
        assert len(browser.get(url(labeled)).context["rows"]) == 6
