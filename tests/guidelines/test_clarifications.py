"""Questions to a guideline: numbered without gaps, grouped, ruled on once, and never against the draft's will."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.errors import Forbidden, InvalidInput, NotFound
from accounts.models import AuditEvent, User
from guidelines.content import parse_content, to_json
from guidelines.models import Clarification, ClarificationNotice, Guideline, GuidelineDraft, GuidelineVersion
from guidelines.parts import find_part, part_digest
from guidelines.selectors.access import current_version
from guidelines.selectors.clarifications import ClauseCounts, clarification_counts, open_groups, unread_answers
from guidelines.services.clarifications import (
    MOST_OPEN_PER_DAY,
    NothingPublishedYet,
    NotOpen,
    TooManyQuestions,
    ask_question,
    dismiss_notice,
    group_clarifications,
    set_service_level,
    ungroup_clarification,
    withdraw_clarification,
)
from guidelines.services.editing import create_guideline, save_draft
from guidelines.services.parts import remove_part
from guidelines.services.publishing import NothingToPublish, publish_version
from guidelines.services.rulings import AlreadyRuled, rule_on_clarification
from tests.factories.guidelines import INTENT, clause, make_guideline

NORMAL = to_json(parse_content(INTENT))  # as a service stores it


def ask(guideline: Guideline, user: User, question: str = "Is a wrong fee a refund?", key: str = "C3") -> Clarification:
    return ask_question(actor=user, guideline=guideline, question=question, clause=key)


def rule(guideline: Guideline, lead: User, number: int = 1, outcome: str = "told", **more: Any) -> Clarification:
    words = {"ruling": "A wrong fee is a **billing error**."} | more
    return rule_on_clarification(actor=lead, guideline=guideline, number=number, outcome=outcome, **words).asked


def draft_of(guideline: Guideline) -> GuidelineDraft:
    return GuidelineDraft.objects.get(guideline=guideline)


def edited(guideline: Guideline, lead: User) -> None:
    """An unfinished change in the draft."""
    unfinished = INTENT | {"clauses": [*INTENT["clauses"], clause("C4", "Unfinished", "Not yet.")]}
    save_draft(
        actor=lead, guideline=guideline, content=unfinished, change_note="C4 to come",
        revision=draft_of(guideline).revision,
    )  # fmt: skip


def test_a_question_is_asked_under_the_current_version_and_numbered(guideline: Guideline, ana: User, ben: User) -> None:
    other = make_guideline(guideline.created_by, "other")

    asked = [ask(guideline, ana), ask(other, ana), ask(guideline, ben, "What of an empty message?", "")]

    assert [each.number for each in asked] == [1, 1, 2]
    assert (asked[0].version, asked[0].state, asked[0].clause) == (current_version(guideline), "open", "C3")
    assert asked[2].clause == ""


def test_the_same_words_again_are_the_same_question(guideline: Guideline, ana: User, ben: User) -> None:
    first = ask(guideline, ana)

    assert ask(guideline, ana, "  Is a wrong fee a refund? ").pk == first.pk
    assert ask(guideline, ben).pk != first.pk


@pytest.mark.parametrize(
    ("question", "key", "path"), [(" ", "", "question"), ("x" * 2001, "", "question"), ("a\x00", "", "question"),
                                  ("Why?", "C9", "clause"), ("Why?", "x" * 40, "clause")],
)  # fmt: skip
def test_bad_questions_are_refused_by_name(guideline: Guideline, ana: User, question: str, key: str, path: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        ask(guideline, ana, question, key)

    assert [error.path for error in refused.value.errors] == [path]
    assert not Clarification.objects.exists()


def test_nothing_can_be_asked_before_the_first_version(lea: User) -> None:
    with pytest.raises(NothingPublishedYet):
        ask(create_guideline(actor=lea, slug="fresh", title="Fresh"), lea, key="")


def test_who_asks_too_much_waits_for_an_answer(guideline: Guideline, lea: User, ana: User, ben: User) -> None:
    for number in range(MOST_OPEN_PER_DAY):
        ask(guideline, ana, f"{number}?" * 9, "")

    with pytest.raises(TooManyQuestions):
        ask(guideline, ana, "One more?", "")
    assert ask(guideline, ben).number == MOST_OPEN_PER_DAY + 1
    rule(guideline, lea, 1)
    assert ask(guideline, ana, "One more?", "").number == MOST_OPEN_PER_DAY + 2
    Clarification.objects.filter(number=2).update(asked_at=timezone.now() - timedelta(days=2))
    assert ask(guideline, ana, "And one more?", "").number == MOST_OPEN_PER_DAY + 3


# --- grouping ----------------------------------------------------------------------------------------------------


def numbers_in_groups(guideline: Guideline) -> list[list[int]]:
    return [[each.number for each in group.questions] for group in open_groups(guideline)]


def test_alike_questions_about_a_clause_stand_together(guideline: Guideline, ana: User, ben: User, cho: User) -> None:
    ask(guideline, ana, "Is a wrong fee a refund?")
    ask(guideline, ben, "A wrong fee: is that a refund or not?")
    ask(guideline, cho, "Is a wrong fee a refund?", "C1")
    ask(guideline, cho, "What if they write in French?")

    assert numbers_in_groups(guideline) == [[1, 2], [3], [4]]
    assert clarification_counts(guideline.pk) == {"C1": ClauseCounts(1, 1), "C3": ClauseCounts(3, 3)}


def test_a_lead_groups_and_ungroups_by_hand(guideline: Guideline, lea: User, ana: User, ben: User) -> None:
    for user, question in ((ana, "What of fees?"), (ana, "Are tips refunds?"), (ben, "Tips: are tips refunds?")):
        ask(guideline, user, question)
    assert numbers_in_groups(guideline) == [[1], [2, 3]]

    group_clarifications(actor=lea, guideline=guideline, number=1, others=[3])
    assert numbers_in_groups(guideline) == [[1, 2, 3]]
    group_clarifications(actor=lea, guideline=guideline, number=3, others=[1, 2])
    assert numbers_in_groups(guideline) == [[1, 2, 3]]
    ungroup_clarification(actor=lea, guideline=guideline, number=1)
    assert numbers_in_groups(guideline) == [[1], [2, 3]]
    ungroup_clarification(actor=lea, guideline=guideline, number=3)
    assert numbers_in_groups(guideline) == [[1], [2], [3]]


def test_one_answer_is_for_all_that_stand_together(guideline: Guideline, lea: User, ana: User, ben: User) -> None:
    ask(guideline, ana)
    ask(guideline, ben)
    ask(guideline, ben, "What if they write in French?")

    rule(guideline, lea, 2, "draft")

    assert list(Clarification.objects.order_by("number").values_list("state", "precedent")) == [
        ("answered", "P1"), ("answered", "P1"), ("open", ""),
    ]  # fmt: skip
    assert sorted(ClarificationNotice.objects.values_list("user__username", "reason")) == [
        ("ana", "asked"), ("ben", "asked"),
    ]  # fmt: skip
    assert ask(guideline, ana).same_as is None, "an answered group is not joined"


def test_a_withdrawn_question_leaves_its_group_to_the_others(
    guideline: Guideline, lea: User, ana: User, ben: User
) -> None:
    ask(guideline, ana)
    ask(guideline, ben)

    with pytest.raises(Forbidden):
        withdraw_clarification(actor=ben, guideline=guideline, number=1)
    for _ in range(2):
        withdraw_clarification(actor=ana, guideline=guideline, number=1)

    assert numbers_in_groups(guideline) == [[2]]
    with pytest.raises(NotOpen):
        rule(guideline, lea, 1)
    with pytest.raises(NotOpen):
        group_clarifications(actor=lea, guideline=guideline, number=2, others=[1])
    rule(guideline, lea, 2)
    assert not ClarificationNotice.objects.filter(user=ana).exists()
    assert clarification_counts(guideline.pk) == {"C3": ClauseCounts(1, 0)}


# --- rulings -----------------------------------------------------------------------------------------------------


def test_only_told_changes_no_text(guideline: Guideline, lea: User, ana: User) -> None:
    ask(guideline, ana)

    asked = rule(guideline, lea)

    assert (asked.state, asked.outcome, asked.precedent, asked.ruled_by) == ("answered", "told", "", lea)
    assert draft_of(guideline).content == INTENT
    assert guideline.versions.count() == 1
    (told,) = unread_answers(ana.pk)
    assert (told.number, told.reason, told.ruling, told.precedent) == (
        1, "asked", "A wrong fee is a **billing error**.", "",
    )  # fmt: skip
    with pytest.raises(NotFound):
        dismiss_notice(user=lea, notice_id=told.id)
    dismiss_notice(user=ana, notice_id=told.id)
    assert unread_answers(ana.pk) == []


def test_a_ruling_for_the_draft_changes_nothing_else_in_it(guideline: Guideline, lea: User, ana: User) -> None:
    edited(guideline, lea)
    ask(guideline, ana)

    rule(guideline, lea, outcome="draft", question="Wrong fees?", clause="C1")

    draft = draft_of(guideline)
    assert draft.content["precedents"] == [
        {"key": "P1", "clause": "C1", "question": "Wrong fees?", "ruling": "A wrong fee is a **billing error**."}
    ]
    assert find_part(draft.content, "clause", "C4") is not None
    assert draft.change_note == "C4 to come"
    assert guideline.versions.count() == 1


def test_at_once_publishes_the_current_text_with_the_precedent_and_not_the_draft(
    guideline: Guideline, lea: User, ana: User
) -> None:
    edited(guideline, lea)
    ask(guideline, ana)
    before = draft_of(guideline).revision

    asked = rule(guideline, lea, outcome="minor")

    version = current_version(guideline)
    assert version is not None
    assert (version.number, version.level, asked.published_in) == ("1.1", "minor", version)
    assert version.content == NORMAL | {"precedents": version.content["precedents"]}
    assert [each["key"] for each in version.content["precedents"]] == ["P1"]
    draft = draft_of(guideline)
    assert find_part(draft.content, "clause", "C4") is not None
    assert draft.content["precedents"] == version.content["precedents"]
    assert (draft.revision, draft.change_note) == (before + 1, "C4 to come")
    assert AuditEvent.objects.filter(action__in=["question.ruled", "guideline.published"]).count() == 2


def test_after_a_precedent_at_once_an_untouched_draft_has_nothing_to_publish(
    guideline: Guideline, lea: User, ana: User
) -> None:
    ask(guideline, ana)
    rule(guideline, lea, outcome="minor")

    with pytest.raises(NothingToPublish):
        publish_version(actor=lea, guideline=guideline, level="minor", change_note="again")


def test_a_draft_that_retired_the_clause_does_not_get_its_precedent_back(
    guideline: Guideline, lea: User, ana: User
) -> None:
    ask(guideline, ana)
    base = part_digest(find_part(draft_of(guideline).content, "clause", "C3"))
    remove_part(actor=lea, guideline=guideline, kind="clause", key="C3", base=base)

    with pytest.raises(InvalidInput) as refused:
        rule(guideline, lea, outcome="draft")
    assert refused.value.errors[0].path == "clause"
    rule(guideline, lea, outcome="minor")

    assert "precedents" not in draft_of(guideline).content
    version = current_version(guideline)
    assert version is not None
    assert version.content["precedents"][0]["clause"] == "C3"


def test_a_precedents_number_is_never_used_again(guideline: Guideline, lea: User, ana: User) -> None:
    for number, question in enumerate(("What of fees?", "Are tips refunds?", "In French?"), start=1):
        ask(guideline, ana, question)
        rule(guideline, lea, number, "draft")
        content = draft_of(guideline).content
        part = find_part(content, "precedent", f"P{number}")
        assert part is not None
        remove_part(actor=lea, guideline=guideline, kind="precedent", key=part["key"], base=part_digest(part))

    assert draft_of(guideline).content == NORMAL


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"ruling": " "}, "ruling"), ({"ruling": "x" * 2001}, "ruling"), ({"outcome": "perhaps"}, "outcome"),
        ({"outcome": "draft", "clause": ""}, "clause"), ({"outcome": "minor", "clause": "C9"}, "clause"),
        ({"outcome": "draft", "question": "x" * 2001}, "question"),
    ],
)  # fmt: skip
def test_bad_rulings_are_refused_and_nothing_is_stored(
    guideline: Guideline, lea: User, ana: User, fields: dict[str, str], path: str
) -> None:
    ask(guideline, ana)

    with pytest.raises(InvalidInput) as refused:
        rule(guideline, lea, **fields)

    assert refused.value.errors[0].path == path
    assert Clarification.objects.get().state == "open"
    assert guideline.versions.count() == 1
    assert draft_of(guideline).content == INTENT


def test_a_second_ruling_is_told_of_the_first_and_the_same_one_is_no_second(
    guideline: Guideline, lea: User, ana: User, olga: User
) -> None:
    ask(guideline, ana)
    rule(guideline, lea, outcome="minor")

    assert rule(guideline, lea, outcome="minor").precedent == "P1"
    with pytest.raises(AlreadyRuled) as refused:
        rule(guideline, olga, outcome="draft", ruling="No.")

    assert refused.value.extra == {"ruling": "A wrong fee is a **billing error**.", "ruled_by": "lea"}
    assert guideline.versions.count() == 2
    assert ClarificationNotice.objects.count() == 1


def test_a_question_of_another_guideline_is_not_there(guideline: Guideline, lea: User, ana: User) -> None:
    ask(make_guideline(lea, "other"), ana)

    with pytest.raises(NotFound):
        rule(guideline, lea)


def test_the_clock_of_the_service_level_runs(guideline: Guideline, lea: User, ana: User) -> None:
    ask(guideline, ana)
    Clarification.objects.update(asked_at=timezone.now() - timedelta(hours=23))
    assert not open_groups(guideline)[0].is_overdue

    set_service_level(actor=lea, guideline=guideline, hours=22)

    assert open_groups(Guideline.objects.get(pk=guideline.pk))[0].is_overdue
    for hours in (0, 721):
        with pytest.raises(InvalidInput):
            set_service_level(actor=lea, guideline=guideline, hours=hours)


# --- what the database refuses -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"state": "answered"}, "an_answered_clarification_has_its_ruling"),
        ({"ruling": "Yes"}, "an_answered_clarification_has_its_ruling"),
        ({"state": "withdrawn"}, "an_answered_clarification_has_its_ruling"),
        ({"state": "lost"}, "an_answered_clarification_has_its_ruling"),
        ({"precedent": "P1"}, "a_ruling_in_the_guideline_is_a_precedent"),
        ({"question": ""}, "a_clarification_asks_something"),
        ({"number": 0}, "clarifications_are_numbered_from_1"),
        ({"number": 2}, "one_clarification_per_number"),
    ],
)  # fmt: skip
def test_the_database_keeps_the_states_apart(
    guideline: Guideline, ana: User, values: dict[str, Any], constraint: str
) -> None:
    asked, _ = ask(guideline, ana), ask(guideline, ana, "Another?")

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Clarification.objects.filter(pk=asked.pk).update(**values)


def test_the_database_keeps_questions_in_their_guideline(guideline: Guideline, lea: User, ana: User) -> None:
    other = make_guideline(lea, "other")
    asked, elsewhere = ask(guideline, ana), ask(other, ana)
    foreign = GuidelineVersion.objects.get(guideline=other)
    mine = Clarification.objects.filter(pk=asked.pk)

    for values in ({"version": foreign}, {"same_as": elsewhere}):
        with pytest.raises(IntegrityError, match="its_guideline"), transaction.atomic():
            _update_and_check(mine, values)
    with pytest.raises(IntegrityError, match="a_clarification_does_not_repeat_itself"), transaction.atomic():
        mine.update(same_as=asked)


def _update_and_check(rows: QuerySet[Clarification], values: dict[str, Any]) -> None:
    """What COMMIT would check is checked now."""
    rows.update(**values)
    connection.check_constraints()
