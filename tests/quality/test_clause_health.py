"""Clause health against numbers computed by hand, and again by other means."""

import copy
from collections import Counter, defaultdict
from itertools import combinations
from typing import Any

import krippendorff
import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from statsmodels.stats.proportion import proportion_confint

from accounts.errors import NotFound
from accounts.models import User
from annotation.models import Annotation, Project
from guidelines.models import Guideline
from guidelines.services.clarifications import ask_question
from quality.models import AgreementFigure
from quality.selectors.clause_health import judged_projects
from quality.services import agreement
from quality.services.clause_health import (
    NEEDS_ANALYSIS,
    NO_LABELS,
    NOT_CITED,
    NOT_COMPARED,
    ClauseHealth,
    clause_health,
    clause_history,
    health_table,
)
from tests.factories.annotation import make_member, make_project
from tests.factories.control import answer_in_seat
from tests.factories.guidelines import INTENT, make_guideline, make_version, option
from tests.factories.quality import make_labels, planted_labels
from tests.frontend.quality_pages import analyse, make_finding

Label = tuple[str, str, str]


def content(**changes: Any) -> dict[str, Any]:
    return copy.deepcopy(INTENT) | changes


def split_labels(n_same: int, n_split: int) -> list[Label]:
    """ana and ben on items that both call refund, and on items that one calls refund, the other billing."""
    rows = [(f"s{n:03d}", who, "refund") for n in range(n_same) for who in ("ana", "ben")]
    for n in range(n_split):
        rows += [(f"d{n:03d}", "ana", "refund"), (f"d{n:03d}", "ben", "billing")]
    return rows


def of(project: Project, key: str) -> ClauseHealth:
    return clause_health(project.guideline, [project], key)


def test_the_share_of_items_on_which_people_differ(project: Project) -> None:
    make_labels(project, split_labels(18, 6))
    make_labels(project, [(f"o{n}", who, "other") for n in range(9) for who in ("ana", "ben")])  # cites no clause
    make_labels(project, [(f"lone{n}", "ana", "refund") for n in range(5)])  # nobody else labeled them

    health = of(project, "C3")

    assert (health.differ["n"], health.differ["differ"], health.differ["share"]) == (24, 6, 0.25)
    low, high = proportion_confint(6, 24, method="wilson")
    assert health.differ["interval"] == pytest.approx([low, high])
    assert [(pair.labels, pair.n_items) for pair in health.pairs] == [(("Refund", "Billing error"), 6)]
    assert [option.key for _question, option in health.options] == ["refund", "billing"]


def test_the_same_from_plain_python_on_a_project_with_three_labels_an_item(project: Project) -> None:
    rows = planted_labels()
    make_labels(project, rows)
    by_item: dict[str, list[str]] = defaultdict(list)
    for item, _who, value in rows:
        by_item[item].append(value)
    touched = [values for values in by_item.values() if {"refund", "billing"} & set(values)]
    met = Counter(pair for values in touched for pair in combinations(sorted(set(values)), 2))

    health = of(project, "C3")

    assert health.differ["n"] == len(touched)
    assert health.differ["differ"] == sum(len(set(values)) > 1 for values in touched)
    names = {"Refund": "refund", "Billing error": "billing", "Other": "other"}
    pairs = {tuple(sorted(names[label] for label in pair.labels)): pair.n_items for pair in health.pairs}
    assert pairs == met


def test_below_twenty_items_there_is_no_share_and_no_pair(project: Project) -> None:
    make_labels(project, split_labels(13, 6))

    health = of(project, "C3")

    assert (health.differ["n"], health.differ["share"], health.differ["interval"]) == (19, None, None)
    assert "19 of the 20" in health.differ["undefined"]
    assert health.pairs == ()


def test_citations_are_a_share_of_the_labels_that_name_any_clause(project: Project) -> None:
    rows = split_labels(20, 5)
    first = make_labels(project, rows[:12], clauses=["C3", "C3"])[0]  # named twice, counted once
    make_labels(project, rows[12:20], clauses=["C1"])
    make_labels(project, rows[20:25], clauses=["C1", "C3"])
    make_labels(project, rows[25:])
    make_labels(project, [("s000", "robot", "refund")], kind="model", clauses=["C3"])
    Annotation.objects.filter(pk=first.pk).update(superseded_at=timezone.now())

    health = of(project, "C3")

    assert (health.cited["cited"], health.cited["n"]) == (16, 24)
    assert health.cited["interval"] == pytest.approx(proportion_confint(16, 24, method="wilson"))
    table = health_table(project.guideline, [project])
    assert table is not None
    assert (table.labels, table.naming) == (49, 24)


def test_answers_to_gold_and_repeats_cite_nothing(project: Project, member_of: Any, ana: User) -> None:
    make_labels(project, split_labels(1, 0))
    answer_in_seat(project, "s000", member_of(ana), {"intent": "refund"}, kind="gold", clauses=("C3",))

    assert of(project, "C3").cited["cited"] == 0


def test_open_findings_that_name_the_clause(project: Project) -> None:
    make_labels(project, split_labels(2, 1))
    mine = make_finding(project)
    make_finding(project, state="dismissed")
    make_finding(project, subject={"question": "intent", "labels": ["refund", "other"], "clause": "C1"})
    make_finding(project, subject={"question": "intent", "annotator": "ana"}, kind="bias")

    assert [finding.pk for finding in of(project, "C3").findings] == [mine.pk]


def test_questions_asked_about_it(project: Project, ana: User) -> None:
    for question, clause in (("Which one?", "C3"), ("And a tip?", "C3"), ("What of fees?", "C1"), ("Why at all?", "")):
        ask_question(actor=ana, guideline=project.guideline, question=question, clause=clause)

    assert (of(project, "C3").questions, of(project, "C1").questions) == (2, 1)


def test_sets_belong_to_the_clauses_of_all_their_options(lea: User) -> None:
    question = {
        "key": "topics", "type": "choices", "title": "Topics", "required": True, "min": 1, "max": 2,
        "options": [option("late", "Late", "", "1", "C1"), option("broken", "Broken", "", "2", "C3")],
    }  # fmt: skip
    project = make_project(lea, make_guideline(lea, content=content(questions=[question])))
    same = [(f"i{n:02d}", who, {"topics": ["late"]}) for n in range(15) for who in ("ana", "ben")]
    both = (("ana", ["broken"]), ("ben", ["broken", "late"]))
    differ = [(f"d{n}", who, {"topics": topics}) for n in range(10) for who, topics in both]
    make_labels(project, [*same, *differ])

    late, broken = of(project, "C1"), of(project, "C3")

    assert (late.differ["n"], late.differ["differ"]) == (25, 10)
    assert (broken.differ["n"], broken.differ["undefined"] is None) == (10, False)
    assert [(set(pair.labels), pair.n_items) for pair in late.pairs] == [({"Broken", "Broken + Late"}, 10)]


def test_a_clause_without_options_or_with_marks_only_says_why_there_is_no_figure(lea: User) -> None:
    mark = {
        "key": "marks", "type": "span", "title": "Marks", "required": False, "field": "text",
        "options": [option("per", "Person", "", "1", "C3")],
    }  # fmt: skip
    project = make_project(lea, make_guideline(lea, content=content(questions=[mark])))

    assert of(project, "C1").differ["undefined"] == NOT_CITED
    assert of(project, "C3").differ["undefined"] == NOT_COMPARED
    assert clause_history(project.guideline, [project], of(project, "C3")) == []


def test_a_retired_clause_is_shown_as_its_last_version_had_it(project: Project, lea: User) -> None:
    rows = split_labels(20, 2)
    make_labels(project, rows[:21], clauses=["C1"])
    make_labels(project, rows[21:])
    make_version(project.guideline, lea, content(clauses=[INTENT["clauses"][1]]))

    health = of(project, "C1")

    assert not health.is_current
    assert (health.clause.title, health.cited["cited"]) == ("Read the whole message", 21)
    with pytest.raises(NotFound):
        of(project, "C99")


def test_the_history_has_a_point_for_every_version_and_equals_krippendorff(project: Project, lea: User) -> None:
    first = project.guideline.versions.get()
    second = make_version(
        project.guideline, lea, content(clauses=[INTENT["clauses"][0], INTENT["clauses"][1] | {"body": "Other."}])
    )
    third = make_version(project.guideline, lea, level="minor")
    old, new = planted_labels(60), [(f"n{item}", who, value) for item, who, value in planted_labels(90)]
    make_labels(project, old, version=first)
    make_labels(project, new, version=second)

    (history,) = clause_history(project.guideline, [project], of(project, "C3"))

    assert [(point.version.number, point.clause) for point in history.points] == [
        ("1.0", "new"), ("2.0", "changed"), ("2.1", ""),
    ]  # fmt: skip
    for point, rows in zip(history.points, (old, new), strict=False):
        assert point.row is not None
        alpha = point.row["krippendorff_alpha"]["nominal"]
        assert alpha == pytest.approx(alpha_of(rows))
        low, high = point.row["interval"]["krippendorff_alpha"]
        assert low < alpha < high
    last = history.points[-1]
    assert (last.version.pk, last.row, last.reason) == (third.pk, None, NO_LABELS)


def alpha_of(rows: list[Label]) -> float:
    items, people = sorted({row[0] for row in rows}), sorted({row[1] for row in rows})
    data = np.full((len(people), len(items)), np.nan)
    for item, who, value in rows:
        data[people.index(who), items.index(item)] = ("refund", "billing", "other").index(value)
    return float(krippendorff.alpha(reliability_data=data, level_of_measurement="nominal"))


def test_two_projects_add_up_and_each_can_be_seen_alone(project: Project, lea: User) -> None:
    other = make_project(lea, project.guideline, slug="second")
    make_labels(project, split_labels(20, 5))
    make_labels(other, split_labels(30, 10))

    both = clause_health(project.guideline, [project, other], "C3")

    assert (both.differ["n"], both.differ["differ"], both.pairs[0].n_items) == (65, 15, 15)
    assert clause_health(project.guideline, [other], "C3").differ["n"] == 40
    assert len(clause_history(project.guideline, [project, other], both)) == 2


def test_who_needs_it_most_comes_first(project: Project) -> None:
    make_labels(project, split_labels(10, 30))
    table = health_table(project.guideline, [project])
    assert table is not None
    assert [row.clause.key for row in table.rows] == ["C3", "C1"]

    make_finding(project, subject={"question": "intent", "labels": ["refund", "other"], "clause": "C1"})
    table = health_table(project.guideline, [project])
    assert table is not None
    assert [row.clause.key for row in table.rows] == ["C1", "C3"]


def test_a_large_project_is_read_from_its_latest_analysis(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    make_labels(project, split_labels(20, 5))
    monkeypatch.setattr(agreement, "SMALL_PROJECT", 10)
    health = of(project, "C3")
    assert health.differ["undefined"] == NEEDS_ANALYSIS
    table = health_table(project.guideline, [project])
    assert table is not None
    assert table.unmeasured == (project,)

    analyse(project, "agreement")

    assert AgreementFigure.objects.filter(by="clause").count() == 1
    health = of(project, "C3")
    assert (health.differ["n"], health.differ["differ"], health.pairs[0].n_items) == (25, 5, 5)
    (history,) = clause_history(project.guideline, [project], health)
    assert history.points[0].reason == NO_LABELS  # imported labels that name no version


def test_no_version_no_table(lea: User, project: Project) -> None:
    empty = Guideline.objects.create(slug="empty", title="Empty", created_by=lea)

    assert health_table(empty, []) is None


def test_the_number_of_queries_grows_with_the_projects_only(project: Project) -> None:
    make_labels(project, split_labels(3, 2))
    small = queries(project)
    make_labels(project, [(f"x{item}", who, value) for item, who, value in planted_labels(200)])
    for number in range(4):
        make_finding(project, key=f"more-{number}")

    assert queries(project) == small <= 14


def queries(project: Project) -> int:
    with CaptureQueriesContext(connection) as captured:
        health_table(project.guideline, [project])
    return len(captured)


def test_which_projects_somebody_may_judge(
    project: Project, lea: User, max_: User, ana: User, adi: User, olga: User, eve: User
) -> None:
    other = make_project(eve, project.guideline, slug="second")
    make_member(other, ana, "lead")

    people = (lea, max_, adi, ana, olga, eve)
    seen = {user.username: [p.slug for p in judged_projects(user, project.guideline)] for user in people}

    assert seen == {
        "lea": ["intents"], "max": ["intents"], "adi": [], "ana": ["second"], "olga": ["intents", "second"],
        "eve": ["second"],
    }  # fmt: skip
