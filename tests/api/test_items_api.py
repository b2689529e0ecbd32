"""Items as leads and engineers look them up: filters, pages, one item with all that is known of it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from annotation.formats.rows import lines_from_values
from annotation.models import Annotation, Member, Project, Task
from annotation.services.importing import import_gold, import_items, import_labels
from tests.factories.annotation import make_item, make_project, make_task

URL = "/api/v1/projects/intents/items/"


@pytest.fixture
def engineer(project: Project, max_: User, api: Callable[..., Client]) -> Client:
    return api(max_, "read")


@pytest.fixture(autouse=True)
def items(project: Project) -> None:
    """m0 to m5; m1 and m4 are German; ana and a1 labeled some of them."""
    values = [
        {"external_id": f"m{n}", "payload": {"text": f"text {n}"}, "meta": {"language": "de" if n % 3 == 1 else "en"}}
        for n in range(6)
    ]
    labels = [
        ("m0", "ana", "refund", 1),
        ("m1", "ana", "other", 5),
        ("m1", "a1", "refund", 2),
        ("m2", "a1", "other", 2),
    ]
    lead = project.created_by
    import_items(actor=lead, project=project, lines=lines_from_values(values))
    import_labels(
        actor=lead,
        project=project,
        lines=lines_from_values(
            {"external_id": item, "annotator": who, "answer": {"intent": intent, "urgency": urgency}}
            for item, who, intent, urgency in labels
        ),
    )


def found(client: Client, query: str = "") -> list[str]:
    return [row["external_id"] for row in client.get(URL + query).json()["results"]]


def test_items_come_oldest_first_with_state_and_number_of_labels(engineer: Client) -> None:
    rows = engineer.get(URL).json()["results"]

    assert [(row["external_id"], row["state"], row["n_labels"]) for row in rows] == [
        ("m0", "open", 1), ("m1", "open", 2), ("m2", "open", 1), ("m3", "open", 0), ("m4", "open", 0),
        ("m5", "open", 0),
    ]  # fmt: skip
    assert (rows[1]["payload"], rows[1]["meta"]) == ({"text": "text 1"}, {"language": "de"})


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("?slice.language=de", ["m1", "m4"]),
        ("?slice.language=fr", []),
        ("?annotator=ana", ["m0", "m1"]),
        ("?annotator=nobody", []),
        ("?label.intent=refund", ["m0", "m1"]),
        ("?label.urgency=2", ["m1", "m2"]),
        ("?label.intent=refund&label.urgency=2", ["m1"]),
        ("?annotator=ana&label.intent=refund", ["m0"]),
        ("?annotator=a1&label.intent=refund&slice.language=de", ["m1"]),
        ("?state=open&slice.language=en&label.intent=other", ["m2"]),
        ("?state=done", []),
    ],
)
def test_filters_narrow_the_list(engineer: Client, query: str, names: list[str]) -> None:
    assert found(engineer, query) == names


def test_a_slice_of_numbers_is_found_by_its_text(project: Project, engineer: Client) -> None:
    make_item(project, "n1", language=3)
    make_item(project, "n2", language=True)

    assert found(engineer, "?slice.language=3") == ["n1"]
    assert found(engineer, "?slice.language=true") == ["n2"]


def test_the_state_of_an_item_is_that_of_what_is_left_to_do(project: Project, engineer: Client) -> None:
    names = {"d": "done", "l": "needs_lead", "s": "superseded", "u": None}
    for name, state in names.items():
        item = make_item(project, name)
        if state:
            make_task(item)
            reason = "skipped" if state == "needs_lead" else ""
            Task.objects.filter(item=item).update(state=state, desk_reason=reason)

    assert found(engineer, "?state=done") == ["d"]
    assert found(engineer, "?state=needs_lead") == ["l"]
    assert found(engineer, "?state=unqueued") == ["s", "u"]


def test_a_superseded_label_no_longer_finds_its_item(engineer: Client) -> None:
    Annotation.objects.filter(item__external_id="m0").update(superseded_at="2999-01-01T00:00:00Z")

    assert found(engineer, "?label.intent=refund") == ["m1"]


def test_pages_follow_each_other(engineer: Client) -> None:
    first = engineer.get(URL + "?limit=4").json()
    second = engineer.get(first["next"]).json()

    assert [row["external_id"] for row in first["results"] + second["results"]] == [f"m{n}" for n in range(6)]
    assert second["next"] is None


@pytest.mark.parametrize(
    "query",
    [
        "?slice.city=x", "?label.mood=x", "?state=odd", "?label.urgency=high", "?label.urgency=true", "?ordering=-id",
        "?payload__text__regex=(", "?annotator__user__password=x", "?limit=0", "?limit=1001", "?cursor=x",
        "?annotator=%00", "?annotator=a&annotator=b",
    ],
)  # fmt: skip
def test_anything_else_is_a_400(engineer: Client, query: str) -> None:
    response = engineer.get(URL + query)

    assert response.status_code == 400
    assert response.json()["errors"]


def test_one_item_with_labels_history_tasks_and_gold(project: Project, engineer: Client, lea: User) -> None:
    gold = {"external_id": "m1", "answer": {"intent": "refund"}, "rationale": "C3"}
    import_gold(actor=lea, project=project, lines=lines_from_values([gold]))
    Annotation.objects.filter(item__external_id="m1", annotator__name="a1").update(superseded_at="2999-01-01T00:00:00Z")

    body: dict[str, Any] = engineer.get(URL + "m1/").json()

    assert [(row["annotator"], row["kind"], row["round"], row["answer"]) for row in body["labels"]] == [
        ("ana", "human", "imported", {"intent": "other", "urgency": 5})
    ]
    assert [row["annotator"] for row in body["history"]] == ["a1"]
    assert body["tasks"] == [
        {
            "round": "initial", "major": 1, "overlap": 2, "state": "open",
            "seats": {"open": 2, "leased": 0, "submitted": 0, "parked": 0, "withdrawn": 0},
        }
    ]  # fmt: skip
    assert (body["gold"]["answer"], body["gold"]["rationale"]) == ({"intent": "refund"}, "C3")
    assert body["labels"][0]["guideline_version"] is None


def test_a_label_shows_its_guideline_version(project: Project, engineer: Client, lea: User) -> None:
    label = {"external_id": "m5", "annotator": "a1", "answer": {"intent": "refund"}, "guideline_version": "1.0"}
    import_labels(actor=lea, project=project, lines=lines_from_values([label]))

    version = project.guideline.versions.get()
    assert engineer.get(URL + "m5/").json()["labels"][0]["guideline_version"] == {
        "number": "1.0", "sha256": version.sha256,
    }  # fmt: skip


@pytest.mark.parametrize(("name", "quoted"), [("a/b", "a/b"), ("ü ?#&%", "%C3%BC%20%3F%23%26%25"), ("..x", "..x")])
def test_any_external_id_can_be_asked_for(project: Project, engineer: Client, name: str, quoted: str) -> None:
    make_item(project, name)

    assert engineer.get(f"{URL}{quoted}/").json()["external_id"] == name


@pytest.mark.parametrize("who", ["ana", "eve"])
def test_annotators_and_strangers_see_no_items(
    request: pytest.FixtureRequest, project: Project, api: Callable[..., Client], who: str
) -> None:
    client = api(request.getfixturevalue(who))

    expected = 403 if Member.objects.filter(project=project, name=who).exists() else 404
    assert client.get(URL).status_code == expected
    assert client.get(URL + "m1/").status_code == expected


def test_items_of_another_project_are_not_there(project: Project, engineer: Client, lea: User) -> None:
    make_item(make_project(lea, project.guideline, slug="other"), "theirs")

    assert engineer.get(URL + "theirs/").status_code == 404
    assert engineer.get(URL + "nothere/").json()["code"] == "not_found"
    assert engineer.get(URL + "a%00b/").status_code == 404


def test_a_page_of_items_takes_a_fixed_number_of_queries(
    engineer: Client, project: Project, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(8):
        engineer.get(URL + "?limit=1")
    with django_assert_max_num_queries(8):
        engineer.get(URL + "?limit=100&label.intent=refund")
