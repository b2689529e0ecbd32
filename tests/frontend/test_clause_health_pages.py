"""The pages of clause health: figures with n and interval, sentences, who may see them, hostile text."""

import csv
import io
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from annotation.models import Project
from guidelines.models import Guideline
from tests.factories.annotation import make_member, make_project
from tests.factories.guidelines import INTENT, make_guideline, make_version
from tests.factories.quality import make_labels, planted_labels
from tests.frontend.hostile import raw_markup
from tests.frontend.pages import HTMX, browser_of
from tests.frontend.quality_pages import hostile_project, make_finding
from tests.quality.test_clause_health import split_labels

TABLE, CLAUSE = "/g/support/health/", "/g/support/clauses/C3/"


@pytest.fixture
def measured(project: Project) -> Project:
    rows = split_labels(30, 10)
    version = project.guideline.versions.get()
    make_labels(project, rows[:30], clauses=["C3"], version=version)
    make_labels(project, rows[30:], version=version)
    make_finding(project)
    return project


def words(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", answer.content.decode())).replace("\u202f", " ")


def test_the_table_has_figures_with_interval_and_n(lea: User, measured: Project) -> None:
    said = words(browser_of(lea), TABLE)

    assert "C3 Refund or billing error" in said
    assert re.search(r"25 % ?\[14, 40\] ?n = 40", said)
    assert "30 of 80 labels name a clause." in said
    assert "People differ on 25 % of the items that C3 decides" in said


def test_one_clause_is_told_in_sentences(lea: User, measured: Project) -> None:
    client = browser_of(lea)
    said = words(client, CLAUSE)

    assert "On 25 % of the 40 items that carry one of its labels, people differ; between 14 % and 40 %" in said
    assert "Most often between “Refund” and “Billing error”: 10 items." in said.replace("&quot;", '"')
    assert "Named as the reason for 30 of the 30 labels that name any clause." in said
    assert "No questions yet." in said
    assert "1 open finding names it." in said
    assert "agreement is known under version 1.0 only" in said
    html = client.get(CLAUSE).content.decode()
    assert "/p/intents/agreement/items/?question=intent&amp;a=refund&amp;b=billing" in html
    assert client.get("/p/intents/agreement/items/?question=intent&a=refund&b=billing").status_code == 200


def test_below_twenty_items_a_dash_and_the_reason_stand_in_the_place_of_a_share(lea: User, project: Project) -> None:
    make_labels(project, split_labels(5, 4))

    said = words(browser_of(lea), CLAUSE)

    assert "Not enough data: 9 of the 20 answers it takes." in said
    assert "Which labels are taken for one another" not in said
    assert "44 %" not in said


def test_versions_that_changed_the_clause_are_marked_in_the_history(lea: User, project: Project) -> None:
    first = project.guideline.versions.get()
    second = make_version(
        project.guideline, lea, INTENT | {"clauses": [INTENT["clauses"][0], INTENT["clauses"][1] | {"body": "Clear."}]}
    )
    make_labels(project, planted_labels(120), version=first)
    make_labels(project, [(f"n{item}", who, value) for item, who, value in planted_labels(120)], version=second)

    html = browser_of(lea).get(CLAUSE).content.decode()

    assert "no clear change from version 1.0 to 2.0" in html
    assert html.count('class="plot-mark"') == 2
    assert "changed</text>" in html


@pytest.mark.parametrize("sort", ["need", "cited", "questions", "differ", "findings", "text", "nonsense", "<script>"])
def test_it_is_sorted_by_any_column(lea: User, measured: Project, sort: str) -> None:
    html = browser_of(lea).get(TABLE, {"sort": sort}).content.decode()

    rows = re.findall(r'<a href="/g/support/clauses/(C\d)/" data-key-item>', html)
    assert rows == (["C1", "C3"] if sort == "text" else ["C3", "C1"])


def test_the_same_as_csv(lea: User, measured: Project) -> None:
    answer = browser_of(lea).get(f"{TABLE}csv/")

    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert answer["Content-Disposition"] == 'attachment; filename="support-clause-health.csv"'
    assert [row["clause"] for row in rows] == ["C3", "C1"]
    assert (rows[0]["differ"], rows[0]["items"], rows[0]["differ_share"]) == ("10", "40", "0.25")
    assert (rows[0]["most_confused"], rows[0]["open_findings"]) == ("Refund / Billing error", "1")
    assert rows[1]["differ_share"] == ""
    assert "No option" in rows[1]["differ_undefined"]


def test_a_guideline_of_two_projects_shows_all_or_one(lea: User, measured: Project) -> None:
    other = make_project(lea, measured.guideline, slug="second")
    make_labels(other, split_labels(20, 0))
    client = browser_of(lea)

    assert "of the 60 items" in words(client, CLAUSE)
    assert "of the 20 items" in words(client, f"{CLAUSE}?project=second")
    html = client.get(TABLE).content.decode()
    assert "?project=second" in html
    assert "agreement/items" not in client.get(CLAUSE).content.decode()  # items belong to one project
    assert client.get(f"{TABLE}?project=nosuch").status_code == 404


def test_a_lead_of_one_project_sees_nothing_of_another(max_: User, eve: User, measured: Project) -> None:
    other = make_project(eve, measured.guideline, slug="second", title="Hidden project")
    make_labels(other, split_labels(40, 40))

    said = words(browser_of(max_), CLAUSE)

    assert "of the 40 items" in said
    assert "Hidden project" not in said
    assert browser_of(max_).get(f"{TABLE}?project=second").status_code == 404


PAGES = [TABLE, f"{TABLE}csv/", CLAUSE]


@pytest.mark.parametrize("url", PAGES)
def test_only_who_may_see_quality_sees_it(
    measured: Project, lea: User, max_: User, olga: User, ana: User, adi: User, eve: User, url: str
) -> None:
    people = (lea, max_, olga, ana, adi, eve)
    seen = {user.username: browser_of(user).get(url).status_code for user in people}

    assert seen == {"lea": 200, "max": 200, "olga": 200, "ana": 403, "adi": 403, "eve": 404}
    assert Client().get(url).status_code == 302


def test_an_unknown_clause_is_not_there(lea: User, measured: Project) -> None:
    for odd in ("C99", "C3%00", "%3Cscript%3E", "c3"):
        assert browser_of(lea).get(f"/g/support/clauses/{odd}/").status_code == 404
    assert browser_of(lea).get(f"{TABLE}?project=%00").status_code == 404


def test_a_guideline_without_project_or_version_says_so(lea: User) -> None:
    make_guideline(lea)
    empty = Guideline.objects.create(slug="empty", title="Empty", created_by=lea)

    assert "No project uses this guideline yet" in words(browser_of(lea), TABLE)
    assert browser_of(lea).get("/g/empty/health/").status_code == 404  # nobody granted her that one
    assert empty.versions.count() == 0


def test_hostile_titles_labels_and_findings_stay_text(lea: User) -> None:
    project = hostile_project(lea)
    make_finding(project)
    slug = project.guideline.slug
    client = browser_of(lea)

    for url in (f"/g/{slug}/health/", f"/g/{slug}/clauses/C3/", f"/g/{slug}/clauses/C3/facts/"):
        assert raw_markup(client.get(url).content.decode()) == []
    cells = next(csv.reader(io.StringIO(client.get(f"/g/{slug}/health/csv/").content.decode().split("\r\n", 1)[1])))
    assert not any(cell.startswith(("=", "+", "@")) for cell in cells)


@pytest.mark.parametrize("url", [TABLE, CLAUSE])
def test_the_number_of_queries_does_not_grow_with_the_labels(lea: User, project: Project, url: str) -> None:
    make_labels(project, split_labels(3, 1))
    client = browser_of(lea)
    client.get(url)
    few = queries(client, url)
    make_labels(project, [(f"x{item}", who, value) for item, who, value in planted_labels(120)])

    assert queries(client, url) == few <= 48


def queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        client.get(url)
    return len(captured)


def test_a_finding_leads_to_the_health_of_its_clause(lea: User, measured: Project) -> None:
    finding = measured.findings.get()

    html = browser_of(lea).get(f"/p/intents/findings/{finding.pk}/").content.decode()

    assert f'href="{CLAUSE}?project=intents"' in html
    assert browser_of(lea).get(f"{CLAUSE}?project=intents").status_code == 200


# --- beside the editor ---------------------------------------------------------------------------------------------


def test_the_editor_asks_for_the_facts_of_a_clause_after_the_page(lea: User, measured: Project) -> None:
    client = browser_of(lea)

    assert f'hx-get="{CLAUSE}facts/"' in client.get("/g/support/edit/clause/C3/").content.decode()
    assert "facts/" not in client.get("/g/support/edit/question/intent/").content.decode()
    said = words(client, f"{CLAUSE}facts/")
    assert "1 open finding names it." in said
    assert CLAUSE in client.get(f"{CLAUSE}facts/", headers=HTMX).content.decode()


def test_facts_of_a_clause_that_is_not_published_and_of_no_project(lea: User, measured: Project) -> None:
    assert "Not published yet" in words(browser_of(lea), "/g/support/clauses/C9/facts/")
    make_guideline(lea, slug="alone")
    assert "No project of yours" in words(browser_of(lea), "/g/alone/clauses/C3/facts/")


def test_facts_are_for_editors(measured: Project, max_: User, ana: User) -> None:
    assert browser_of(max_).get(f"{CLAUSE}facts/").status_code == 403
    assert browser_of(ana).get(f"{CLAUSE}facts/").status_code == 403


def test_an_editor_who_judges_no_project_is_told_nothing(measured: Project, eve: User) -> None:
    make_member(measured, eve, "annotator")
    measured.guideline.grants.filter(user=eve).update(level="edit")

    assert "No project of yours" in words(browser_of(eve), f"{CLAUSE}facts/")
    assert browser_of(eve).get(TABLE).status_code == 403
