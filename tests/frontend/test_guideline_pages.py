"""The pages of a guideline: who sees what, what a form or fragment answers, and that nothing typed is lost."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from annotation.models import Assignment, Project, Round, Task
from guidelines.content import parse_content, to_json
from guidelines.models import Guideline, GuidelineVersion
from guidelines.parts import find_part, part_digest
from guidelines.services.editing import create_guideline, save_draft
from guidelines.services.grants import grant_access
from guidelines.services.publishing import publish_version
from tests.factories.annotation import make_item, make_task
from tests.factories.guidelines import INTENT
from tests.frontend.guideline_forms import EXAMPLE, HTMX, clause_form, draft, part, question_form

Visit = Callable[[User], Client]

AUTOSAVE = HTMX | {"X-Autosave": "1"}


PAGES = ["", "versions/", "diff/", "edit/", "edit/clause/C1/", "edit/question/intent/", "edit/example/E1/"]
PAGES += ["edit/new/clause/", "edit/new/question/", "edit/new/example/", "publish/"]


@pytest.mark.parametrize("path", PAGES)
def test_an_editor_sees_every_page(visit: Visit, lea: User, guide: Guideline, path: str) -> None:
    response = visit(lea).get(f"/g/guide/{path}")

    assert response.status_code == 200
    assert "Guide" in response.text


@pytest.mark.parametrize("path", ["", "versions/", "diff/", "edit/", "edit/new/clause/", "publish/"])
def test_the_pages_of_an_empty_guideline_say_what_to_do(visit: Visit, lea: User, path: str) -> None:
    create_guideline(actor=lea, slug="empty", title="Empty")

    assert visit(lea).get(f"/g/empty/{path}").status_code == 200


def test_a_reader_of_a_guideline_that_was_never_published_sees_no_draft(visit: Visit, lea: User, ana: User) -> None:
    guideline = create_guideline(actor=lea, slug="secret", title="Secret")
    save_draft(actor=lea, guideline=guideline, content=INTENT, change_note="", revision=1)
    grant_access(guideline=guideline, user=ana, level="read", source="project:x")

    page = visit(ana).get("/g/secret/")

    assert page.status_code == 200
    assert "Nothing is published yet" in page.text
    assert "Refund" not in page.text


@pytest.mark.parametrize("path", PAGES)
def test_for_a_stranger_no_page_is_there(visit: Visit, eve: User, guide: Guideline, path: str) -> None:
    assert visit(eve).get(f"/g/guide/{path}").status_code == 404


def test_an_annotator_reads_but_does_not_edit(visit: Visit, ana: User, project: Project) -> None:
    client = visit(ana)

    assert [client.get(f"/g/support/{path}").status_code for path in ("", "versions/", "diff/")] == [200, 200, 200]
    assert "Edit draft" not in client.get("/g/support/").text
    for path in ("?version=draft", "diff/?from=1.0&to=draft"):
        assert client.get(f"/g/support/{path}").status_code in {403, 404}
    for path in ("edit/", "edit/clause/C1/", "publish/"):
        assert client.get(f"/g/support/{path}").status_code == 403
    assert client.post("/g/support/publish/", {"level": "minor", "change_note": "x", "revision": 1}).status_code == 403
    assert GuidelineVersion.objects.count() == 1


@pytest.mark.parametrize(
    "path", ["edit/nothing/C1/", "edit/clause/C9/", "edit/new/nothing/", "?version=9.9", "diff/?from=9.9&to=1.0"]
)
def test_what_is_not_there_is_a_404(visit: Visit, lea: User, guide: Guideline, path: str) -> None:
    assert visit(lea).get(f"/g/guide/{path}").status_code == 404


def test_the_list_offers_a_new_guideline_only_to_those_who_may(visit: Visit, lea: User, ana: User) -> None:
    assert "Write the first guideline" in visit(lea).get("/g/").text
    assert "Write the first guideline" not in visit(ana).get("/g/").text
    assert visit(ana).get("/g/new/").status_code == 403


def test_a_new_guideline_starts_at_its_draft(visit: Visit, lea: User) -> None:
    response = visit(lea).post("/g/new/", {"slug": "tone", "title": "Tone of voice"})

    assert (response.status_code, response.headers["Location"]) == (302, "/g/tone/edit/")
    assert Guideline.objects.get().title == "Tone of voice"


@pytest.mark.parametrize(
    ("slug", "words"),
    [("guide", "There is already a guideline"), ("a b", "Letters, digits"), ("new", "address of its own")],
)
def test_a_refused_guideline_keeps_what_was_typed(
    visit: Visit, lea: User, guide: Guideline, slug: str, words: str
) -> None:
    response = visit(lea).post("/g/new/", {"slug": slug, "title": "Precious title"})

    assert response.status_code == 422
    assert words in response.text
    assert 'value="Precious title"' in response.text
    assert Guideline.objects.count() == 1


def test_reading_shows_the_clauses_the_schema_and_the_examples(visit: Visit, lea: User, guide: Guideline) -> None:
    page = visit(lea).get("/g/guide/").text

    assert "<strong>asks for</strong>" in page
    assert 'id="C3"' in page
    assert 'href="#C3"' in page
    assert "Wants money back." in page
    assert "Late parcel" in page
    assert guide.versions.get().sha256 in page


def test_a_plain_post_saves_a_clause_and_comes_back(visit: Visit, lea: User, guide: Guideline) -> None:
    response = visit(lea).post("/g/guide/edit/clause/C1/", clause_form(guide, title="Read all of it"))

    assert (response.status_code, response.headers["Location"]) == (302, "/g/guide/edit/clause/C1/")
    assert part(guide, "clause", "C1")["title"] == "Read all of it"
    assert draft(guide).updated_by == lea


def test_a_save_by_htmx_brings_the_form_the_outline_and_the_preview(visit: Visit, lea: User, guide: Guideline) -> None:
    form = clause_form(guide, title="Read all of it", body="Now **this**.")
    response = visit(lea).post("/g/guide/edit/clause/C1/", form, headers=HTMX)

    assert response.status_code == 200
    assert "<html" not in response.text
    assert 'id="part-form"' in response.text
    assert 'hx-swap-oob="true"' in response.text
    assert "<strong>this</strong>" in response.text
    assert f'value="{part_digest(part(guide, "clause", "C1"))}"' in response.text


def test_a_save_by_itself_brings_only_its_state(visit: Visit, lea: User, guide: Guideline) -> None:
    response = visit(lea).post("/g/guide/edit/clause/C1/", clause_form(guide, title="Typing"), headers=AUTOSAVE)

    assert response.status_code == 200
    assert response.headers["HX-Retarget"] == "#save-state"
    assert "part-form" not in response.text
    assert part(guide, "clause", "C1")["title"] == "Typing"


def test_a_refused_clause_keeps_what_was_typed_and_says_why_beside_the_field(
    visit: Visit, lea: User, guide: Guideline
) -> None:
    form = clause_form(guide, title="", body="Precious words")
    response = visit(lea).post("/g/guide/edit/clause/C1/", form, headers=HTMX)

    assert response.status_code == 422
    assert "Precious words" in response.text
    assert 'id="id_title-error"' in response.text
    assert 'aria-invalid="true"' in response.text
    assert part(guide, "clause", "C1")["title"] == "Read the whole message"


def test_a_clause_does_not_move_under_itself(visit: Visit, lea: User, guide: Guideline) -> None:
    response = visit(lea).post("/g/guide/edit/clause/C1/", clause_form(guide, parent="C1"), headers=HTMX)

    assert response.status_code == 422
    assert "would stand under itself" in response.text


def test_two_on_different_clauses_do_not_meet(visit: Visit, lea: User, olga: User, guide: Guideline) -> None:
    mine, theirs = clause_form(guide, "C1", title="Mine"), clause_form(guide, "C3", title="Theirs")

    visit(olga).post("/g/guide/edit/clause/C3/", theirs)
    response = visit(lea).post("/g/guide/edit/clause/C1/", mine, headers=HTMX)

    assert response.status_code == 200
    assert [part(guide, "clause", key)["title"] for key in ("C1", "C3")] == ["Mine", "Theirs"]


def test_two_on_the_same_clause_see_both_sides_and_lose_nothing(
    visit: Visit, lea: User, olga: User, guide: Guideline
) -> None:
    mine, theirs = clause_form(guide, body="My words"), clause_form(guide, body="Their words")
    visit(olga).post("/g/guide/edit/clause/C1/", theirs)

    response = visit(lea).post("/g/guide/edit/clause/C1/", mine, headers=HTMX)

    assert response.status_code == 409
    assert "Olga changed this while you edited it" in response.text
    assert "Their" in response.text
    assert "My words</textarea>" in response.text
    assert part(guide, "clause", "C1")["body"] == "Their words"
    now = part_digest(part(guide, "clause", "C1"))
    again = visit(lea).post("/g/guide/edit/clause/C1/", mine | {"base": now}, headers=HTMX)
    assert again.status_code == 200
    assert part(guide, "clause", "C1")["body"] == "My words"


def test_a_save_by_itself_does_not_win_a_conflict_unseen(visit: Visit, lea: User, olga: User, guide: Guideline) -> None:
    mine, theirs = clause_form(guide, body="My words"), clause_form(guide, body="Their words")
    visit(olga).post("/g/guide/edit/clause/C1/", theirs)

    for _ in range(2):
        response = visit(lea).post("/g/guide/edit/clause/C1/", mine, headers=AUTOSAVE)
        assert response.status_code == 409
        assert f'value="{mine["base"]}"' in response.text

    assert part(guide, "clause", "C1")["body"] == "Their words"


def test_a_clause_removed_under_ones_hands_can_be_put_back(
    visit: Visit, lea: User, olga: User, guide: Guideline
) -> None:
    mine = clause_form(guide, "C3", body="My words")
    visit(olga).post("/g/guide/edit/clause/C3/remove/", {"base": mine["base"]})

    response = visit(lea).post("/g/guide/edit/clause/C3/", mine, headers=HTMX)

    assert response.status_code == 409
    assert "took this out of the draft" in response.text
    assert "My words</textarea>" in response.text
    again = visit(lea).post("/g/guide/edit/clause/C3/", mine | {"base": ""}, headers=HTMX)
    assert again.status_code == 200
    assert part(guide, "clause", "C3")["body"] == "My words"


def test_a_removed_clause_is_no_longer_cited_and_its_key_is_not_used_again(
    visit: Visit, lea: User, guide: Guideline
) -> None:
    client = visit(lea)
    client.post("/g/guide/edit/clause/C3/remove/", {"base": clause_form(guide, "C3")["base"]})

    assert find_part(draft(guide).content, "clause", "C3") is None
    assert "clauses" not in part(guide, "question", "intent")["options"][0]
    assert "C4</span>" in client.get("/g/guide/edit/new/clause/").text
    assert find_part(guide.versions.get().content, "clause", "C3") is not None


def test_a_part_changed_meanwhile_is_not_removed(visit: Visit, lea: User, guide: Guideline) -> None:
    client, base = visit(lea), clause_form(guide)["base"]
    client.post("/g/guide/edit/clause/C1/", clause_form(guide, title="New words"))

    page = client.post("/g/guide/edit/clause/C1/remove/", {"base": base}, follow=True).text

    assert "so it was kept" in page
    assert part(guide, "clause", "C1")["title"] == "New words"


def test_a_question_that_another_depends_on_is_kept(visit: Visit, lea: User, guide: Guideline) -> None:
    content = draft(guide).content
    content["questions"][1]["visible_if"] = {"question": "intent", "in": ["refund"]}
    save_draft(actor=lea, guideline=guide, content=content, change_note="", revision=draft(guide).revision)

    base = part_digest(part(guide, "question", "intent"))
    page = visit(lea).post("/g/guide/edit/question/intent/remove/", {"base": base}, follow=True).text

    assert "intent was kept" in page
    assert part(guide, "question", "intent")


def test_clauses_move_among_those_beside_them(visit: Visit, lea: User, guide: Guideline) -> None:
    client = visit(lea)

    client.post("/g/guide/edit/clause/C3/move/", {"direction": "up"})
    assert [clause["key"] for clause in draft(guide).content["clauses"]] == ["C3", "C1"]
    client.post("/g/guide/edit/clause/C3/move/", {"direction": "up"})
    assert [clause["key"] for clause in draft(guide).content["clauses"]] == ["C3", "C1"]


def test_a_new_clause_gets_the_next_key_and_its_place(visit: Visit, lea: User, guide: Guideline) -> None:
    form = {"title": "Fraud", "body": "Report it.", "parent": "C3"}
    response = visit(lea).post("/g/guide/edit/new/clause/?under=C3", form)

    assert (response.status_code, response.headers["Location"]) == (302, "/g/guide/edit/clause/C4/")
    assert part(guide, "clause", "C4") == {"key": "C4", "title": "Fraud", "body": "Report it.", "parent": "C3"}


def test_a_new_example_takes_its_answer_in_the_labels_of_the_schema(visit: Visit, lea: User, guide: Guideline) -> None:
    form = {
        "kind": "positive",
        "text": "Twice!",
        "rationale": "",
        "clause": "C3",
        "q.intent": "billing",
        "q.urgency": "4",
    }
    visit(lea).post("/g/guide/edit/new/example/", form)

    assert part(guide, "example", "E2")["answer"] == {"intent": "billing", "urgency": 4}


def test_an_example_whose_answer_does_not_fit_is_refused_beside_it(visit: Visit, lea: User, guide: Guideline) -> None:
    form = {"kind": "positive", "text": "Twice!", "q.intent": "nothing"}
    response = visit(lea).post("/g/guide/edit/new/example/", form)

    assert response.status_code == 422
    assert 'id="a-intent-error"' in response.text
    assert "Twice!</textarea>" in response.text


def test_the_preview_is_rendered_here_and_stores_nothing(visit: Visit, lea: User, guide: Guideline) -> None:
    form = clause_form(guide, body="Never <b>raw</b>, but **bold**")
    response = visit(lea).post("/g/guide/edit/clause/C1/preview/", form, headers=HTMX)

    assert response.status_code == 200
    assert "<strong>bold</strong>" in response.text
    assert "&lt;b&gt;raw" in response.text
    assert part(guide, "clause", "C1")["body"] == INTENT["clauses"][0]["body"]


def publish_form(guideline: Guideline, **fields: str) -> dict[str, str]:
    return {"level": "major", "change_note": "Clearer", "revision": str(draft(guideline).revision)} | fields


def test_the_publish_page_suggests_a_level_with_its_reason(visit: Visit, lea: User, guide: Guideline) -> None:
    client = visit(lea)
    assert "Nothing to publish" in client.get("/g/guide/publish/").text
    client.post("/g/guide/edit/clause/C1/", clause_form(guide, title="Read the entire message"))

    page = client.get("/g/guide/publish/").text

    assert "Looks minor: Only wording" in page
    assert 'value="minor" checked' in page
    assert "<del>whole</del><ins>entire</ins>" in page


def test_publishing_moves_running_work_to_the_new_major(
    visit: Visit, lea: User, project: Project, guideline: Guideline
) -> None:
    task = make_task(make_item(project, "i1"))
    save_draft(actor=lea, guideline=guideline, content=INTENT | {"examples": [EXAMPLE]}, change_note="", revision=1)

    response = visit(lea).post("/g/support/publish/", publish_form(guideline), follow=True)

    assert "Version 2.0 is published." in response.text
    assert Round.objects.get(project=project, key="initial").major == 2
    assert Task.objects.get(pk=task.pk).state == "superseded"
    assert Assignment.objects.filter(task__major=2, state="open").count() == 2


def test_a_draft_changed_while_it_was_read_is_not_published(
    visit: Visit, lea: User, olga: User, guide: Guideline
) -> None:
    visit(lea).post("/g/guide/edit/clause/C1/", clause_form(guide, title="Seen"))
    form = publish_form(guide, change_note="Precious note")
    visit(olga).post("/g/guide/edit/clause/C1/", clause_form(guide, title="Unseen"))

    response = visit(lea).post("/g/guide/publish/", form)

    assert response.status_code == 422
    assert "read it again" in response.text
    assert "Precious note" in response.text
    assert GuidelineVersion.objects.count() == 1
    again = visit(lea).post("/g/guide/publish/", publish_form(guide))
    assert again.status_code == 302


@pytest.mark.parametrize("fields", [{"change_note": ""}, {"level": "huge"}, {"revision": "x"}])
def test_a_bad_publish_form_is_shown_again(visit: Visit, lea: User, guide: Guideline, fields: dict[str, str]) -> None:
    visit(lea).post("/g/guide/edit/clause/C1/", clause_form(guide, title="Other"))

    assert visit(lea).post("/g/guide/publish/", publish_form(guide, **fields)).status_code == 422
    assert GuidelineVersion.objects.count() == 1


def test_an_old_version_comes_back_as_the_draft(visit: Visit, lea: User, guide: Guideline) -> None:
    client = visit(lea)
    client.post("/g/guide/edit/clause/C1/", clause_form(guide, title="Other"))
    seen = draft(guide).revision

    stale = client.post("/g/guide/versions/1.0/restore/", {"revision": seen - 1}, follow=True)
    assert "nothing was replaced" in stale.text
    assert part(guide, "clause", "C1")["title"] == "Other"
    client.post("/g/guide/versions/1.0/restore/", {"revision": seen})
    assert draft(guide).content == guide.versions.get().content


def test_discarding_brings_the_current_version_back(visit: Visit, lea: User, guide: Guideline) -> None:
    client = visit(lea)
    client.post("/g/guide/edit/clause/C1/", clause_form(guide, title="Other"))

    client.post("/g/guide/discard/", {"revision": draft(guide).revision})

    assert draft(guide).content == to_json(parse_content(INTENT | {"examples": [EXAMPLE]}))


@pytest.mark.parametrize("view", ["inline", "side"])
def test_the_difference_is_shown_word_by_word(visit: Visit, lea: User, guide: Guideline, view: str) -> None:
    visit(lea).post("/g/guide/edit/question/intent/", question_form(guide, **{"o0-definition": "Wants cash back."}))

    page = visit(lea).get(f"/g/guide/diff/?from=1.0&to=draft&view={view}").text

    assert "<del>money</del>" in page
    assert "<ins>cash</ins>" in page
    assert "The meaning changes: Option refund of intent changed its definition." in page


ATTACKS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "</textarea><script>alert(1)</script>",
    "[x](javascript:alert(1)) ![y](http://evil.example/y.png)",
    "<iframe src=//e></iframe><form action=//e><style>*{}</style>",
    '<div hx-get="/x" hx-trigger="load" onclick=alert(1)>',
    "{{ 7*7 }}{% load x %}",
    "\u202eevil\u202c</option></select>",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_that_a_lead_writes_runs_in_a_reader(visit: Visit, lea: User, attack: str) -> None:
    flat = attack.replace("\n", " ")
    option = {"key": flat, "label": flat, "hotkey": "1"}
    option |= dict.fromkeys(("definition", "use_when", "avoid_when"), attack) | {"clauses": ["C1"]}
    content = {
        "clauses": [{"key": "C1", "title": flat, "body": attack, "parent": None}],
        "questions": [
            {"key": "q", "type": "choice", "title": flat, "help": attack, "options": [option]},
            {"key": "r", "type": "rating", "title": flat, "min": 1, "max": 2, "labels": {"1": flat}},
        ],
        "examples": [
            {"key": "E1", "kind": "edge", "text": attack, "rationale": attack, "clause": "C1", "answer": {"q": flat}},
            {"key": "E2", "kind": "edge", "payload": {"text": attack}},
        ],
    }
    guideline = create_guideline(actor=lea, slug="evil", title=flat)
    save_draft(actor=lea, guideline=guideline, content=content, change_note=attack, revision=1)
    publish_version(actor=lea, guideline=guideline, level="major", change_note="")
    content["clauses"][0]["body"] = f"{attack} and more"
    save_draft(actor=lea, guideline=guideline, content=content, change_note=attack, revision=3)
    client = visit(lea)

    urls = ["/g/", "/g/evil/", "/g/evil/versions/", "/g/evil/diff/?from=1.0&to=draft&view=side", "/g/evil/publish/"]
    urls += [
        f"/g/evil/edit/{path}"
        for path in ("", "clause/C1/", "question/q/", "question/r/", "example/E1/", "example/E2/")
    ]
    for url in urls:
        page = client.get(url)
        assert page.status_code == 200
        assert is_inert(page.text), url
    for kind, key, form in [
        ("clause", "C1", {"title": attack, "body": attack}),
        ("example", "E1", {"kind": "edge", "text": attack, "rationale": attack}),
        ("question", "r", {"title": attack, "help": attack, "min": attack, "max": attack, "labels": attack}),
    ]:
        preview = client.post(f"/g/evil/edit/{kind}/{key}/preview/", form, headers=HTMX)
        refused = client.post(f"/g/evil/edit/{kind}/{key}/", form | {"base": "other"}, headers=HTMX)
        assert is_inert(preview.text)
        assert is_inert(refused.text)


def is_inert(page: str) -> bool:
    """True if no attack above became markup: our own pages have none of this."""
    lowered = page.lower()
    evil = [
        "<script>alert",
        "<img",
        "onerror=alert(1)>",
        "<svg/onload",
        "<iframe",
        "<form action=//e",
        "<style",
        "<div hx-get",
    ]
    return not any(mark in lowered for mark in evil) and 'href="javascript:' not in lowered
