"""The list of findings and one finding: order, filters, hidden names, decisions, hostile content."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import AuditEvent, User
from annotation.models import Project
from frontend.reading.findings import veils
from guidelines.models import Guideline
from quality.models import Finding, FindingEvent
from tests.factories.annotation import make_project
from tests.factories.guidelines import make_version
from tests.factories.quality import make_labels
from tests.frontend.hostile import raw_markup
from tests.frontend.pages import browser_of
from tests.frontend.quality_pages import analyse, hostile_finding, hostile_project, hotspot_of, make_finding, planted


def list_url(project: Project, query: str = "") -> str:
    return reverse("findings", args=[project.slug]) + query


def url(finding: Finding, name: str = "finding") -> str:
    return reverse(name, args=[finding.project.slug, finding.pk])


@pytest.fixture
def split(project: Project) -> Finding:
    """A finding over 30 items that ana and cho call refund and ben billing."""
    rows = [
        (f"i{n:02d}", who, said) for n in range(30)
        for who, said in (("ana", "refund"), ("ben", "billing"), ("cho", "refund"))
    ]  # fmt: skip
    make_labels(project, rows, round_key="initial")
    return make_finding(project)


def voices(page: Any) -> list[dict[str, list[str]]]:
    """Per item of the page: label -> who gave it."""
    return [
        {camp.chip.name: [voice.name for voice in camp.voices] for camp in shown.rounds[0][1]}
        for shown in page.context["evidence"]
    ]


# --- who may -------------------------------------------------------------------------------------------------


def test_annotators_are_refused_and_strangers_find_nothing(
    ana: User, adi: User, eve: User, max_: User, split: Finding
) -> None:
    for address in (list_url(split.project), url(split)):
        assert browser_of(ana).get(address).status_code == 403
        assert browser_of(adi).get(address).status_code == 403
        assert browser_of(eve).get(address).status_code == 404
        assert browser_of(max_).get(address).status_code == 200
        assert Client().get(address).status_code == 302


@pytest.mark.parametrize("name", ["finding-decide", "finding-names"])
def test_who_may_not_see_a_finding_changes_nothing(ana: User, eve: User, split: Finding, name: str) -> None:
    body = {"state": "dismissed", "note": "no", "names": "show"}

    assert browser_of(ana).post(url(split, name), body).status_code == 403
    assert browser_of(eve).post(url(split, name), body).status_code == 404
    split.refresh_from_db()
    assert split.state == "open"
    assert not AuditEvent.objects.filter(action__startswith="finding.").exists()


def test_a_finding_of_another_project_is_not_there(lea: User, eve: User, split: Finding) -> None:
    other = make_project(eve, split.project.guideline, slug="other")
    theirs = make_finding(other)

    for name in ("finding", "finding-decide", "finding-names"):
        address = reverse(name, args=[split.project.slug, theirs.pk])
        answer = browser_of(lea).get(address) if name == "finding" else browser_of(lea).post(address, {"state": "open"})
        assert answer.status_code == 404
    assert browser_of(lea).get(reverse("finding", args=[split.project.slug, 2**70])).status_code == 404


# --- the list ------------------------------------------------------------------------------------------------


def test_open_findings_stand_by_weight_each_with_figure_certainty_and_n(lea: User, project: Project) -> None:
    planted(project)

    page = browser_of(lea).get(list_url(project))

    rows = page.context["rows"]
    assert {row.finding.kind for row in rows} == {"bias", "hotspots"}
    assert [row.finding.weight for row in rows] == sorted((row.finding.weight for row in rows), reverse=True)
    bias = next(row for row in rows if row.finding.kind == "bias" and row.finding.subject["label"] == "other")
    assert "fay uses “Other”" in bias.sentence
    assert bias.effect.interval.startswith("[")
    assert bias.effect.n.startswith("n")
    assert bias.certainty == "Fewer than 1 in 1,000 findings as strong as this are chance."
    assert bias.sentence in page.content.decode().replace("&quot;", '"')


def test_filters_by_state_and_kind_stand_in_the_address(lea: User, project: Project) -> None:
    open_bias = make_finding(project, kind="bias", subject={"question": "intent", "annotator": "a", "label": "other"},
                             facts={"unit": "share", "n": 9})  # fmt: skip
    dismissed = make_finding(project, state="dismissed")
    browser = browser_of(lea)

    def listed(query: str) -> list[int]:
        return [row.finding.pk for row in browser.get(list_url(project, query)).context["rows"]]

    assert listed("") == [open_bias.pk]
    assert listed("?state=dismissed") == [dismissed.pk]
    assert listed("?state=all") == sorted([open_bias.pk, dismissed.pk])
    assert listed("?state=all&kind=hotspots") == [dismissed.pk]
    assert listed("?state=resolved") == []


@pytest.mark.parametrize("query", ["?state=sleeping", "?kind=moon", "?state=open\x00"])
def test_an_unknown_filter_shows_the_open_ones_and_says_so(lea: User, split: Finding, query: str) -> None:
    page = browser_of(lea).get(list_url(split.project, query))

    assert page.status_code == 422
    assert [row.finding.pk for row in page.context["rows"]] == [split.pk]
    assert "There is no such filter" in page.content.decode()


def test_the_list_says_what_was_tested_and_what_could_not_be(lea: User, project: Project) -> None:
    planted(project)
    make_labels(project, [("i0000", "newcomer", "refund")], round_key="initial")
    analyse(project)

    page = browser_of(lea).get(list_url(project))

    looked = page.context["looked"]
    assert dict(looked.rows)["Bias"][0] > 5
    assert any("newcomer" in entry.names and "are needed" in entry.reason for entry in looked.untested)
    assert "not enough data is never “fine”" in page.content.decode()


def test_before_the_first_analysis_the_page_offers_one(lea: User, project: Project) -> None:
    make_labels(project, [("i1", "ana", "refund")], round_key="initial")

    html = browser_of(lea).get(list_url(project)).content.decode()

    assert "Not looked at yet" in html
    assert reverse("analyse", args=[project.slug]) in html


def test_no_open_finding_is_said_together_with_what_was_checked(lea: User, split: Finding) -> None:
    Finding.objects.update(state="resolved")

    html = browser_of(lea).get(list_url(split.project)).content.decode()

    assert "No open finding" in html
    assert "What was looked for" in html


# --- one finding ---------------------------------------------------------------------------------------------


def test_a_finding_shows_claim_clause_method_and_items(lea: User, split: Finding) -> None:
    page = browser_of(lea).get(url(split))

    html = page.content.decode()
    assert "People split between" in html
    assert "A wrong amount is a billing error." in html
    assert reverse("guideline-part", args=["support", "clause", "C3"]) in html
    assert f"{reverse('methods')}#hotspots" in html
    assert len(page.context["evidence"]) == 12
    assert "Items 1–12 of 30" in html


def test_items_go_on_where_the_page_ends(lea: User, split: Finding) -> None:
    page = browser_of(lea).get(url(split) + "?from=24")

    assert [shown.external_id for shown in page.context["evidence"]] == [f"i{n:02d}" for n in range(24, 30)]
    assert (page.context["previous_url"], page.context["next_url"]) == ("?from=12", "")


def test_people_are_letters_that_stay_the_same_on_every_item(lea: User, split: Finding) -> None:
    page = browser_of(lea).get(url(split))

    found = voices(page)
    assert all(item == found[0] for item in found)
    assert sorted(found[0]["Refund"] + found[0]["Billing error"]) == ["A", "B", "C"]
    evidence = page.content.decode().split('class="evidence"')[1].split("</ol>")[0]
    assert not any(f"<bdi>{name}</bdi>" in evidence for name in ("ana", "ben", "cho"))


def test_letters_do_not_tell_the_order_of_names(lea: User, project: Project) -> None:
    names = [f"p{n:02d}" for n in range(8)]
    make_labels(project, [("i1", name, "refund") for name in names], round_key="initial")
    findings = [make_finding(project, evidence=["i1"]) for _ in range(6)]
    browser = browser_of(lea)

    orders = [tuple(veils(project, finding, names)[name] for name in names) for finding in findings]
    assert len(set(orders)) == 6
    assert {frozenset(order) for order in orders} == {frozenset("ABCDEFGH")}
    assert voices(browser.get(url(findings[0])))[0]["Refund"] == list("ABCDEFGH")


def test_asking_for_names_shows_them_in_this_session_and_is_recorded_once(
    lea: User, max_: User, split: Finding
) -> None:
    browser = browser_of(lea)

    answer = browser.post(url(split, "finding-names"), {"names": "show", "from": "12"})
    browser.post(url(split, "finding-names"), {"names": "show"})
    shown = browser.get(answer["Location"])

    assert answer["Location"] == url(split) + "?from=12"
    assert voices(shown)[0] == {"Refund": ["ana", "cho"], "Billing error": ["ben"]}
    assert voices(browser_of(max_).get(url(split)))[0] != voices(shown)[0]
    event = AuditEvent.objects.get(action="finding.names_shown")
    assert (event.actor, event.scope, event.target) == (lea, "project:intents", str(split.pk))


def test_names_can_be_hidden_again(lea: User, split: Finding) -> None:
    browser = browser_of(lea)
    browser.post(url(split, "finding-names"), {"names": "show"})

    browser.post(url(split, "finding-names"), {"names": "hide"})

    assert set(voices(browser.get(url(split)))[0]["Billing error"]) <= {"A", "B", "C"}


def test_looking_at_a_finding_shows_no_names_and_records_nothing(lea: User, split: Finding) -> None:
    browser_of(lea).get(url(split) + "?names=show")

    assert not AuditEvent.objects.filter(action="finding.names_shown").exists()


def test_the_person_a_finding_is_about_keeps_the_name_and_the_profile_is_at_hand(lea: User, split: Finding) -> None:
    biased = make_finding(
        split.project, kind="bias", subject={"question": "intent", "annotator": "ben", "label": "billing"},
        facts={"unit": "share", "n": 30},
    )  # fmt: skip

    page = browser_of(lea).get(url(biased))

    assert voices(page)[0]["Billing error"] == ["ben"]
    assert set(voices(page)[0]["Refund"]) == {"A", "B"}
    assert [name for name, _url in page.context["people"]] == ["ben"]


def test_answers_of_two_rounds_stand_apart(lea: User, split: Finding) -> None:
    make_labels(split.project, [("i00", "ana", "other")], round_key="imported")

    shown = browser_of(lea).get(url(split)).context["evidence"][0]

    assert [key for key, _camps in shown.rounds] == ["initial", "imported"]


def test_a_clause_that_was_published_anew_says_which_labels_are_older(
    lea: User, split: Finding, guideline: Guideline
) -> None:
    Finding.objects.update(guideline_version="1.0")
    make_version(guideline, lea, level="minor")

    assert "the labels behind the finding are from 1.0 or before" in browser_of(lea).get(url(split)).content.decode()


# --- deciding ------------------------------------------------------------------------------------------------


def test_a_decision_is_stored_with_its_reason_and_stands_in_the_history(lea: User, split: Finding) -> None:
    browser = browser_of(lea)

    answer = browser.post(url(split, "finding-decide"), {"state": "acknowledged", "note": "C3 is next."})

    split.refresh_from_db()
    page = browser.get(url(split))
    assert (answer.status_code, split.state) == (302, "acknowledged")
    assert [(line.what, line.who, line.event.note) for line in page.context["history"]] == [
        ("acknowledged", "Lea", "C3 is next."), ("open", "Analysis", ""),
    ]  # fmt: skip


def test_dismissing_needs_a_reason_beside_the_field(lea: User, split: Finding) -> None:
    answer = browser_of(lea).post(url(split, "finding-decide"), {"state": "dismissed", "note": " "})

    split.refresh_from_db()
    assert answer.status_code == 422
    assert answer.context["form"].errors == {"note": ["Say why it is dismissed."]}
    assert split.state == "open"
    assert FindingEvent.objects.count() == 1


@pytest.mark.parametrize("state", ["resolved", "closed", "", "open\x00"])
def test_only_the_offered_decisions_are_taken(lea: User, split: Finding, state: str) -> None:
    answer = browser_of(lea).post(url(split, "finding-decide"), {"state": state, "note": "x"})

    split.refresh_from_db()
    assert answer.status_code == 422
    assert split.state == "open"


def test_a_dismissed_finding_can_be_opened_again(lea: User, split: Finding) -> None:
    browser = browser_of(lea)
    browser.post(url(split, "finding-decide"), {"state": "dismissed", "note": "A fluke."})

    browser.post(url(split, "finding-decide"), {"state": "open", "note": ""})

    split.refresh_from_db()
    assert split.state == "open"


def test_an_engineer_decides_but_is_not_offered_the_leads_work(max_: User, split: Finding) -> None:
    page = browser_of(max_).get(url(split))

    assert page.context["may_decide"] is True
    assert (page.context["relabel_url"], page.context["edit_base"]) == ("", "")


# --- hostile content, cost -----------------------------------------------------------------------------------


def test_hostile_texts_names_comments_clauses_and_notes_stay_text(lea: User) -> None:
    project = hostile_project(lea)
    biased, hotspot = hostile_finding(project), make_finding(project)
    browser = browser_of(lea)
    browser.post(url(hotspot, "finding-names"), {"names": "show"})

    for address in (list_url(project, "?state=all"), url(biased), url(hotspot)):
        answer = browser.get(address)
        html = answer.content.decode()
        assert answer.status_code == 200
        assert raw_markup(html) == []
        assert "&lt;script&gt;window.__x=1" in html
        assert "49{%" not in html


def test_a_dismissal_with_a_hostile_reason_stays_text(lea: User, split: Finding) -> None:
    browser = browser_of(lea)
    browser.post(url(split, "finding-decide"), {"state": "dismissed", "note": "<script>window.__x=1</script>"})

    html = browser.get(url(split)).content.decode()

    assert "&lt;script&gt;window.__x=1&lt;/script&gt;" in html
    assert raw_markup(html) == []


def test_queries_do_not_grow_with_findings_or_evidence(
    lea: User, split: Finding, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    browser = browser_of(lea)
    browser.get(url(split))
    with django_assert_max_num_queries(30) as few:
        browser.get(list_url(split.project, "?state=all"))
    with django_assert_max_num_queries(30) as one:
        browser.get(url(split) + "?from=29")
    for _ in range(20):
        make_finding(split.project)

    with django_assert_max_num_queries(len(few)):
        assert len(browser.get(list_url(split.project, "?state=all")).context["rows"]) == 21
    with django_assert_max_num_queries(len(one)):
        assert len(browser.get(url(split)).context["evidence"]) == 12


def test_the_planted_hotspot_leads_to_its_clause_and_its_items(lea: User, project: Project) -> None:
    planted(project)

    page = browser_of(lea).get(url(hotspot_of(project)))

    assert [clause.key for clause in page.context["clauses"]] == ["C3"]
    assert all(set(item) >= {"Refund", "Billing error"} for item in voices(page)[:5])
    assert page.context["n_scope"] >= len(page.context["evidence"])
