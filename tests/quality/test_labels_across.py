"""Agreement over versions: certain mappings are compared, all else is left out and counted."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from annotation.models import Member, Project
from guidelines.models import Guideline
from quality.services.agreement import agreement_table
from tests.factories.annotation import make_item, make_task
from tests.factories.guidelines import INTENT, make_version, option
from tests.factories.quality import make_labels
from tests.factories.work import label

MAPPINGS = [
    {"kind": "rename", "question": "intent", "from": ["refund"], "to": ["money"]},
    {"kind": "split", "question": "intent", "from": ["billing"], "to": ["charge", "fee"]},
]


@pytest.fixture
def two_versions(project: Project, guideline: Guideline, lea: User) -> Project:
    """ana and ben answered under 1.0, cho under 2.0; ana once more under 2.0."""
    old = guideline.versions.get()
    rows = [("a", "ana", "refund"), ("b", "ana", "refund"), ("c", "ana", "billing"), ("d", "ana", "other")]
    make_labels(project, rows, version=old, round_key="initial")
    content: dict[str, Any] = deepcopy(INTENT)
    content["questions"][0]["options"] = [
        option("money", "Money", "", "1"), option("charge", "Charge", "", "2"), option("fee", "Fee", "", "3"),
        option("other", "Other", "", "4"),
    ]  # fmt: skip
    new = make_version(guideline, lea, content, label_migrations=MAPPINGS)
    rows = [("a", "cho", "money"), ("b", "cho", "other"), ("c", "cho", "fee"), ("d", "cho", "other")]
    make_labels(project, rows, version=new, round_key="initial")
    return project


def test_a_renamed_label_agrees_with_its_new_name_and_a_split_one_is_left_out(two_versions: Project) -> None:
    table = agreement_table(two_versions, question="intent", across_versions=True, min_n=1)

    (row,) = table.rows
    assert (row["n_labels"], row["n_shared_items"]) == (7, 3)
    assert row["percent_agreement"] == pytest.approx(2 / 3)
    assert table.across is not None
    assert (table.across.labels_as_of, table.across.mapped, table.across.left_out) == ("2.0", 2, 1)
    assert "2 mapped with certainty, 1 left out" in row["note"]


def test_without_it_majors_are_kept_apart(two_versions: Project) -> None:
    (row,) = agreement_table(two_versions, question="intent", min_n=1).rows

    assert (row["n_labels"], row["n_shared_items"]) == (4, 0)


def test_of_one_persons_answers_under_two_majors_of_a_round_the_newest_counts(
    project: Project, guideline: Guideline, lea: User, ana: User, ben: User, member_of: Callable[[User], Member]
) -> None:
    make_task(make_item(project, "x"))
    label(member_of(ana), "refund")
    content: dict[str, Any] = deepcopy(INTENT)
    content["questions"][0]["options"][0] = option("money", "Money", "", "1")
    make_version(guideline, lea, content, label_migrations=MAPPINGS[:1])
    for user, said in ((ana, "other"), (ben, "other")):
        label(member_of(user), said)

    (row,) = agreement_table(project, question="intent", across_versions=True, min_n=1).rows

    assert (row["n_labels"], row["percent_agreement"]) == (2, 1.0)


def test_the_api_says_how_many_were_left_out(two_versions: Project, api: Callable[..., Client], lea: User) -> None:
    url = "/api/v1/projects/intents/agreement/?question=intent"

    body = api(lea).get(f"{url}&across_versions=true").json()

    assert body["across_versions"] == {"labels_as_of": "2.0", "mapped": 2, "left_out": 1}
    assert "across_versions" not in api(lea).get(url).json()
    assert api(lea).get(f"{url}&across_versions=maybe").status_code == 400
