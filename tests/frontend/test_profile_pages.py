"""One annotator's profile: what a lead sees, what annotators see of themselves, and nothing of anybody else."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from annotation.models import Member, Project
from tests.factories.annotation import make_member, make_project
from tests.factories.quality import make_gold, make_labels
from tests.frontend.hostile import raw_markup
from tests.frontend.pages import browser_of
from tests.frontend.quality_pages import EVIL, analyse, hostile_finding, hostile_project, make_finding, planted


def url(member: Member) -> str:
    return reverse("profile", args=[member.project.slug, member.pk])


def member(project: Project, name: str) -> Member:
    return Member.objects.select_related("project").get(project=project, name=name)


def test_a_lead_sees_confusion_agreement_findings_and_disagreements(lea: User, project: Project) -> None:
    planted(project)

    page = browser_of(lea).get(url(member(project, "fay")))

    part = page.context["parts"][0]
    agreed = part.agreement.rows[0].row
    assert agreed.low < agreed.value < agreed.high
    assert part.confusion_title.startswith("Most often: others say “Refund”, here it is “Other”")
    assert part.pace.median == 12.0
    assert any("fay" in row.sentence for row in page.context["findings"])
    assert len(page.context["disagreements"][0][1]) == 8
    assert "A difference is not a mistake" in page.content.decode()


def test_gold_and_severity_have_intervals(lea: User, project: Project) -> None:
    rows = [(f"i{n}", "ana", {"intent": "refund", "urgency": 4}) for n in range(20)]
    rows += [(f"i{n}", "ben", {"intent": "refund", "urgency": 2 + n % 2}) for n in range(12)]
    make_labels(project, rows, round_key="initial")
    for n in range(20):
        make_gold(project, f"i{n}", {"intent": "refund" if n < 16 else "billing"}, lea)

    context = browser_of(lea).get(url(member(project, "ana"))).context

    _intent, urgency = context["parts"]
    assert context["gold"].title == "16 of 20 known answers are right"
    assert [drawn.row.label for drawn in context["gold"].plot.rows] == ["What does the customer want?"]
    assert context["gold"].plot.rows[0].row.low < 0.8 < context["gold"].plot.rows[0].row.high
    assert urgency.severity_title == "Rates 1.50 points higher than others on the same items"
    assert urgency.severity.reference == "50.00%"


def test_annotators_see_themselves_without_gold_items_and_findings(ana: User, lea: User, project: Project) -> None:
    make_labels(project, [(f"i{n}", who, "refund") for n in range(30) for who in ("ana", "ben")], round_key="initial")
    make_gold(project, "i0", {"intent": "billing"}, lea)
    make_finding(project, kind="bias", subject={"question": "intent", "annotator": "ana", "label": "refund"},
                 facts={"unit": "share", "n": 30})  # fmt: skip
    analyse(project, "agreement")

    page = browser_of(ana).get(url(member(project, "ana")))

    html = page.content.decode()
    assert page.status_code == 200
    assert page.context["parts"][0].agreement.rows[0].row.value == 1.0
    assert not page.context.get("gold")
    assert not page.context.get("repeats")
    assert not page.context.get("findings")
    assert not page.context.get("disagreements")
    assert "known answers" not in html
    assert "i0" not in html


def test_what_annotators_see_does_not_move_with_their_last_answer(ana: User, project: Project) -> None:
    """Else one could submit an answer and read off whether the others gave it too."""
    make_labels(project, [(f"i{n}", who, "refund") for n in range(30) for who in ("ana", "ben")], round_key="initial")
    browser, mine = browser_of(ana), url(member(project, "ana"))
    before_any = browser.get(mine)
    analyse(project, "agreement")

    def figures() -> Any:
        return browser.get(mine).context["parts"]

    first = figures()
    make_labels(project, [("new", "ben", "billing"), ("new", "ana", "other")], round_key="initial")

    assert "after the next analysis" in before_any.content.decode()
    assert figures() == first


@pytest.mark.parametrize("who", ["ben", "lea"])
def test_annotators_find_nobody_else(ana: User, project: Project, who: str) -> None:
    assert browser_of(ana).get(url(member(project, who))).status_code == 404


def test_strangers_and_people_of_other_projects_find_nothing(
    eve: User, lea: User, max_: User, project: Project
) -> None:
    other = make_project(eve, project.guideline, slug="other")
    theirs = make_member(other, None, name="zoe")

    assert browser_of(eve).get(url(member(project, "ana"))).status_code == 404
    assert browser_of(lea).get(reverse("profile", args=[project.slug, theirs.pk])).status_code == 404
    assert browser_of(lea).get(reverse("profile", args=[project.slug, 2**70])).status_code == 404
    assert browser_of(max_).get(url(member(project, "ana"))).status_code == 200
    assert Client().get(url(member(project, "ana"))).status_code == 302


def test_somebody_without_labels_has_an_empty_profile(lea: User, project: Project) -> None:
    assert "No labels yet" in browser_of(lea).get(url(member(project, "ana"))).content.decode()


def test_hostile_names_labels_and_cohorts_stay_text(lea: User) -> None:
    project = hostile_project(lea)
    hostile_finding(project)
    person = Member.objects.filter(project=project, user=None).earliest("pk")

    answer = browser_of(lea).get(url(person))

    html = answer.content.decode()
    assert answer.status_code == 200
    assert EVIL[:20] in person.name
    assert raw_markup(html) == []
    assert "&lt;script&gt;window.__x=1" in html
