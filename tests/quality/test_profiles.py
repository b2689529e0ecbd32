"""A person against gold, against themself, and against what they were shown."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from annotation.models import Member, Prediction, Project, Routing
from quality.services.anchoring import anchoring
from quality.services.profiles import annotator_profile
from quality.stats.intervals import newcombe, wilson
from tests.factories.annotation import make_item
from tests.factories.control import amended, answer_in_seat
from tests.factories.quality import make_gold, make_items, make_labels
from tests.frontend.pages import browser_of

MemberOf = Callable[[User], Member]


@pytest.fixture
def mine(project: Project, ana: User, member_of: MemberOf) -> Member:
    make_items(project, [f"i{number:02d}" for number in range(60)])
    return member_of(ana)


def predicted(project: Project, external_id: str, intent: str = "refund") -> Prediction:
    model, _ = Member.objects.get_or_create(project=project, name="gpt", defaults={"kind": "model"})
    return Prediction.objects.create(
        project=project, item=project.items.get(external_id=external_id), model=model, model_version="1",
        answer={"intent": intent}, created_at=timezone.now(),
    )  # fmt: skip


def test_gold_accuracy_is_over_first_answers_with_wilsons_interval(project: Project, mine: Member, lea: User) -> None:
    for number in range(24):
        make_gold(project, f"i{number:02d}", {"intent": "refund"}, lea)
        answer = answer_in_seat(project, f"i{number:02d}", mine, "refund" if number < 18 else "other", kind="gold")
        if number > 20:
            amended(answer, "refund")

    gold = annotator_profile(project, "ana")["gold"]

    assert gold["n"] == 24
    assert (gold["right"], gold["accuracy"]) == (18, 0.75)
    assert tuple(gold["interval"]) == wilson(18, 24)
    assert gold["questions"]["intent"]["right"] == 18


def test_below_twenty_answers_there_is_no_figure_but_a_reason(project: Project, mine: Member, lea: User) -> None:
    for number in range(19):
        make_gold(project, f"i{number:02d}", {"intent": "refund"}, lea)
        answer_in_seat(project, f"i{number:02d}", mine, "refund", kind="gold")

    gold = annotator_profile(project, "ana")["gold"]

    assert (gold["n"], gold["right"], gold["accuracy"], gold["interval"]) == (19, 19, None, None)
    assert gold["undefined"] == "Not enough data: 19 of the 20 answers it takes."


def test_self_consistency_is_the_share_of_repeats_answered_as_the_first_time(project: Project, mine: Member) -> None:
    for number in range(20):
        answer_in_seat(project, f"i{number:02d}", mine, {"intent": "refund", "urgency": 3})
        again = {"intent": "refund"} if number < 15 else {"intent": "other", "urgency": 3}
        answer_in_seat(project, f"i{number:02d}", mine, again, kind="repeat")

    found = annotator_profile(project, "ana")["consistency"]

    assert found["n_items"] == 20
    intent, urgency = found["questions"]["intent"], found["questions"]["urgency"]
    assert (intent["n"], intent["same"], intent["share"]) == (20, 15, 0.75)
    assert tuple(intent["interval"]) == wilson(15, 20)
    assert (urgency["n"], urgency["same"]) == (20, 5)  # left open is not the same


def test_a_repeat_is_held_against_what_stood_when_it_was_given(project: Project, mine: Member) -> None:
    first = answer_in_seat(project, "i00", mine, "refund")
    amended(first, "billing")
    again = answer_in_seat(project, "i00", mine, "billing", kind="repeat")
    amended(again, "other")
    earlier = answer_in_seat(project, "i01", mine, "refund")
    answer_in_seat(project, "i01", mine, "refund", kind="repeat")
    amended(earlier, "other")

    intent = annotator_profile(project, "ana")["consistency"]["questions"]["intent"]

    assert (intent["n"], intent["same"]) == (2, 2)


def test_repeats_that_came_with_imported_labels_count_too(project: Project) -> None:
    make_labels(project, [("x", "pat", "refund"), ("x", "pat", "other", 2), ("y", "pat", "other", 2)])

    found = annotator_profile(project, "pat")["consistency"]

    assert (found["n_items"], found["questions"]["intent"]["n"], found["questions"]["intent"]["same"]) == (1, 1, 0)


def test_anchoring_is_the_difference_between_shown_and_held_back(project: Project, mine: Member) -> None:
    for number in range(50):
        prediction = predicted(project, f"i{number:02d}")
        shown = number < 25
        follows = number % 25 < (20 if shown else 10)
        answer = answer_in_seat(
            project, f"i{number:02d}", mine, "refund" if follows else "other", prelabel=prediction, prelabel_shown=shown
        )
        if number == 24:
            amended(answer, "refund")
    answer_in_seat(project, "i55", mine, "refund")

    (row,) = anchoring(project).rows

    assert row["question"] == "intent"
    assert (row["shown"]["n"], row["shown"]["same"], row["shown"]["share"]) == (25, 20, 0.8)
    assert (row["held_back"]["n"], row["held_back"]["same"], row["held_back"]["share"]) == (25, 10, 0.4)
    assert row["difference"] == pytest.approx(0.4)
    assert tuple(row["interval"]) == newcombe((20, 10), (25, 25))


def test_anchoring_needs_twenty_answers_on_both_sides(project: Project, mine: Member) -> None:
    for number in range(25):
        prediction = predicted(project, f"i{number:02d}")
        answer_in_seat(project, f"i{number:02d}", mine, "refund", prelabel=prediction, prelabel_shown=number > 0)

    (row,) = anchoring(project).rows

    assert (row["shown"]["share"], row["held_back"]["share"], row["difference"], row["interval"]) == (
        1,
        None,
        None,
        None,
    )
    assert row["undefined"] == "Not enough data: 1 of the 20 answers it takes."


def test_gold_and_repeats_tell_nothing_of_anchoring(project: Project, mine: Member) -> None:
    for kind in ("gold", "repeat"):
        answer_in_seat(project, "i00", mine, "refund", kind=kind, prelabel=predicted(project, f"i0{len(kind)}"),
                       prelabel_shown=True)  # fmt: skip

    assert anchoring(project).rows == []


def test_the_api_says_it_to_those_who_see_quality(
    project: Project, mine: Member, api: Callable[..., Client], max_: User, ana: User, eve: User
) -> None:
    prediction = predicted(project, "i00")
    Routing.objects.filter(project=project).update(prelabel_model=prediction.model, prelabel_share=0.5)
    answer_in_seat(project, "i00", mine, "refund", prelabel=prediction, prelabel_shown=True)
    url = f"/api/v1/projects/{project.slug}/anchoring/"

    body = api(max_, "read").get(url).json()

    assert (body["model"], body["next"], len(body["results"])) == ("gpt", None, 1)
    assert body["results"][0]["shown"]["same"] == 1
    assert api(ana, "read").get(url).status_code == 403
    assert api(eve, "read").get(url).status_code == 404
    assert api(max_, "read").get(url + "?x=1").status_code == 400


def test_pages_show_leads_both_and_annotators_neither(project: Project, mine: Member, lea: User, ana: User) -> None:
    make_item(project, "g")
    make_gold(project, "g", {"intent": "refund"}, lea)
    answer_in_seat(project, "g", mine, "other", kind="gold")
    answer_in_seat(project, "i00", mine, "refund", prelabel=predicted(project, "i00"), prelabel_shown=True)
    answer_in_seat(project, "i00", mine, "refund", kind="repeat")
    profile = reverse("profile", args=[project.slug, mine.pk])

    page = browser_of(lea).get(profile)
    assert page.context["gold"].title == "0 of 1 known answers are right; too few to judge by"
    assert "How often the answer was the same when they met the item again: 1 item" in page.content.decode()
    own = browser_of(ana).get(profile).content.decode()
    assert "known answers" not in own.lower()
    assert "met the item again" not in own
    agreement = browser_of(lea).get(reverse("agreement", args=[project.slug])).content.decode()
    assert "What pre-labels do" in agreement
    assert "Not enough data to say what pre-labels do to the answers" in agreement
