"""The pages of a project in a real browser: upload with preview and progress, keys, accessibility, hostile content."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from accounts.models import User
from annotation.models import ImportBatch, Item, Member, Project
from quality.models import Analysis, Finding
from tests.browser_support import Watch, assert_accessible, screenshot
from tests.factories.annotation import make_item, make_member, make_project, make_task
from tests.factories.guidelines import make_guideline
from tests.factories.quality import make_gold, make_labels
from tests.frontend.hostile import HOSTILE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
OpenPage = Callable[..., Page]
FOUND = {"unit": "share", "n": 90, "names": {"other": "Other"}, "question_title": "What is it?"}


@pytest.fixture
def desk(transactional_db: None, lea: User, max_: User, ana: User) -> Project:
    """A project with a lead, an engineer and an annotator; its tables are emptied after the test."""
    project = make_project(lea, make_guideline(lea))
    make_member(project, max_, "engineer")
    make_member(project, ana)
    return project


@pytest.fixture
def labeled(desk: Project, lea: User) -> Project:
    """Items, labels, gold, an analysis and a finding: every page has something to show."""
    make_labels(desk, [(f"i{n}", who, "refund" if n % 3 else "billing") for n in range(12) for who in ("p1", "p2")])
    make_task(make_item(desk, "open/one"))
    make_gold(desk, "i1", {"intent": "refund"}, lea)
    now = timezone.now()
    analysis = Analysis.objects.create(
        project=desk, kinds=["agreement", "bias"], as_of=now, seed=1, input_sha256="0" * 64, code_version="test",
        summary={"tested": {"intent": {"bias": 7}}, "not_tested": [], "notes": [], "questions": ["intent"],
                 "groupings": ["overall"], "rounds": {}},
    )  # fmt: skip
    Finding.objects.create(
        project=desk, kind="bias", key="k", effect=0.31, low=0.2, high=0.42, p_value=1e-6, p_adjusted=1e-5, n=90,
        subject={"annotator": "p1", "question": "intent", "label": "other"}, method="CMH", weight=20.0,
        facts=FOUND, evidence=["i1", "i2"], first_analysis=analysis, last_analysis=analysis, opened_at=now,
        updated_at=now,
    )  # fmt: skip
    return desk


@pytest.fixture
def at_import(open_page: OpenPage, watch: Watch, max_: User, desk: Project) -> Callable[..., Page]:
    def opened(kind: str = "items", **options: Any) -> Page:
        watch.allow("status of 422")  # a refused file is a 422 by design; Chromium logs it
        page = open_page(max_, **options)
        page.goto(f"/p/{desk.slug}/import/?kind={kind}")
        return page

    return opened


def write(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


# --- import


def test_a_file_is_previewed_renamed_checked_and_brought_in(
    at_import: Callable[..., Page], desk: Project, tmp_path: Path
) -> None:
    rows = "".join(f'm{n},"late, {n}\nstill",en\n' for n in range(30))
    page = at_import()
    page.set_input_files("#id_file", write(tmp_path, "mails.csv", "id,words,language\n" + rows))

    expect(page.locator("[data-preview] tbody tr")).to_have_count(20)
    expect(page.get_by_label("Rename column 1")).to_have_value("external_id")
    expect(page.locator("thead th").first).to_contain_text("was id")
    page.get_by_label("Rename column 2").fill("text")
    expect(page.locator("[data-preview] thead th").nth(1)).to_contain_text("shown to people")
    assert_accessible(page)

    page.get_by_role("button", name="Check", exact=False).click()
    expect(page.get_by_role("heading", name="All of it can come in")).to_be_visible()
    assert not Item.objects.exists()
    page.get_by_role("button", name="Import now").click()
    expect(page.get_by_role("heading", name="Stored: 30 new")).to_be_visible()
    expect(page.locator("#history")).to_contain_text("mails.csv")
    assert_accessible(page)

    item = Item.objects.get(external_id="m7")
    assert (item.payload, item.meta) == ({"text": "late, 7\nstill"}, {"language": "en"})


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_bad_lines_are_told_by_line_and_the_rest_can_be_brought_in(
    at_import: Callable[..., Page], desk: Project, tmp_path: Path, theme: str
) -> None:
    lines = [json.dumps({"external_id": f"i{n}", "payload": {"text": "x"}}) for n in range(5)] + ["not json"]
    page = at_import(color_scheme=theme)
    page.set_input_files("#id_file", write(tmp_path, "a.ndjson", "\n".join(lines)))
    expect(page.locator("[data-preview] tbody tr").last).to_contain_text("cannot be read: not json")

    page.keyboard.press("Control+Enter")  # the key of Check
    expect(page.get_by_role("heading", name="1 bad line")).to_be_visible()
    expect(page.locator(".errors-table tbody th")).to_have_text("6")
    assert_accessible(page)
    page.get_by_role("button", name="Skip the bad lines").click()
    expect(page.get_by_role("heading", name="Stored: 5 new")).to_be_visible()

    assert Item.objects.count() == 5


def test_pasted_lines_come_in_and_nothing_chosen_is_said(at_import: Callable[..., Page], desk: Project) -> None:
    page = at_import()
    page.get_by_role("button", name="Check").click()
    expect(page.locator("#toasts")).to_contain_text("Choose a file, or paste the lines.")

    page.get_by_text("Paste instead").click()
    page.get_by_label("Or paste lines here").fill("external_id,text\na,hello\n")
    expect(page.locator("[data-preview] tbody tr")).to_have_count(1)
    page.locator("[data-actions]").get_by_role("button", name="Import").click()
    expect(page.get_by_role("heading", name="Stored: 1 new")).to_be_visible()

    assert Item.objects.get().payload == {"text": "hello"}


def test_a_missing_column_is_said_before_anything_is_sent(
    at_import: Callable[..., Page], desk: Project, tmp_path: Path
) -> None:
    page = at_import("labels")
    page.set_input_files("#id_file", write(tmp_path, "l.csv", "external_id,mood\ni1,bad\n"))

    expect(page.locator("[data-preview-problem]")).to_contain_text("missing: annotator")
    expect(page.locator("[data-preview] thead th").nth(1)).to_contain_text("not a column of this import")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_files_with_a_byte_order_mark_are_read_like_others(
    at_import: Callable[..., Page], desk: Project, tmp_path: Path, encoding: str
) -> None:
    page = at_import()
    page.set_input_files("#id_file", write(tmp_path, "m.csv", "external_id,text\nü,größer\n".encode(encoding)))
    expect(page.locator("[data-preview] tbody td").first).to_have_text("ü")

    page.locator("[data-actions]").get_by_role("button", name="Import").click()
    expect(page.get_by_role("heading", name="Stored: 1 new")).to_be_visible()

    assert Item.objects.get().external_id == "ü"


def test_progress_is_shown_while_a_big_file_is_sent_and_it_can_be_cancelled(
    at_import: Callable[..., Page], desk: Project, tmp_path: Path
) -> None:
    line = json.dumps({"external_id": "x", "payload": {"text": "late " * 200}}) + "\n"
    page = at_import()
    page.set_input_files("#id_file", write(tmp_path, "big.ndjson", line * 4000))
    slow = page.context.new_cdp_session(page)
    slow.send("Network.enable")
    limits = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 400_000}
    slow.send("Network.emulateNetworkConditions", limits)

    page.get_by_role("button", name="Check").click()
    expect(page.locator("[data-progress-text]")).to_contain_text("of 4.")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#toasts")).to_contain_text("Cancelled; nothing was stored.")
    expect(page.locator("[data-progress]")).to_be_hidden()

    assert not Item.objects.exists()
    assert not ImportBatch.objects.exists()


def test_without_a_script_the_same_form_brings_the_file_in(
    at_import: Callable[..., Page], desk: Project, tmp_path: Path
) -> None:
    page = at_import(java_script_enabled=False)
    page.set_input_files("#id_file", write(tmp_path, "m.csv", "external_id,text\na,hello\n"))

    page.locator("[data-actions]").get_by_role("button", name="Import").click()

    expect(page.get_by_role("heading", name="Stored: 1 new")).to_be_visible()
    assert Item.objects.count() == 1


def test_hostile_files_and_names_are_inert_in_preview_and_report(
    at_import: Callable[..., Page], desk: Project, tmp_path: Path
) -> None:
    columns = ",".join('"' + evil.replace('"', '""') + '"' for evil in HOSTILE)
    page = at_import()
    text = f"external_id,{columns}\n<b>,{columns}\n<b>,other{',x' * (len(HOSTILE) - 1)}\n"
    page.set_input_files("#id_file", {"name": HOSTILE[1] + ".csv", "mimeType": "text/csv", "buffer": text.encode()})
    expect(page.locator("[data-preview] tbody tr")).to_have_count(2)
    page.locator("[data-actions]").get_by_role("button", name="Import").click()
    expect(page.locator("[data-outcome]")).to_be_visible()

    assert page.evaluate("window.__x") is None
    assert page.locator("main img, main svg[onload], main math").count() == 0


# --- every page


PAGES = ("", "settings/", "items/", "items/i1/", "items/open/one/", "import/", "import/all/", "people/", "people/new/")


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 390)])
def test_pages_are_accessible_and_never_wider_than_the_screen(
    open_page: OpenPage, labeled: Project, lea: User, theme: str, width: int
) -> None:
    page = open_page(lea, color_scheme=theme, viewport={"width": width, "height": 800})
    member = Member.objects.get(project=labeled, name="p1")
    paths = [f"/p/{labeled.slug}/{path}" for path in (*PAGES, f"people/{member.pk}/change/")]
    for path in ["/", "/projects/new/", *paths]:
        page.goto(path)
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert page.locator("html[data-key-clash]").count() == 0, path
        screenshot(page, f"project{path.replace('/', '-')}{theme}-{width}")


def test_the_list_of_items_is_walked_by_keys(open_page: OpenPage, labeled: Project, lea: User) -> None:
    page = open_page(lea)
    page.goto(f"/p/{labeled.slug}/items/")

    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator(":focus")).to_have_text("i1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("i1")
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", level=1)).to_have_text("Items")


def test_a_key_pressed_before_the_scripts_have_come_is_not_lost(
    open_page: OpenPage, labeled: Project, lea: User
) -> None:
    held: list[Route] = []
    page = open_page(lea)
    page.route("**/js/keyboard*.js", lambda route: held.append(route))
    page.goto(f"/p/{labeled.slug}/items/i1/", wait_until="commit")
    expect(page.get_by_role("heading", level=1)).to_have_text("i1")

    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", level=1)).to_have_text("i1")
    held.pop().continue_()
    expect(page.get_by_role("heading", level=1)).to_have_text("Items")


def test_a_project_is_made_by_keyboard_alone(open_page: OpenPage, desk: Project, lea: User) -> None:
    page = open_page(lea)
    page.goto("/")
    page.keyboard.press("n")
    expect(page.get_by_role("heading", level=1)).to_have_text("New project")

    page.get_by_label("Title").focus()
    page.keyboard.type("Größe & Preis")
    expect(page.get_by_label("Name in addresses")).to_have_value("gro-e-preis")
    page.keyboard.press("Control+Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("Größe & Preis")
    expect(page.get_by_text("There are no items yet")).to_be_visible()
    assert Project.objects.get(title="Größe & Preis").slug == "gro-e-preis"


def test_more_rows_for_fields_and_the_share_that_shows_when_it_is_chosen(
    open_page: OpenPage, desk: Project, lea: User
) -> None:
    page = open_page(lea)
    page.goto("/projects/new/")

    expect(page.get_by_label("Share of items, in %")).to_be_hidden()
    page.get_by_label("a share of them, drawn by chance").check()
    expect(page.get_by_label("Share of items, in %")).to_be_visible()
    page.get_by_role("button", name="Another field").click()
    expect(page.get_by_label("Key of field 4")).to_be_focused()


def test_measuring_shows_that_it_waits_and_keeps_the_page(
    open_page: OpenPage, watch: Watch, labeled: Project, lea: User
) -> None:
    page = open_page(lea)
    page.goto(f"/p/{labeled.slug}/")

    page.get_by_role("button", name="Measure again").click()

    expect(page.locator("#measuring")).to_contain_text("An analysis is waiting")
    expect(page.locator("#measuring")).to_contain_text("No worker has been seen yet")
    assert_accessible(page)


def test_a_dialog_asks_before_somebody_is_removed(open_page: OpenPage, labeled: Project, lea: User) -> None:
    member = Member.objects.get(project=labeled, name="ana")
    page = open_page(lea)
    page.goto(f"/p/{labeled.slug}/people/{member.pk}/change/")

    page.get_by_role("button", name="Remove").click()
    dialog = page.get_by_role("dialog", name="Remove ana")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="Remove").click()
    dialog.get_by_role("button", name="Remove").click()

    expect(page.locator("#messages")).to_contain_text("ana is no longer in the project")
    assert not Member.objects.get(pk=member.pk).is_active


def test_hostile_items_and_people_run_nothing(open_page: OpenPage, desk: Project, lea: User) -> None:
    for number, evil in enumerate(HOSTILE):
        Item.objects.create(
            project=desk, external_id=evil, payload={"text": evil, evil: evil}, meta={"language": evil, evil: evil},
            sha256=str(number), created_at=timezone.now(),
        )  # fmt: skip
        make_labels(desk, [(evil, evil[:150], {"intent": evil})])
    page = open_page(lea)
    page.goto(f"/p/{desk.slug}/items/")
    links = page.locator("[data-key-item]").evaluate_all("links => links.map(link => link.href)")

    for path in [f"/p/{desk.slug}/", f"/p/{desk.slug}/people/", f"/p/{desk.slug}/items/", *links]:
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 200, path
        assert page.evaluate("window.__x") is None
    assert len(links) == len(HOSTILE)
