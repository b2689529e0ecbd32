"""Drafts and versions: who wins a race, what is numbered how, and what the database itself refuses."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection, connections, transaction

from accounts.errors import DomainError, InvalidInput
from accounts.models import User
from guidelines.content import content_sha256, parse_content
from guidelines.models import Guideline, GuidelineDraft, GuidelineVersion
from guidelines.services.editing import (
    StaleDraft,
    create_guideline,
    discard_draft,
    restore_version_as_draft,
    save_draft,
)
from guidelines.services.grants import grant_access, revoke_access
from guidelines.services.publishing import NothingToPublish, NotPublishable, publish_version
from tests.factories.accounts import make_user
from tests.factories.guidelines import INTENT


def text(title: str) -> dict[str, Any]:
    """INTENT with another first clause."""
    first, *others = INTENT["clauses"]
    return INTENT | {"clauses": [first | {"title": title}, *others]}


def revision_of(guideline: Guideline) -> int:
    return GuidelineDraft.objects.get(guideline=guideline).revision


def write(guideline: Guideline, actor: User, title: str) -> GuidelineDraft:
    return save_draft(
        actor=actor, guideline=guideline, content=text(title), change_note=f"says {title}",
        revision=revision_of(guideline),
    )  # fmt: skip


def publish(guideline: Guideline, actor: User, level: str = "minor", **fields: Any) -> GuidelineVersion:
    return publish_version(actor=actor, guideline=guideline, level=level, change_note="", **fields)


@pytest.fixture
def fresh(lea: User) -> Guideline:
    return create_guideline(actor=lea, slug="fresh", title="Fresh")


def test_numbers_have_no_gaps(fresh: Guideline, lea: User) -> None:
    levels = ["minor", "minor", "major", "minor", "minor", "major", "major"]
    for index, level in enumerate(levels):
        write(fresh, lea, f"Title {index}")
        publish(fresh, lea, level)

    versions = GuidelineVersion.objects.filter(guideline=fresh).order_by("sequence")
    assert [version.number for version in versions] == ["1.0", "1.1", "2.0", "2.1", "2.2", "3.0", "4.0"]
    assert [version.sequence for version in versions] == [1, 2, 3, 4, 5, 6, 7]
    assert all(version.sha256 == content_sha256(parse_content(version.content)) for version in versions)


def test_publishing_takes_the_drafts_note_and_starts_the_next_without_one(fresh: Guideline, lea: User) -> None:
    draft = write(fresh, lea, "One")

    version = publish(fresh, lea)

    assert version.change_note == "says One"
    after = GuidelineDraft.objects.get(guideline=fresh)
    assert (after.change_note, after.revision, after.content) == ("", draft.revision + 1, version.content)


def test_a_draft_may_lack_questions_but_is_not_published_without(fresh: Guideline, lea: User) -> None:
    save_draft(
        actor=lea, guideline=fresh, content={"clauses": INTENT["clauses"]}, change_note="clauses first", revision=1
    )

    with pytest.raises(NotPublishable) as refusal:
        publish(fresh, lea)

    assert [error.path for error in refusal.value.errors] == ["questions"]
    assert not GuidelineVersion.objects.exists()


def test_a_stale_save_changes_nothing(fresh: Guideline, lea: User) -> None:
    write(fresh, lea, "Mine")

    with pytest.raises(StaleDraft) as refusal:
        save_draft(actor=lea, guideline=fresh, content=text("Late"), change_note="", revision=1)

    assert refusal.value.extra == {"revision": 2}
    assert GuidelineDraft.objects.get(guideline=fresh).content["clauses"][0]["title"] == "Mine"


def test_what_was_not_seen_is_not_published(fresh: Guideline, lea: User) -> None:
    seen = write(fresh, lea, "Seen").revision
    write(fresh, lea, "Unseen")

    with pytest.raises(StaleDraft):
        publish(fresh, lea, revision=seen)

    assert not GuidelineVersion.objects.exists()


def test_an_old_version_comes_back_as_a_draft(fresh: Guideline, lea: User) -> None:
    write(fresh, lea, "One")
    first = publish(fresh, lea)
    write(fresh, lea, "Two")
    publish(fresh, lea)

    restore_version_as_draft(actor=lea, guideline=fresh, version=first, revision=revision_of(fresh))

    draft = GuidelineDraft.objects.get(guideline=fresh)
    assert (draft.content, draft.change_note) == (first.content, "Back to version 1.0")
    assert publish(fresh, lea).sha256 == first.sha256
    assert GuidelineVersion.objects.filter(guideline=fresh).count() == 3


def test_restoring_over_somebodys_newer_draft_is_refused(fresh: Guideline, lea: User) -> None:
    write(fresh, lea, "One")
    first = publish(fresh, lea)
    seen = revision_of(fresh)
    write(fresh, lea, "Precious")

    with pytest.raises(StaleDraft):
        restore_version_as_draft(actor=lea, guideline=fresh, version=first, revision=seen)
    with pytest.raises(StaleDraft):
        discard_draft(actor=lea, guideline=fresh, revision=seen)

    assert GuidelineDraft.objects.get(guideline=fresh).content["clauses"][0]["title"] == "Precious"


def test_a_discarded_draft_says_what_is_published(fresh: Guideline, lea: User) -> None:
    write(fresh, lea, "One")
    version = publish(fresh, lea)
    write(fresh, lea, "Two")

    discard_draft(actor=lea, guideline=fresh, revision=revision_of(fresh))

    draft = GuidelineDraft.objects.get(guideline=fresh)
    assert (draft.content, draft.change_note) == (version.content, "")
    with pytest.raises(NothingToPublish):
        publish(fresh, lea)


@pytest.mark.parametrize(
    "change",
    [
        "update guidelines_guidelineversion set content = '{}'::jsonb",
        "update guidelines_guidelineversion set sha256 = repeat('0', 64)",
        "update guidelines_guidelineversion set change_note = 'nothing happened'",
        "delete from guidelines_guidelineversion",
    ],
)
def test_the_database_refuses_to_change_what_is_published(fresh: Guideline, lea: User, change: str) -> None:
    write(fresh, lea, "One")
    version = publish(fresh, lea)

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)

    kept = GuidelineVersion.objects.get()
    assert (kept.content, kept.sha256, kept.change_note) == (version.content, version.sha256, version.change_note)


@pytest.mark.parametrize(
    "migration",
    [
        {"kind": "rename", "question": "intent", "from": ["refund"], "to": ["billing"]},
        {"kind": "merge", "question": "intent", "from": ["refund", "other"], "to": ["billing"], "note": "one class"},
        {"kind": "split", "question": "intent", "from": ["refund"], "to": ["billing", "other"]},
        {"kind": "retire", "question": "intent", "from": ["refund"], "to": []},
    ],
)
def test_what_becomes_of_old_labels_is_kept_with_the_version(
    fresh: Guideline, lea: User, migration: dict[str, Any]
) -> None:
    write(fresh, lea, "One")
    publish(fresh, lea)
    write(fresh, lea, "Two")

    version = publish(fresh, lea, "major", label_migrations=[migration])

    assert GuidelineVersion.objects.get(pk=version.pk).label_migrations == [migration]


@pytest.mark.parametrize(
    ("migration", "path"),
    [
        ({"kind": "rename", "question": "intent", "from": ["refund", "other"], "to": ["billing"]}, "[0].from"),
        ({"kind": "rename", "question": "intent", "from": ["refund"], "to": []}, "[0].to"),
        ({"kind": "split", "question": "intent", "from": ["refund"], "to": ["billing"]}, "[0].to"),
        ({"kind": "retire", "question": "intent", "from": ["nothing"], "to": []}, "[0].from[0]"),
        ({"kind": "rename", "question": "intent", "from": ["refund"], "to": ["nothing"]}, "[0].to[0]"),
        ({"kind": "rename", "question": "nothing", "from": ["refund"], "to": ["billing"]}, "[0].question"),
        ({"kind": "swap", "question": "intent", "from": ["refund"], "to": ["billing"]}, "[0].kind"),
        ({"kind": "retire", "question": "intent", "from": ["refund"], "to": [], "sql": "x"}, "[0].sql"),
        ("retire", "[0]"),
    ],
)
def test_a_mapping_that_fits_neither_schema_is_refused(fresh: Guideline, lea: User, migration: Any, path: str) -> None:
    write(fresh, lea, "One")
    publish(fresh, lea)
    write(fresh, lea, "Two")

    with pytest.raises(InvalidInput) as refusal:
        publish(fresh, lea, label_migrations=[migration])

    assert f"label_migrations{path}" in {error.path for error in refusal.value.errors}
    assert GuidelineVersion.objects.count() == 1


def test_one_old_label_is_mapped_once(fresh: Guideline, lea: User) -> None:
    write(fresh, lea, "One")
    publish(fresh, lea)
    write(fresh, lea, "Two")
    retire = {"kind": "retire", "question": "intent", "from": ["refund"], "to": []}

    with pytest.raises(InvalidInput) as refusal:
        publish(fresh, lea, label_migrations=[retire, retire])

    assert [(error.path, error.code) for error in refusal.value.errors] == [
        ("label_migrations[1].from[0]", "duplicate")
    ]


def test_leaving_a_project_takes_away_only_what_it_gave(fresh: Guideline, ana: User) -> None:
    grant_access(guideline=fresh, user=ana, level="read", source="project:a")
    grant_access(guideline=fresh, user=ana, level="read", source="project:b")
    grant_access(guideline=fresh, user=ana, level="edit", source="project:b")

    revoke_access(guideline=fresh, user=ana, source="project:b")
    revoke_access(guideline=fresh, user=ana, source="project:b")

    assert list(fresh.grants.filter(user=ana).values_list("source", "level")) == [("project:a", "read")]


def race(*calls: Callable[[], Any]) -> list[Any]:
    """What each call returned or refused, all started together in threads of their own."""
    gate = threading.Barrier(len(calls))
    outcomes: list[Any] = [None] * len(calls)

    def run(index: int) -> None:
        try:
            gate.wait(timeout=10)
            outcomes[index] = calls[index]()
        except DomainError as refusal:
            outcomes[index] = refusal
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[index]) for index in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return outcomes


@pytest.mark.django_db(transaction=True)
def test_of_publishes_at_once_one_wins_and_the_others_are_told() -> None:
    lea = make_user("lea")
    guideline = create_guideline(actor=lea, slug="fresh", title="Fresh")
    write(guideline, lea, "One")

    outcomes = race(*[lambda: publish(guideline, lea, "major") for _ in range(8)])

    published = [outcome for outcome in outcomes if isinstance(outcome, GuidelineVersion)]
    assert [version.number for version in published] == ["1.0"]
    assert sum(isinstance(outcome, NothingToPublish) for outcome in outcomes) == 7
    assert GuidelineVersion.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_saves_at_once_on_one_revision_one_wins_and_the_others_are_told() -> None:
    lea = make_user("lea")
    guideline = create_guideline(actor=lea, slug="fresh", title="Fresh")

    def save(title: str) -> GuidelineDraft:
        return save_draft(actor=lea, guideline=guideline, content=text(title), change_note="", revision=1)

    outcomes = race(*[lambda title=f"Title {n}": save(title) for n in range(8)])

    saved = [outcome for outcome in outcomes if isinstance(outcome, GuidelineDraft)]
    assert len(saved) == 1
    assert [outcome.extra for outcome in outcomes if isinstance(outcome, StaleDraft)] == [{"revision": 2}] * 7
    draft = GuidelineDraft.objects.get(guideline=guideline)
    assert (draft.revision, draft.content) == (2, saved[0].content)


@pytest.mark.django_db(transaction=True)
def test_a_save_and_a_publish_at_once_never_publish_unseen_text() -> None:
    lea = make_user("lea")
    guideline = create_guideline(actor=lea, slug="fresh", title="Fresh")
    for turn in range(6):
        seen = write(guideline, lea, f"Seen {turn}").revision

        race(
            lambda seen=seen: publish(guideline, lea, revision=seen),
            lambda seen=seen, turn=turn: save_draft(
                actor=lea, guideline=guideline, content=text(f"Unseen {turn}"), change_note="x", revision=seen
            ),
        )

    titles = {version.content["clauses"][0]["title"] for version in GuidelineVersion.objects.all()}
    assert all(title.startswith("Seen") for title in titles)
    versions = GuidelineVersion.objects.order_by("sequence")
    assert [version.sequence for version in versions] == list(range(1, versions.count() + 1))
