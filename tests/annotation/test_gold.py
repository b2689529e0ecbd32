"""How people do on gold, and when they are told."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from annotation.models import GoldLabel, Member, Project, Qualification, Routing
from annotation.selectors.gold import GoldScore, Share, gold_feedback, gold_scores, judged_answer
from tests.factories.annotation import make_item
from tests.factories.control import amended, answer_in_seat
from tests.factories.quality import make_gold, make_labels

MemberOf = Callable[[User], Member]


@pytest.fixture(autouse=True)
def items(project: Project, lea: User) -> None:
    for number in range(4):
        make_item(project, f"i{number}")
    for number in range(3):
        make_gold(project, f"i{number}", {"intent": "refund", "urgency": 3}, lea)
    GoldLabel.objects.filter(item__external_id="i0").update(rationale="C3 says so")


def right_on(n: int, right: int, **questions: tuple[int, int]) -> GoldScore:
    return GoldScore(n, right, {key: Share(*share) for key, share in questions.items()})


def test_teaching_gold_says_what_is_right_and_why(project: Project, ana: User, member_of: MemberOf) -> None:
    Routing.objects.filter(project=project).update(gold_mode="teaching")
    answer = answer_in_seat(project, "i0", member_of(ana), {"intent": "refund", "urgency": 4}, kind="gold")

    feedback = gold_feedback(answer)

    assert feedback is not None
    assert feedback.answer == {"intent": "refund", "urgency": 3}
    assert feedback.rationale == "C3 says so"
    assert feedback.is_right == {"intent": True, "urgency": False}
    assert not feedback.all_right


@pytest.mark.parametrize("has_settings", [False, True])
def test_silent_gold_says_nothing(project: Project, ana: User, member_of: MemberOf, has_settings: bool) -> None:
    if has_settings:
        Routing.objects.filter(project=project).update(gold_mode="silent")
    answer = answer_in_seat(project, "i0", member_of(ana), "refund", kind="gold")

    assert gold_feedback(answer) is None
    assert judged_answer(answer) is not None


@pytest.mark.parametrize("shows", [False, True])
def test_a_qualification_gives_feedback_where_it_says_so_whatever_the_gold_does(
    project: Project, ana: User, member_of: MemberOf, shows: bool
) -> None:
    Qualification.objects.create(project=project, shows_feedback=shows)
    answer = answer_in_seat(project, "i0", member_of(ana), "refund", kind="qualification")

    assert (gold_feedback(answer) is not None) is shows


@pytest.mark.parametrize("kind", ["initial", "repeat"])
def test_ordinary_answers_and_repeats_get_no_feedback_even_where_there_is_gold(
    project: Project, ana: User, member_of: MemberOf, kind: str
) -> None:
    Routing.objects.filter(project=project).update(gold_mode="teaching")

    assert gold_feedback(answer_in_seat(project, "i0", member_of(ana), "refund", kind=kind)) is None


def test_an_item_without_gold_has_no_feedback(project: Project, ana: User, member_of: MemberOf) -> None:
    Routing.objects.filter(project=project).update(gold_mode="teaching")

    assert gold_feedback(answer_in_seat(project, "i3", member_of(ana), "refund", kind="gold")) is None


def test_an_amendment_is_judged_by_what_was_said_first(project: Project, ana: User, member_of: MemberOf) -> None:
    Routing.objects.filter(project=project).update(gold_mode="teaching")
    first = answer_in_seat(project, "i0", member_of(ana), "billing", kind="gold")

    second = amended(first, {"intent": "refund", "urgency": 3})

    feedback = gold_feedback(second)
    assert feedback is not None
    assert feedback.is_right == {"intent": False, "urgency": False}
    assert gold_scores(project)[member_of(ana).pk] == right_on(1, 0, intent=(1, 0), urgency=(1, 0))


def test_scores_are_over_first_answers_in_gold_ordinary_and_imported_rounds(
    project: Project, ana: User, ben: User, member_of: MemberOf
) -> None:
    mine, right = member_of(ana), {"intent": "refund", "urgency": 3}
    answer_in_seat(project, "i0", mine, right, kind="gold")
    answer_in_seat(project, "i1", mine, "refund")
    make_labels(project, [("i2", "ben", "billing"), ("i2", "ben", right, 2), ("i3", "ben", right)])

    scores = gold_scores(project)

    assert scores == {
        mine.pk: right_on(2, 1, intent=(2, 2), urgency=(2, 1)),
        member_of(ben).pk: right_on(1, 0, intent=(1, 0), urgency=(1, 0)),
    }
    assert gold_scores(project, member_id=mine.pk) == {mine.pk: scores[mine.pk]}


def test_qualification_repeats_and_models_are_not_scored(project: Project, ana: User, member_of: MemberOf) -> None:
    answer_in_seat(project, "i0", member_of(ana), "refund", kind="qualification")
    answer_in_seat(project, "i1", member_of(ana), "refund", kind="repeat")
    Member.objects.create(project=project, name="gpt", kind="model")
    make_labels(project, [("i2", "gpt", "refund")], kind="model")

    assert gold_scores(project) == {}


def test_the_gold_that_stands_is_the_one_that_counts(
    project: Project, lea: User, ana: User, member_of: MemberOf
) -> None:
    answer_in_seat(project, "i0", member_of(ana), {"intent": "billing"}, kind="gold")
    before = timezone.now()
    GoldLabel.objects.filter(item__external_id="i0").update(superseded_at=before + timedelta(milliseconds=1))
    make_gold(project, "i0", {"intent": "billing"}, lea)

    assert gold_scores(project)[member_of(ana).pk] == right_on(1, 1, intent=(1, 1))
    assert gold_scores(project, as_of=before)[member_of(ana).pk].right == 0
    assert gold_scores(project, as_of=before - timedelta(days=1)) == {}


def test_gold_that_answers_nothing_the_guideline_asks_scores_nobody(
    project: Project, lea: User, ana: User, member_of: MemberOf
) -> None:
    make_gold(project, "i3", {"gone": "x"}, lea)
    answer_in_seat(project, "i3", member_of(ana), "refund", kind="gold")

    assert gold_scores(project) == {}


def test_scores_take_the_same_queries_whatever_the_size(
    project: Project, ana: User, member_of: MemberOf, django_assert_num_queries: Callable[[int], object]
) -> None:
    for number in range(3):
        answer_in_seat(project, f"i{number}", member_of(ana), "refund", kind="gold")
    gold_scores(project)

    with django_assert_num_queries(2):  # type: ignore[attr-defined]
        gold_scores(project)
