"""The editor of the label schema: questions of every type, their options, when they are asked."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from guidelines.models import Guideline
from guidelines.parts import part_digest
from guidelines.services.editing import save_draft
from tests.frontend.guideline_forms import HTMX, draft, part, question_form

Visit = Callable[[User], Client]


@pytest.mark.parametrize(
    ("kind", "stored"),
    [
        ("choice", {"options"}), ("choices", {"options", "min", "max"}), ("rating", {"min", "max"}),
        ("text", {"max_length"}), ("number", set()), ("span", {"options", "field"}), ("boxes", {"options", "field"}),
        ("preference", {"candidates"}), ("ranking", {"candidates"}),
    ],
)  # fmt: skip
def test_a_new_question_of_each_type_opens_in_its_editor(
    visit: Visit, lea: User, guide: Guideline, kind: str, stored: set[str]
) -> None:
    client = visit(lea)
    response = client.post("/g/guide/edit/new/question/", {"title": "Is it rude?", "type": kind, "key": ""})

    assert response.headers["Location"] == "/g/guide/edit/question/is_it_rude/"
    assert stored <= set(part(guide, "question", "is_it_rude"))
    assert client.get(response.headers["Location"]).status_code == 200


def test_options_are_added_moved_and_retired_by_buttons(visit: Visit, lea: User, guide: Guideline) -> None:
    client, url = visit(lea), "/g/guide/edit/question/intent/"

    added = client.post(url, question_form(guide, action="add"), headers=HTMX).text
    assert 'name="options" value="4"' in added
    assert "Not saved yet" in added
    moved = client.post(url, question_form(guide, action="up-1"), headers=HTMX).text
    assert moved.index('value="Billing error"') < moved.index('value="Refund"')
    assert [option["key"] for option in part(guide, "question", "intent")["options"]] == ["refund", "billing", "other"]
    dropped = question_form(guide, **dict.fromkeys(("o2-label", "o2-key", "o2-hotkey", "o2-definition"), ""))
    client.post(url, dropped)
    assert [option["key"] for option in part(guide, "question", "intent")["options"]] == ["refund", "billing"]


def test_a_new_option_gets_its_key_from_its_label(visit: Visit, lea: User, guide: Guideline) -> None:
    form = question_form(guide, options="4", **{"o3-label": "Lost parcel"})
    visit(lea).post("/g/guide/edit/question/intent/", form)

    assert part(guide, "question", "intent")["options"][3] == {"key": "lost_parcel", "label": "Lost parcel"}


@pytest.mark.parametrize(
    ("fields", "error_id"),
    [
        ({"o1-hotkey": "1"}, "id_o1-hotkey-error"),
        ({"o1-hotkey": "s"}, "id_o1-hotkey-error"),
        ({"o1-label": "REFUND"}, "id_o1-label-error"),
        ({"o0-clauses": "C9"}, "id_o0-clauses-error"),
    ],
)
def test_what_is_wrong_with_an_option_stands_beside_it(
    visit: Visit, lea: User, guide: Guideline, fields: dict[str, str], error_id: str
) -> None:
    response = visit(lea).post("/g/guide/edit/question/intent/", question_form(guide, **fields), headers=HTMX)

    assert response.status_code == 422
    assert f'id="{error_id}"' in response.text


def test_a_rating_says_what_its_points_mean(visit: Visit, lea: User, guide: Guideline) -> None:
    form = {"title": "How urgent?", "min": "1", "max": "3", "labels": "1 = Can wait\r\n3 = Today\r\n"}
    base = part_digest(part(guide, "question", "urgency"))
    visit(lea).post("/g/guide/edit/question/urgency/", form | {"base": base})

    assert part(guide, "question", "urgency") == {
        "key": "urgency", "type": "rating", "title": "How urgent?", "required": False, "min": 1, "max": 3,
        "labels": {"1": "Can wait", "3": "Today"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "fields", "stored"),
    [
        ("number", {"min": "0", "max": "2.5", "unit": "kg"}, {"min": 0, "max": 2.5, "unit": "kg"}),
        ("span", {"field": "body", "overlapping": "on", "options": "1", "o0-key": "PER", "o0-label": "Person"},
         {"field": "body", "overlapping": True, "options": [{"key": "PER", "label": "Person"}]}),
        ("boxes", {"field": "photo", "options": "1", "o0-key": "sign", "o0-label": "Sign"},
         {"field": "photo", "options": [{"key": "sign", "label": "Sign"}]}),
        ("preference", {"candidates": "left, right", "ties": "on", "strengths": "3"},
         {"candidates": ["left", "right"], "strengths": 3}),
        ("preference", {"candidates": "left right"}, {"candidates": ["left", "right"], "ties": False}),
        ("ranking", {"candidates": "one two three"}, {"candidates": ["one", "two", "three"]}),
    ],
)  # fmt: skip
def test_each_type_is_edited_with_when_it_is_asked(
    visit: Visit, lea: User, guide: Guideline, kind: str, fields: dict[str, str], stored: dict[str, Any]
) -> None:
    client, url = visit(lea), "/g/guide/edit/question/more/"
    client.post("/g/guide/edit/new/question/", {"title": "More", "type": kind, "key": "more"})
    form = {"title": "More?", "required": "on", "condition": "urgency", "condition_in": "4 5"}
    client.post(url, form | fields | {"base": part_digest(part(guide, "question", "more"))})

    question = part(guide, "question", "more")
    assert question == question | stored
    assert question["visible_if"] == {"question": "urgency", "in": [4, 5]}
    page = client.get(url).context["fields"]
    assert page.raw == ""
    assert page.form["condition_in"].value() == "4 5"


@pytest.mark.parametrize(
    ("fields", "error_id"),
    [
        ({"condition": "intent", "condition_in": "cheese"}, "id_condition_in-error"),
        ({"condition": "intent", "condition_in": ""}, "id_condition_in-error"),
        ({"condition": "mood", "condition_in": "x"}, "id_condition-error"),
        ({"field": ""}, "id_field-error"),
    ],
)
def test_a_wrong_condition_stands_beside_its_field(
    visit: Visit, lea: User, guide: Guideline, fields: dict[str, str], error_id: str
) -> None:
    client, url = visit(lea), "/g/guide/edit/question/more/"
    client.post("/g/guide/edit/new/question/", {"title": "More", "type": "span", "key": "more"})
    before = part(guide, "question", "more")
    form = {"title": "More?", "field": "text", "options": "1", "o0-key": "PER", "o0-label": "Person"}
    response = client.post(url, form | fields | {"base": part_digest(before)}, headers=HTMX)

    assert response.status_code == 422
    assert f'id="{error_id}"' in response.text
    assert part(guide, "question", "more") == before


def test_what_the_form_does_not_show_of_a_question_stays(visit: Visit, lea: User, guide: Guideline) -> None:
    many = {
        "key": "names", "type": "choice", "title": "Names", "visible_if": {"question": "intent", "in": ["refund"]},
        "options": [{"key": f"PER{n}", "label": f"Person {n}"} for n in range(151)],  # too many for a form
    }  # fmt: skip
    content = draft(guide).content | {"questions": [*draft(guide).content["questions"], many]}
    save_draft(actor=lea, guideline=guide, content=content, change_note="", revision=draft(guide).revision)
    before = part(guide, "question", "names")
    client = visit(lea)

    assert "&quot;PER150&quot;" in client.get("/g/guide/edit/question/names/").text
    client.post("/g/guide/edit/question/names/", {"title": "Names of people", "base": part_digest(before)})

    assert part(guide, "question", "names") == before | {"title": "Names of people", "required": False}
