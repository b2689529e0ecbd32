"""When enough labels are enough."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.resolution import Settlement, Vote, least_sure_question, posterior_of_best, settlement

votes_of_people = st.lists(st.tuples(st.sampled_from("abc"), st.floats(0.05, 0.95)), min_size=1, max_size=6)


def by_enumeration(votes: list[tuple[str, float]], n_classes: int) -> float:
    """Bayes' rule written out: the joint probability of the votes under each truth."""
    classes = [*"abc", *range(n_classes - 3)]
    joint = {
        truth: math.prod(a if value == truth else (1 - a) / (n_classes - 1) for value, a in votes) for truth in classes
    }
    return max(joint.values()) / sum(joint.values())


@pytest.mark.parametrize(
    ("votes", "n_classes", "expected"),
    [
        ([("a", 0.8)], 2, 0.8),
        ([("a", 0.8), ("a", 0.8)], 2, 0.64 / 0.68),
        ([("a", 0.8), ("a", 0.8)], 5, 0.64 / (0.64 + 4 * 0.05**2)),
        ([("a", 0.8), ("b", 0.8)], 2, 0.5),
        ([("a", 0.9), ("b", 0.6)], 2, 0.9 * 0.4 / (0.9 * 0.4 + 0.1 * 0.6)),
        ([], 4, 0.25),
    ],
)
def test_posterior_is_bayes_rule_of_the_one_coin_model(
    votes: list[tuple[str, float]], n_classes: int, expected: float
) -> None:
    assert posterior_of_best(votes, n_classes) == pytest.approx(expected)


@given(votes_of_people, st.integers(3, 9))
def test_posterior_agrees_with_enumeration(votes: list[tuple[str, float]], n_classes: int) -> None:
    assert posterior_of_best(votes, n_classes) == pytest.approx(by_enumeration(votes, n_classes))


@given(votes_of_people)
def test_names_of_values_and_order_of_people_do_not_matter(votes: list[tuple[str, float]]) -> None:
    other_names = {"a": "x", "b": "a", "c": "b"}

    renamed = [(other_names[value], accuracy) for value, accuracy in reversed(votes)]

    assert posterior_of_best(renamed, 4) == pytest.approx(posterior_of_best(votes, 4))


@given(votes_of_people)
def test_somebody_who_guesses_changes_nothing(votes: list[tuple[str, float]]) -> None:
    assert posterior_of_best([*votes, ("a", 0.25)], 4) == pytest.approx(posterior_of_best(votes, 4))


def test_certainty_of_many_does_not_overflow() -> None:
    assert posterior_of_best([("a", 0.99)] * 500, 2) == pytest.approx(1.0)
    assert posterior_of_best([("a", 1.0), ("b", 1.0)], 2) == pytest.approx(0.5)


def test_the_least_sure_question_decides() -> None:
    votes = [Vote({"intent": "refund", "tone": "calm"}), Vote({"intent": "refund", "tone": "angry"})]

    assert least_sure_question(votes, {"intent": 2}) == pytest.approx(0.64 / 0.68)
    assert least_sure_question(votes, {"intent": 2, "tone": 2}) == pytest.approx(0.5)


def test_what_everybody_left_open_says_nothing() -> None:
    votes = [Vote({"intent": "refund"}), Vote({"intent": "refund"})]

    assert least_sure_question(votes, {"intent": 2, "tone": 2}) == pytest.approx(0.64 / 0.68)
    assert least_sure_question([], {"intent": 2}) == 0.0


@pytest.mark.parametrize(
    ("posterior", "given", "pending", "outcome"),
    [
        (0.96, 2, 0, Settlement.SURE),
        (0.96, 2, 1, Settlement.SURE),
        (0.95, 1, 0, Settlement.SURE),
        (0.5, 1, 1, Settlement.WAIT),
        (0.5, 2, 0, Settlement.ASK_ONE_MORE),
        (0.5, 4, 0, Settlement.ASK_ONE_MORE),
        (0.5, 5, 0, Settlement.TO_THE_LEAD),
        (0.5, 6, 0, Settlement.TO_THE_LEAD),
    ],
)
def test_settlement(posterior: float, given: int, pending: int, outcome: Settlement) -> None:
    assert settlement(posterior, stop_at=0.95, given=given, pending=pending, most=5) is outcome


def test_every_run_of_answers_ends() -> None:
    """Whatever five people of the default accuracy say, asking stops at the cap or before."""
    for answers in itertools.product("ab", repeat=5):
        given = 2
        while True:
            posterior = posterior_of_best([(value, 0.8) for value in answers[:given]], 2)
            outcome = settlement(posterior, stop_at=0.95, given=given, pending=0, most=5)
            if outcome is not Settlement.ASK_ONE_MORE:
                break
            given += 1
        assert given <= 5
        assert outcome is Settlement.SURE or given == 5
