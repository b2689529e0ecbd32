import json
from datetime import datetime
from pathlib import Path

import pytest
from django.utils import timezone

from accounts.errors import InvalidInput
from accounts.models import User
from annotation.models import Annotation, Item, Member, Project
from guidelines.models import Guideline
from operations.services.jobs import run_job
from quality.models import AgreementFigure, Analysis
from quality.ratings_loader import load_labels
from quality.services import agreement
from quality.services.agreement import AnalysisNeeded, agreement_table
from quality.services.agreement_row import Row
from quality.services.agreement_rows import agreement_rows
from quality.services.analyses import request_analysis
from quality.stats.agreement import measure_agreement
from tests.factories.guidelines import INTENT, make_version
from tests.factories.quality import make_items, make_labels, make_planted_project

ORACLES = Path(__file__).parent.parent / "oracles"


def rows(project: Project, by: str = "overall", **options: object) -> list[Row]:
    return agreement_rows(load_labels(project, as_of=timezone.now()), "intent", by, **options)  # type: ignore[arg-type]


def test_a_row_holds_what_the_contract_names(project: Project) -> None:
    make_planted_project(project)

    (row,) = rows(project)
    measured = measure_agreement(load_labels(project, as_of=timezone.now()).ratings("intent"))

    assert row["group"] == {}
    assert (row["n_items"], row["n_annotators"], row["n_labels"]) == (360, 10, 1080)
    assert row["krippendorff_alpha"] == {"nominal": measured.krippendorff_alpha["nominal"].value}
    assert row["percent_agreement"] == measured.percent_agreement.value
    assert row["cohen_kappa_mean_pairwise"] == measured.cohen_kappa.value
    assert (row["pairs"], row["pairs_undefined"]) == (45, 0)
    low, high = row["interval"]["krippendorff_alpha"]
    assert low < row["krippendorff_alpha"]["nominal"] < high
    assert sum(row["prevalence"].values()) == pytest.approx(1)
    assert row["undefined"] == {}


def test_two_people_on_a_published_table_give_its_kappa(project: Project) -> None:
    published = {"yes": (20, 5), "no": (10, 15)}  # Cohen's kappa .4: the table of the Wikipedia article
    labels, number = [], 0
    for first, counts in published.items():
        for second, n in zip(("yes", "no"), counts, strict=True):
            for _ in range(n):
                number += 1
                labels += [(f"i{number}", "ana", first), (f"i{number}", "ben", second)]
    names = {"yes": "refund", "no": "billing"}
    make_labels(project, [(item, who, names[value]) for item, who, value in labels])

    (row,) = rows(project)

    assert row["cohen_kappa_mean_pairwise"] == pytest.approx(0.4, abs=1e-12)
    assert row["percent_agreement"] == 0.7


def test_an_undefined_figure_is_null_with_its_reason(project: Project) -> None:
    make_labels(project, [(f"i{n}", who, "refund") for n in range(30) for who in ("ana", "ben")])

    (row,) = rows(project)

    assert row["krippendorff_alpha"] == {"nominal": None}
    assert row["cohen_kappa_mean_pairwise"] is None
    assert row["percent_agreement"] == 1.0
    assert row["undefined"]["krippendorff_alpha"].startswith("Only one label is in use")
    assert (row["pairs"], row["pairs_undefined"]) == (1, 1)


def test_a_row_with_too_few_items_says_so(project: Project) -> None:
    make_labels(project, [(f"i{n}", who, "refund") for n in range(5) for who in ("ana", "ben")])

    (row,), (asked,) = rows(project), rows(project, min_n=5)

    assert row["percent_agreement"] is None
    assert row["undefined"]["percent_agreement"] == "Only 5 items have labels of two people; 20 are needed."
    assert asked["percent_agreement"] == 1.0


def test_slices_add_up_to_the_whole(project: Project) -> None:
    make_planted_project(project)

    found = rows(project, "slice:language")

    assert [row["group"] for row in found] == [{"language": "de"}, {"language": "en"}]
    assert sum(row["n_labels"] for row in found) == 1080
    assert all(row["krippendorff_alpha"]["nominal"] is not None for row in found)


def test_by_label_each_value_stands_against_all_others(project: Project) -> None:
    make_planted_project(project)

    found = {row["group"]["label"]: row for row in rows(project, "label")}

    assert list(found) == ["refund", "billing", "other"]
    (overall,) = rows(project)
    assert found["other"]["prevalence"]["other"] == overall["prevalence"]["other"]
    assert found["refund"]["krippendorff_alpha"]["nominal"] < found["other"]["krippendorff_alpha"]["nominal"]


def test_by_annotator_counts_only_pairs_of_that_person(project: Project) -> None:
    labels = [(f"i{n}", "ana", "refund") for n in range(20)]
    labels += [(f"i{n}", "ben", "refund" if n < 15 else "other") for n in range(20)]
    labels += [(f"i{n}", "cho", "other") for n in range(20)]
    make_labels(project, labels)

    found = {row["group"]["annotator"]: row for row in rows(project, "annotator")}

    assert found["ana"]["percent_agreement"] == pytest.approx(15 / 40)
    assert found["ben"]["percent_agreement"] == pytest.approx(20 / 40)
    assert found["ana"]["prevalence"] == {"refund": 1.0, "billing": 0.0, "other": 0.0}
    assert (found["cho"]["n_items"], found["cho"]["pairs"]) == (20, 2)


def test_by_pair_shows_pairs_with_enough_shared_items(project: Project) -> None:
    make_labels(project, [(f"i{n}", who, "refund") for n in range(12) for who in ("ana", "ben")])
    make_labels(project, [(f"j{n}", who, "other") for n in range(3) for who in ("ben", "cho")])

    assert [row["group"] for row in rows(project, "pair")] == [{"annotators": ["ana", "ben"]}]
    assert [row["n_items"] for row in rows(project, "pair", min_n=3)] == [12, 3]


def test_by_cohort_measures_among_its_members(project: Project) -> None:
    make_planted_project(project)
    Member.objects.filter(project=project, name__in=["ana", "cho", "eli"]).update(cohorts={"team": "north"})
    Member.objects.filter(project=project, name__in=["ben", "dee"]).update(cohorts={"team": "south"})

    found = rows(project, "cohort:team")

    assert [(row["group"], row["n_annotators"]) for row in found] == [({"team": "north"}, 3), ({"team": "south"}, 2)]


def test_by_guideline_version_compares_over_all_rounds(project: Project, guideline: Guideline, lea: User) -> None:
    first, second = guideline.versions.get(), make_version(guideline, lea)
    for version, key in ((first, "a"), (second, "a"), (None, "b")):
        pairs = [(f"{key}{n}", who, ("refund", "other")[n % 2]) for n in range(20) for who in ("ana", "ben")]
        make_labels(project, pairs, version=version, round_key="imported" if version is None else "initial",
                    at=None) if version is not second else make_labels(
            project, [(f"c{n}", who, "refund") for n in range(20) for who in ("ana", "ben")], version=second
        )  # fmt: skip

    table = agreement_table(project, question="intent", by="guideline_version")

    assert [row["group"] for row in table.rows] == [
        {"guideline_version": None}, {"guideline_version": "1.0"}, {"guideline_version": "2.0"},
    ]  # fmt: skip
    assert table.round == "all"


def test_by_week_puts_each_item_into_the_week_of_its_last_label(project: Project) -> None:
    sunday, monday = (datetime.fromisoformat(day) for day in ("2026-01-04T23:50:00Z", "2026-01-05T00:10:00Z"))
    make_items(project, ["a", "b"])
    make_labels(project, [("a", "ana", "refund")], at=sunday)
    make_labels(project, [("b", "ana", "refund")], at=sunday)
    make_labels(project, [("b", "ben", "refund")], at=monday)

    found = rows(project, "week")

    assert [(row["group"], row["n_items"], row["n_labels"]) for row in found] == [
        ({"week": "2026-W01", "from": "2025-12-29"}, 1, 1), ({"week": "2026-W02", "from": "2026-01-05"}, 1, 2),
    ]  # fmt: skip


def test_ratings_have_ordinal_figures(project: Project) -> None:
    make_labels(
        project,
        [(f"i{n}", who, {"urgency": 1 + (n + k) % 5}) for n in range(40) for k, who in enumerate(("ana", "ben"))],
    )

    table = agreement_table(project, question="urgency")

    assert set(table.rows[0]["krippendorff_alpha"]) == {"nominal", "ordinal", "interval"}
    assert table.rows[0]["gwet_ac2"] is not None
    assert table.distance == "ordinal"


def test_a_small_project_is_measured_at_once_and_the_analysis_is_shown_after_it_with_its_age(project: Project) -> None:
    make_planted_project(project)
    before = agreement_table(project, question="intent")
    run_job(request_analysis(actor=None, project=project, kinds=["agreement"]).pk)

    after = agreement_table(project, question="intent")
    make_labels(project, [("i0001", "new person", "refund")])
    late = agreement_table(project, question="intent")

    assert before.analysis is None
    assert after.analysis == Analysis.objects.get()
    assert (before.is_stale, after.is_stale, late.is_stale) == (False, False, True)
    assert before.rows == after.rows == late.rows
    assert late.as_of == after.analysis.as_of  # type: ignore[union-attr]


def test_a_superseded_label_makes_the_analysis_stale(project: Project) -> None:
    make_planted_project(project)
    run_job(request_analysis(actor=None, project=project, kinds=["agreement"]).pk)
    newest = Annotation.objects.filter(project=project).latest("id")
    Annotation.objects.filter(pk=newest.pk).update(superseded_at=timezone.now())

    assert agreement_table(project, question="intent").is_stale


def test_a_large_project_needs_an_analysis_first(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    make_planted_project(project)
    monkeypatch.setattr(agreement, "SMALL_PROJECT", 1000)

    with pytest.raises(AnalysisNeeded):
        agreement_table(project, question="intent")
    run_job(request_analysis(actor=None, project=project, kinds=["agreement"]).pk)

    assert agreement_table(project, question="intent", by="pair").rows
    with pytest.raises(AnalysisNeeded):
        agreement_table(project, question="intent", min_n=5)


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ({"question": "mood"}, "question"),
        ({"question": None}, "question"),
        ({"question": "intent", "by": "slice:colour"}, "by"),
        ({"question": "intent", "by": "cohort:"}, "by"),
        ({"question": "intent", "by": "payload__x"}, "by"),
        ({"question": "intent", "metric": "kappa"}, "metric"),
        ({"question": "intent", "round_key": "nowhere"}, "round"),
    ],
)
def test_what_there_is_not_is_refused_with_what_there_is(project: Project, asked: dict[str, str], path: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        agreement_table(project, **asked)  # type: ignore[arg-type]

    assert caught.value.errors[0].path == path
    assert "llowed" in caught.value.errors[0].detail or "one of: intent, urgency" in caught.value.errors[0].detail


def test_one_metric_alone_keeps_its_interval_and_reason(project: Project) -> None:
    make_planted_project(project)

    (row,) = agreement_table(project, question="intent", metric="krippendorff_alpha").rows

    assert set(row["interval"]) == {"krippendorff_alpha", "krippendorff_alpha.nominal"}
    assert "fleiss_kappa" not in row
    assert row["n_labels"] == 1080


def test_the_rows_of_an_analysis_are_those_measured_at_once(project: Project) -> None:
    make_planted_project(project)
    Member.objects.filter(project=project, name__in=["ana", "cho"]).update(cohorts={"team": "north"})
    run_job(request_analysis(actor=None, project=project, kinds=["agreement"]).pk)

    groupings = Analysis.objects.get().summary["groupings"]
    assert groupings == [
        "overall", "slice:language", "label", "annotator", "pair", "guideline_version", "week", "cohort:team",
    ]  # fmt: skip
    for by in groupings:
        stored = [f.row for f in AgreementFigure.objects.filter(question="intent", by=by).order_by("position")]
        assert json.dumps(stored, sort_keys=True) == json.dumps(rows(project, by), sort_keys=True), by
    assert Item.objects.filter(project=project).count() == 360
    assert INTENT["questions"][0]["key"] == "intent"
