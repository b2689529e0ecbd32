"""The control room and "why this item"."""

import csv
import io
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import User
from annotation.forecast import Forecast
from annotation.models import Assignment, Lease, Member, Project, Round, Routing
from annotation.routing import Reason
from annotation.selectors.control_room import Backlog, Pace, Times
from annotation.selectors.slices import SliceKey, SliceProgress
from annotation.services.queue import claim_next
from annotation.services.submission import submit_annotation
from frontend.plots import bar_plot
from frontend.reading import control_room as reading
from frontend.reading.why import reason_words, why_sentence
from tests.factories.annotation import make_item, make_task
from tests.frontend.hostile import HOSTILE, raw_markup
from tests.frontend.pages import HTMX, browser_of

MemberOf = Callable[[User], Member]


@pytest.fixture(autouse=True)
def queue(project: Project) -> None:
    for n in range(4):
        make_task(make_item(project, f"m{n}"))


def url(project: Project, name: str = "routing", *more: Any) -> str:
    return reverse(name, args=[project.slug, *more])


def text(answer: Any) -> str:
    return str(answer.content.decode())


def claimed(member: Member) -> Any:
    task = claim_next(annotator=member)
    assert task is not None
    return task


PAGES = [
    ("get", "routing", ()), ("get", "routing-reasons", ()), ("get", "routing-slices", ()),
    ("get", "routing-suggest", ()), ("post", "routing-assign", ()), ("post", "routing-let-go", (1,)),
    ("post", "routing-release", (uuid.UUID(int=1),)), ("post", "routing-round", ("initial",)),
]  # fmt: skip


@pytest.mark.parametrize(("method", "name", "more"), PAGES)
def test_annotators_may_not_and_strangers_find_nothing(
    ana: User, adi: User, eve: User, project: Project, method: str, name: str, more: tuple[Any, ...]
) -> None:
    answers = [getattr(browser_of(user), method)(url(project, name, *more)) for user in (ana, adi, eve)]

    assert [answer.status_code for answer in answers] == [403, 403, 404]


def test_engineers_see_the_room_without_its_levers(
    max_: User, project: Project, ana: User, member_of: MemberOf
) -> None:
    claimed(member_of(ana))

    page = text(browser_of(max_).get(url(project)))

    assert "m0" in page
    assert url(project, "routing-assign") not in page
    assert "routing/rounds/" not in page
    assert browser_of(max_).post(url(project, "routing-round", "initial"), {"state": "paused"}).status_code == 403


def test_the_room_says_how_it_stands(lea: User, project: Project, ana: User, member_of: MemberOf) -> None:
    task = claimed(member_of(ana))
    submit_annotation(
        annotator=member_of(ana), lease_id=task.lease.id, answer={"intent": "refund"}, submission_id=uuid.uuid4(),
        seconds_spent=0.0,
    )  # fmt: skip

    page = text(browser_of(lea).get(url(project)))

    assert "4 tasks wait for 7 labels" in page
    assert "No forecast yet: it needs 3 whole days with answers. 7 labels are left." in page
    assert "1 answer in the last 24 hours" in page


def test_slices_come_after_the_page_or_with_it(lea: User, project: Project) -> None:
    browser = browser_of(lea)

    page, part = browser.get(url(project)), browser.get(url(project, "routing-slices"), headers=HTMX)
    plain = browser.get(url(project, "routing-slices"))

    assert "Furthest behind" not in text(page)
    assert "Furthest behind: en, with 0 of 8 labels." in text(part)
    assert "<html" not in text(part)
    assert plain["Location"].endswith("?slices=1")
    assert "Furthest behind" in text(browser.get(plain["Location"]))


def test_a_lead_pauses_resumes_and_closes_a_round(lea: User, project: Project) -> None:
    browser, address = browser_of(lea), url(project, "routing-round", "initial")
    states = []
    for state in ("paused", "open", "closed"):
        assert browser.post(address, {"state": state}).status_code == 302
        states.append(Round.objects.get(key="initial").state)

    refused = browser.post(address, {"state": "open"}, follow=True)

    assert states == ["paused", "open", "closed"]
    assert "is not opened again" in text(refused)
    assert [browser.post(url(project, "routing-round", key), {"state": s}).status_code for key, s in (
        ("none", "open"), ("initial", "odd"),
    )] == [404, 404]  # fmt: skip


def test_a_campaigns_round_has_no_close_button(lea: User, project: Project) -> None:
    Round.objects.create(project=project, key="relabel-1", kind="relabel", major=1)

    page = text(browser_of(lea).get(url(project)))

    assert "Close relabel-1" not in page
    assert "its campaign closes it" in page
    assert "Pause relabel-1" in page


def test_an_item_is_given_listed_and_let_go(lea: User, project: Project, ana: User, member_of: MemberOf) -> None:
    browser = browser_of(lea)

    given = browser.post(url(project, "routing-assign"), {"external_id": "m2", "annotator": "ana"}, follow=True)
    seat = Assignment.objects.get(reserved_for=member_of(ana))
    gone = browser.post(url(project, "routing-let-go", seat.pk), follow=True)
    again = browser.post(url(project, "routing-let-go", seat.pk), follow=True)

    assert "m2 is the next thing ana gets." in text(given)
    assert "kept for them" in text(given)
    assert "Everybody can get it again." in text(gone)
    assert "Nobody has it reserved any more." in text(again)


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"external_id": "m9", "annotator": "ana"}, "external_id"),
        ({"external_id": "m0", "annotator": "nobody"}, "annotator"),
        ({"external_id": "m0", "annotator": "max"}, "annotator"),
        ({"external_id": "m0"}, "annotator"),
    ],
)
def test_what_cannot_be_given_is_refused_beside_its_field(
    lea: User, project: Project, sent: dict[str, str], field: str
) -> None:
    answer = browser_of(lea).post(url(project, "routing-assign"), sent)

    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert not Assignment.objects.filter(reserved_for__isnull=False).exists()


def test_what_somebody_holds_is_released(lea: User, project: Project, ana: User, member_of: MemberOf) -> None:
    task = claimed(member_of(ana))
    browser, address = browser_of(lea), url(project, "routing-release", task.lease.id)

    first, second = browser.post(address, follow=True), browser.post(address, follow=True)

    assert "It is back in the queue" in text(first)
    assert "They no longer held it." in text(second)
    assert Lease.objects.get().ending == "released"


def test_items_are_suggested_as_options(lea: User, project: Project) -> None:
    make_task(make_item(project, 'm"><script>'))

    found = text(browser_of(lea).get(url(project, "routing-suggest") + "?external_id=m"))

    assert found.count("<option") == 5
    assert "<script>" not in found
    assert text(browser_of(lea).get(url(project, "routing-suggest"))).strip() == ""


def test_reasons_are_sentences_and_filters_stand_in_the_address(
    max_: User, project: Project, ana: User, ben: User, member_of: MemberOf
) -> None:
    for user in (ana, ben):
        claimed(member_of(user))
    browser = browser_of(max_)

    page = browser.get(url(project, "routing-reasons"))
    found = browser.get(url(project, "routing-reasons") + "?reason=overlap&item=m0")
    nothing = browser.get(url(project, "routing-reasons") + "?reason=gold")

    assert [row.lease.annotator.name for row in page.context["rows"]] == ["ben", "ana"]
    assert "Several people label it; this is label 2." in text(page)
    assert [row.lease.annotator.name for row in found.context["rows"]] == ["ben"]
    assert "reason=overlap&amp;item=m0&amp;format=csv" in text(found)
    assert "Nothing was handed out like that" in text(nothing)


def test_days_of_the_filter_are_those_of_the_project(
    max_: User, project: Project, ana: User, member_of: MemberOf
) -> None:
    """Nine in the evening of 1 March in London is the morning of the 2nd in Auckland."""
    Routing.objects.update_or_create(project=project, defaults={"time_zone": "Pacific/Auckland"})
    claimed(member_of(ana))
    Lease.objects.update(granted_at=datetime(2026, 3, 1, 21, tzinfo=UTC))
    browser = browser_of(max_)

    def found(query: str) -> int:
        return len(browser.get(url(project, "routing-reasons") + query).context["rows"])

    assert [found(f"?since={day}&until={day}") for day in ("2026-03-01", "2026-03-02", "2026-03-03")] == [0, 1, 0]


def test_an_odd_filter_is_refused_beside_its_field(max_: User, project: Project) -> None:
    answers = [
        browser_of(max_).get(url(project, "routing-reasons") + query)
        for query in ("?reason=odd", "?since=odd", "?round=odd&format=csv")
    ]

    assert [answer.status_code for answer in answers] == [422, 422, 422]
    assert browser_of(max_).get(url(project, "routing-reasons") + "?until=9999-12-31&before=odd").status_code == 200


def test_the_export_is_safe_in_a_spreadsheet(max_: User, project: Project, ana: User, member_of: MemberOf) -> None:
    make_task(make_item(project, "=HYPERLINK()"))
    Assignment.objects.exclude(task__item__external_id="=HYPERLINK()").update(state="withdrawn")
    claimed(member_of(ana))

    answer = browser_of(max_).get(url(project, "routing-reasons") + "?format=csv")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer).decode())))  # type: ignore[arg-type]

    assert (answer["Content-Type"], rows[0]["item"], rows[0]["annotator"]) == (
        "text/csv; charset=utf-8", "'=HYPERLINK()", "ana",
    )  # fmt: skip
    assert "attachment" in answer["Content-Disposition"]


def test_hostile_names_are_text(lea: User, project: Project, ana: User, member_of: MemberOf) -> None:
    for n, hostile in enumerate(HOSTILE):
        make_task(make_item(project, f"{n} {hostile}"[:200].replace("\x00", "")))
    claimed(member_of(ana))
    Lease.objects.update(reason="priority", facts={"priority": 5, "feed_reason": HOSTILE[0]})
    seat = Assignment.objects.filter(state="open", task__item__external_id__startswith="0 ").first()
    assert seat is not None
    Assignment.objects.filter(pk=seat.pk).update(reserved_for=member_of(ana), late=2)

    for name in ("routing", "routing-reasons"):
        assert raw_markup(text(browser_of(lea).get(url(project, name)))) == []


def test_the_items_page_tells_leads_why_and_adjudicators_who_label_too_nothing(
    lea: User, adi: User, project: Project, ana: User, member_of: MemberOf
) -> None:
    claimed(member_of(ana))
    address = reverse("item", args=[project.slug, "m0"])

    assert "next in the order of the queue" in text(browser_of(lea).get(address))
    assert url(project, "routing-reasons") + "?item=m0" in text(browser_of(lea).get(address))
    assert "Why it was handed out" not in text(browser_of(adi).get(address))


def test_every_reason_has_words_and_a_sentence() -> None:
    assert set(reason_words()) == {reason.value for reason in Reason}
    for reason in Reason:
        assert why_sentence(reason, None).endswith(".")
    assert why_sentence("of an older program", None) == "of an older program"


@pytest.mark.parametrize(
    ("reason", "facts", "words"),
    [
        ("slice", {"slice": {"language": "de"}, "taken": 12, "target": 100, "need": 0.88},
         "language = de was furthest behind its contract: 12 of 100 labels."),
        ("slice", {"slice": {"language": "de"}, "taken": 12, "need": 0.5},
         "language = de was furthest behind its contract, by 50\u202f%."),
        ("priority", {"priority": 5, "feed_reason": "drift alarm"}, "It was sent with priority 5: drift alarm."),
        ("pair", {"with": ["ben"], "shared": 3}, "ben had labeled it; the two shared 3 items and are to share more."),
        ("adaptive", {"label": 4}, "The labels so far did not settle it, so label 4 was asked for."),
    ],
)  # fmt: skip
def test_facts_become_one_sentence(reason: str, facts: dict[str, Any], words: str) -> None:
    assert why_sentence(reason, facts) == words


def test_a_forecast_names_its_range_and_what_it_rests_on() -> None:
    found = Forecast(
        4200, pace=300.0, slow_pace=200.0, fast_pace=400.0, days_with_work=10, days_looked_at=14,
        expected=date(2026, 4, 1), earliest=date(2026, 3, 28), latest=date(2026, 4, 9),
    )  # fmt: skip

    assert reading.forecast_sentence(found) == (
        "Done about 1 Apr 2026, between 28 Mar 2026 and 9 Apr 2026: 4\u202f200 labels left, 300 on a day with work,"
        " and work on 10 of the last 14 days."
    )


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (Forecast(0, "nothing_left"), "Every label asked for is given."),
        (Forecast(5, "nobody_answered"), "No forecast: nobody has answered in 7 days. 5 labels are left."),
        (Forecast(5, pace=1.0, days_with_work=3, days_looked_at=3), "more than ten years from now"),
    ],
)
def test_no_forecast_says_why(found: Forecast, words: str) -> None:
    assert words in reading.forecast_sentence(found)


def test_nothing_is_worded_as_nothing() -> None:
    empty = Pace([(datetime(2026, 3, 1, tzinfo=UTC), 0)], [(date(2026, 3, 1), 0)])

    assert reading.backlog_sentence(Backlog()) == "Nothing waits."
    assert reading.times_sentence(Times()).startswith("No answer of the last 7 days")
    assert reading.hours_plot(empty)[0] == "Nobody has answered in the last 24 hours."
    assert reading.days_plot(empty)[0] == "Nobody has answered in the last 14 days."
    assert reading.slice_tables([SliceKey("x", [SliceProgress("a", 1, 1, 1, 2, 2)], 0)])[0].sentence == (
        "Every label asked for is given."
    )


def test_times_say_how_many_came_without_one() -> None:
    assert reading.times_sentence(Times(12.0, 40.0, 500, 3)) == (
        "An answer takes 12\u202fs, one in ten more than 40\u202fs (n = 500, 7 days). 3 answers came without a time."
    )


def test_bars_stand_on_zero_and_keep_the_place_of_the_empty_ones() -> None:
    plot = bar_plot([("a", 0), ("b", 5), ("c", 10)])

    assert [(bar.height, bar.y) for bar in plot.bars] == [
        ("0.00%", "100.00%"),
        ("50.00%", "50.00%"),
        ("100.00%", "0.00%"),
    ]
    assert [tick.label for tick in plot.ticks] == ["0", "5", "10"]
    assert [bar.height for bar in bar_plot([("a", 0)]).bars] == ["0.00%"]


def test_the_oldest_wait_is_told_in_days() -> None:
    waiting = Backlog(tasks=2, labels=3, oldest=timedelta(days=3), median=timedelta(hours=2))

    assert reading.backlog_sentence(waiting) == (
        "2 tasks wait for 3 labels: the oldest for 3 days, half of them for 2 hours or more."
    )
