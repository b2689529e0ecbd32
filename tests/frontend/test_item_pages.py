"""The list of items and the page of one: filters, cursors, odd names, blindness, hostile content."""

import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, unquote

import pytest
from django.test import Client
from django.urls import resolve, reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from annotation.models import Item, Member, Project
from annotation.services.queue import claim_next
from annotation.services.submission import submit_annotation, undo_last_submission
from tests.factories.annotation import make_item, make_project, make_task
from tests.factories.quality import make_gold, make_items, make_labels
from tests.frontend.hostile import HOSTILE, raw_markup
from tests.frontend.pages import browser_of

ODD_NAMES = [
    "plain", "a/b", "a//b", "/lead", "trail/", "..", ".", "a/../b", "../../etc", "a b", "a?b=c#d", "100%", "%2F", "~",
    "~00", "~2E", "ä ö 漢字 🙂", "a\\b", "<script>", '"quoted"', "..;/x", "a+b&c", "new", "{{7*7}}", "~~",
]  # fmt: skip


def items_url(project: Project, **filters: str) -> str:
    query = "&".join(f"{quote(name)}={quote(value)}" for name, value in filters.items())
    return reverse("items", args=[project.slug]) + (f"?{query}" if query else "")


def listed(answer: Any) -> list[str]:
    return [row.external_id for row in answer.context["rows"]]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_an_address_leads_back_to_the_name_it_was_made_of(name: str) -> None:
    address = reverse("item", args=["intents", name])

    segments = address.split("/")[1:-1]
    assert resolve_path(address) == name
    assert "" not in segments
    assert not {".", "..", "%2e", "%2E"} & set(segments)


def resolve_path(address: str) -> str:
    """What the view gets: a server hands the path on decoded."""
    return str(resolve(unquote(address)).kwargs["external_id"])


@pytest.mark.parametrize("name", ["a/b", "a//b", "..", "a?b=c#d", "100%", "漢字 🙂"])
def test_an_item_of_an_odd_name_opens_from_the_list(lea: User, project: Project, name: str) -> None:
    make_item(project, name, text="hello there")
    browser = browser_of(lea)

    listing = browser.get(items_url(project)).content.decode()
    address = reverse("item", args=[project.slug, name])

    assert f'href="{address.replace("&", "&amp;")}"' in listing
    assert "hello there" in browser.get(address).content.decode()


def test_an_unknown_item_and_one_of_another_project_are_the_same_404(lea: User, eve: User, project: Project) -> None:
    other = make_project(eve, project.guideline, slug="other")
    make_item(other, "theirs")
    browser = browser_of(lea)

    answers = [browser.get(reverse("item", args=[project.slug, name])) for name in ("theirs", "nobody's", "a\x00b")]

    assert [answer.status_code for answer in answers] == [404, 404, 404]


@pytest.mark.parametrize("page", ["items", "item"])
def test_annotators_may_not_see_items_and_strangers_find_nothing(
    ana: User, eve: User, max_: User, project: Project, page: str
) -> None:
    make_item(project, "i1")
    url = reverse(page, args=[project.slug, *(["i1"] if page == "item" else [])])

    assert browser_of(ana).get(url).status_code == 403
    assert browser_of(eve).get(url).status_code == 404
    assert browser_of(max_).get(url).status_code == 200
    assert Client().get(url).status_code == 302


def test_filters_hold_together_and_speak_of_one_answer(lea: User, project: Project) -> None:
    make_items(project, ["en1", "en2"], language="en")
    make_items(project, ["de1"], language="de")
    make_labels(project, [("en1", "p1", "refund"), ("en1", "p2", "billing"), ("en2", "p1", "billing"),
                          ("de1", "p2", "refund")])  # fmt: skip
    browser = browser_of(lea)

    assert listed(browser.get(items_url(project, **{"slice.language": "de"}))) == ["de1"]
    assert listed(browser.get(items_url(project, **{"label.intent": "refund"}))) == ["en1", "de1"]
    assert listed(browser.get(items_url(project, **{"label.intent": "refund", "annotator": "p2"}))) == ["de1"]
    assert listed(browser.get(items_url(project, state="unqueued"))) == ["en1", "en2", "de1"]
    assert listed(browser.get(items_url(project, state="open"))) == []


def test_a_filter_that_means_nothing_is_refused_beside_its_field(lea: User, project: Project) -> None:
    make_item(project, "i1")

    answer = browser_of(lea).get(items_url(project, state="sleeping", **{"label.urgency": "high"}))

    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"state", "label.urgency"}
    assert listed(answer) == ["i1"]


@pytest.mark.parametrize(
    "query",
    [
        "project__slug=x", "payload__text__regex=(a", "after=x", "before=99999999999999999999", "annotator=%00",
        "slice.language=%00",
    ],
)  # fmt: skip
def test_hostile_parameters_filter_nothing_and_break_nothing(lea: User, project: Project, query: str) -> None:
    make_item(project, "i1")

    answer = browser_of(lea).get(f"{items_url(project)}?{query}")

    assert answer.status_code in {200, 422}
    assert listed(answer) == ["i1"]


def test_pages_go_forward_and_back_without_losing_or_repeating_an_item(lea: User, project: Project) -> None:
    make_items(project, [f"i{number:03}" for number in range(120)])
    browser = browser_of(lea)

    pages = [browser.get(items_url(project, **{"slice.language": "en"}))]
    while pages[-1].context["page"].next_url:
        pages.append(browser.get(pages[-1].context["page"].next_url))
    back = browser.get(browser.get(pages[-1].context["page"].previous_url).context["page"].previous_url)

    assert [len(listed(page)) for page in pages] == [50, 50, 20]
    assert sum((listed(page) for page in pages), []) == [f"i{number:03}" for number in range(120)]
    assert listed(back) == listed(pages[0])
    assert back.context["page"].previous_url == ""
    assert "slice.language=en" in back.context["page"].next_url


def test_the_list_says_each_label_once_with_how_many_gave_it(lea: User, project: Project) -> None:
    make_labels(project, [("i1", "p1", {"intent": "refund", "urgency": 4}), ("i1", "p2", "billing"),
                          ("i1", "p3", "refund")])  # fmt: skip

    (row,) = browser_of(lea).get(items_url(project)).context["rows"]

    intent, urgency = row.labels
    assert [(chip.name, chip.index, chip.count) for chip in intent.chips] == [
        ("Refund", 0, 2), ("Billing error", 1, 1),
    ]  # fmt: skip
    assert [(chip.name, chip.count) for chip in urgency.chips] == [("4", 1)]


def test_queries_do_not_grow_with_items_and_labels(
    lea: User, project: Project, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    browser = browser_of(lea)
    make_labels(project, [("i0", "p1", "refund")])
    browser.get(items_url(project))
    with django_assert_num_queries(9) as few:
        browser.get(items_url(project))
    make_labels(project, [(f"i{n}", f"p{m}", "refund") for n in range(1, 30) for m in range(3)])
    with django_assert_num_queries(len(few.captured_queries)):
        answer = browser.get(items_url(project))
    assert len(listed(answer)) == 30


@pytest.fixture
def labeled(project: Project, ana: User, ben: User, lea: User, member_of: Callable[[User], Member]) -> Item:
    """Ana answered, took it back and answered again; ben answered; there is gold."""
    item = make_item(project, "i1", text="Two charges!", language="en")
    make_task(item)
    for user, intents in ((ana, ["refund", "billing"]), (ben, ["refund"])):
        member = member_of(user)
        for number, intent in enumerate(intents):
            lease = undo_last_submission(annotator=member) if number else claim_next(annotator=member)
            assert lease is not None
            submit_annotation(
                annotator=member, lease_id=lease.lease.id, answer={"intent": intent}, seconds_spent=2.5,
                submission_id=uuid.uuid4(), comment="It says charge.", source="workbench",
            )  # fmt: skip
    make_gold(project, "i1", {"intent": "billing"}, lea)
    return item


def test_the_item_page_shows_labels_history_leases_and_gold(lea: User, project: Project, labeled: Item) -> None:
    answer = browser_of(lea).get(reverse("item", args=[project.slug, "i1"]))

    html, context = answer.content.decode(), answer.context
    current = [(label.answer.annotator.name, label.parts[0].chips[0].name) for label in context["labels"]]
    assert sorted(current) == [("ana", "Billing error"), ("ben", "Refund")]
    assert [label.parts[0].chips[0].name for label in context["history"]] == ["Refund"]
    assert [(lease.annotator.name, lease.ending) for lease, _ in context["leases"]] == [
        ("ana", "undone"), ("ana", "submitted"), ("ben", "submitted"),
    ]  # fmt: skip
    assert context["gold"][1][0].chips[0].name == "Billing error"
    assert "It says charge." in html
    assert "2.5" in html


def test_what_came_from_outside_is_text_and_nothing_else(lea: User, project: Project) -> None:
    project.slices = ["language", HOSTILE[0]]
    project.save()
    for number, evil in enumerate(HOSTILE):
        payload, meta = {"text": evil, evil: evil}, {"language": evil, evil: evil}
        Item.objects.create(project=project, external_id=evil, payload=payload, meta=meta, sha256=str(number),
                            created_at=project.created_at)  # fmt: skip
        make_labels(project, [(evil, evil[:150], {"intent": evil, "urgency": 2})])
    browser = browser_of(lea)

    pages = [browser.get(items_url(project, annotator=HOSTILE[2], **{"slice.language": HOSTILE[1]}))]
    pages += [browser.get(items_url(project))]
    pages += [browser.get(reverse("item", args=[project.slug, evil])) for evil in HOSTILE]

    assert {page.status_code for page in pages} == {200}
    assert [raw_markup(page.content.decode()) for page in pages] == [[]] * len(pages)
    assert "49" not in pages[5].content.decode().split("<h1>")[1].split("</h1>")[0]
    assert HOSTILE[3] in pages[5].content.decode()
