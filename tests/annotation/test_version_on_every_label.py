"""Every stored answer names the version, and by it the hash, that was on its author's screen: whatever is published
while a page is open, a lease is held, a draft waits offline, or an answer is thought over."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from accounts.models import User
from annotation.models import Annotation, Lease, Member, Project
from annotation.services.invariants import broken_invariants
from annotation.services.queue import claim_ahead, claim_next, expire_leases, save_draft
from annotation.services.refusals import AmendNotAllowed, LeaseExpired
from annotation.services.submission import amend_annotation, submit_annotation, undo_last_submission
from guidelines.models import Guideline, GuidelineVersion
from operations.services.jobs import run_job
from quality.models import DatasetSnapshot
from quality.services.snapshot_files import file_path
from quality.services.snapshots import request_snapshot
from tests.factories.acknowledgements import publish_asking, publish_quietly
from tests.factories.annotation import make_item, make_task
from tests.factories.work import answer, claimed, let_run_out

Who = Callable[[User], Member]
Api = Callable[..., Client]
LEVELS = pytest.mark.parametrize("level", ["minor", "major"])
REFUND = {"intent": "refund"}


@pytest.fixture(autouse=True)
def _invariants_hold_afterwards(db: None) -> Any:
    yield
    assert broken_invariants() == []


@pytest.fixture
def first(guideline: Guideline) -> GuidelineVersion:
    """What is on every screen before the publish."""
    return guideline.versions.get()


@pytest.fixture
def work(project: Project, first: GuidelineVersion) -> Project:
    for number in range(4):
        make_task(make_item(project, f"i{number}", f"Message {number}"), overlap=2)
    return project


def named(annotation: Annotation) -> tuple[str, str]:
    annotation.refresh_from_db()
    version = annotation.guideline_version
    assert version is not None
    return version.number, version.sha256


@LEVELS
def test_published_while_a_page_shows_the_old_version(
    work: Project, guideline: Guideline, first: GuidelineVersion, lea: User, ana: User, ben: User, member_of: Who,
    level: str,
) -> None:  # fmt: skip
    page = Client()
    page.force_login(ana)
    page.post("/p/intents/label/claim/")
    shown = page.get("/p/intents/label/").text
    assert first.sha256 in shown
    publish_quietly(guideline, lea, level=level)
    claimed(member_of(ben))  # after a major version this opens the items anew

    lease = Lease.objects.get(annotator=member_of(ana))
    sent = {"submission_id": str(uuid.uuid4()), "q.intent": "refund", "panel_version": first.sha256}
    page.post(f"/p/intents/label/{lease.pk}/submit/", sent, headers={"HX-Request": "true"})

    assert named(Annotation.objects.get()) == ("1.0", first.sha256)


@LEVELS
def test_published_while_a_lease_is_held_over_the_api(
    work: Project, guideline: Guideline, first: GuidelineVersion, lea: User, ana: User, api: Api, level: str
) -> None:
    client = api(ana)
    held = client.post("/api/v1/projects/intents/assignments/claim/").json()
    publish_quietly(guideline, lea, level=level)

    body = {"submission_id": str(uuid.uuid4()), "answer": REFUND}
    sent = client.post(
        f"/api/v1/assignments/{held['id']}/submit/?claim_next=true", body, content_type="application/json"
    )  # fmt: skip

    assert sent.status_code == 201
    assert held["guideline_version"] == {"number": "1.0", "sha256": first.sha256}
    assert named(Annotation.objects.get()) == ("1.0", first.sha256)
    newest = guideline.versions.order_by("-sequence")[0]
    assert sent.json()["next"]["guideline_version"] == {"number": newest.number, "sha256": newest.sha256}


@LEVELS
def test_published_while_an_item_fetched_ahead_waits(
    work: Project, guideline: Guideline, first: GuidelineVersion, lea: User, ana: User, member_of: Who, level: str
) -> None:
    task = claimed(member_of(ana))
    ahead = claim_ahead(annotator=member_of(ana))
    assert ahead is not None
    publish_quietly(guideline, lea, level=level)

    stored = [answer(member_of(ana), each) for each in (task, ahead)]

    assert [named(each) for each in stored] == [("1.0", first.sha256)] * 2


def test_an_offline_draft_whose_lease_ran_out_names_the_old_version_while_its_seat_is_free(
    work: Project, guideline: Guideline, first: GuidelineVersion, lea: User, ana: User, member_of: Who
) -> None:
    task = claimed(member_of(ana))
    save_draft(annotator=member_of(ana), lease_id=task.lease.id, answer=REFUND)
    publish_quietly(guideline, lea)
    let_run_out(task)
    expire_leases()

    stored = answer(member_of(ana), task)

    assert named(stored) == ("1.0", first.sha256)


@LEVELS
def test_an_offline_draft_whose_seat_was_taken_becomes_no_answer_and_each_answer_names_its_own_version(
    work: Project, guideline: Guideline, first: GuidelineVersion, lea: User, ana: User, ben: User, cho: User,
    member_of: Who, level: str,
) -> None:  # fmt: skip
    task = claimed(member_of(ana))
    publish_quietly(guideline, lea, level=level)
    let_run_out(task)
    expire_leases()
    theirs = [claimed(member_of(user)) for user in (ben, lea)]  # both seats of the item, under the new version
    assert {each.item.external_id for each in theirs} == {task.item.external_id}

    with pytest.raises(LeaseExpired):
        answer(member_of(ana), task)
    stored = [answer(member_of(user), each) for user, each in zip((ben, lea), theirs, strict=True)]

    kept = Lease.objects.get(pk=task.lease.id)
    assert (kept.draft, kept.guideline_version) == (REFUND, first)
    newest = guideline.versions.order_by("-sequence")[0]
    assert [named(each) for each in stored] == [(newest.number, newest.sha256)] * 2
    assert Annotation.objects.count() == 2


def test_a_draft_that_comes_back_with_a_new_lease_is_answered_under_that_lease_s_version(
    work: Project, guideline: Guideline, lea: User, ana: User, member_of: Who
) -> None:
    task = claimed(member_of(ana))
    save_draft(annotator=member_of(ana), lease_id=task.lease.id, answer=REFUND)
    let_run_out(task)
    expire_leases()
    version = publish_quietly(guideline, lea)

    again = claim_until(member_of(ana), task.item.external_id)
    assert again.draft == REFUND
    stored = answer(member_of(ana), again)

    assert named(stored) == ("1.1", version.sha256)


def claim_until(member: Member, external_id: str) -> Any:
    """Answer what comes before the item: one that ran out comes after the others."""
    while (task := claimed(member)).item.external_id != external_id:
        answer(member, task)
    return task


def test_undo_after_a_publish_goes_on_under_the_version_of_the_answer(
    work: Project, guideline: Guideline, first: GuidelineVersion, lea: User, ana: User, member_of: Who
) -> None:
    answer(member_of(ana), claimed(member_of(ana)))
    publish_asking(guideline, lea)

    again = undo_last_submission(annotator=member_of(ana))
    assert (again.version.number, again.version.sha256) == ("1.0", first.sha256)
    stored = answer(member_of(ana), again, "billing")

    assert named(stored) == ("1.0", first.sha256)


@LEVELS
def test_amending_after_a_publish_keeps_the_version_of_the_answer(
    work: Project, guideline: Guideline, first: GuidelineVersion, lea: User, ana: User, ben: User, member_of: Who,
    level: str,
) -> None:  # fmt: skip
    old, _ = (answer(member_of(user), claimed(member_of(user))) for user in (ana, ben))  # the item is done
    publish_quietly(guideline, lea, level=level)
    claimed(member_of(ben))

    amended = amend_annotation(
        annotator=member_of(ana), annotation_id=old.public_id, answer={"intent": "other"}, submission_id=uuid.uuid4()
    )

    assert named(amended) == ("1.0", first.sha256)
    assert amended.revision == 2


def test_an_answer_to_an_item_that_is_asked_anew_is_not_moved_to_the_new_major(
    work: Project, guideline: Guideline, first: GuidelineVersion, lea: User, ana: User, ben: User, member_of: Who
) -> None:
    old = answer(member_of(ana), claimed(member_of(ana)))  # of two seats: unfinished
    version = publish_quietly(guideline, lea, level="major")
    again = claim_until(member_of(ana), "i0")

    with pytest.raises(AmendNotAllowed):
        amend_annotation(
            annotator=member_of(ana), annotation_id=old.public_id, answer={"intent": "other"},
            submission_id=uuid.uuid4(),
        )  # fmt: skip

    new = answer(member_of(ana), again, "billing")
    assert (named(old), named(new)) == (("1.0", first.sha256), ("2.0", version.sha256))


def test_every_row_of_an_export_has_number_and_hash_of_each_answer(
    work: Project, guideline: Guideline, first: GuidelineVersion, lea: User, ana: User, ben: User, member_of: Who
) -> None:
    held = claimed(member_of(ana))
    version = publish_quietly(guideline, lea)
    answer(member_of(ben), claimed(member_of(ben)))
    answer(member_of(ana), held)  # handed out before, sent after

    run_job(request_snapshot(actor=lea, project=work, as_of=None, recipe={}).pk)

    snapshot = DatasetSnapshot.objects.get()
    row = json.loads(file_path(snapshot.sha256, "rows.jsonl").read_bytes().splitlines()[0])
    found = {(each["guideline_version"], each["guideline_sha256"]) for each in row["annotations"]}
    assert found == {("1.0", first.sha256), ("1.1", version.sha256)}


# --- the database itself ---------------------------------------------------------------------------------------


def test_the_database_takes_no_answer_that_names_another_version_than_its_lease(
    work: Project, guideline: Guideline, lea: User, ana: User, member_of: Who
) -> None:
    stored = answer(member_of(ana), claimed(member_of(ana)))
    version = publish_quietly(guideline, lea)
    copy = Annotation.objects.get(pk=stored.pk)
    copy.pk, copy.public_id, copy.submission_id, copy.revision = None, uuid.uuid4(), uuid.uuid4(), 2
    copy.guideline_version = version
    copy._state.adding = True

    with pytest.raises(DatabaseError, match="names the guideline version of its lease"), transaction.atomic():
        copy.save(force_insert=True)

    assert Annotation.objects.count() == 1


def test_the_database_lets_no_lease_change_its_version(
    work: Project, guideline: Guideline, lea: User, ana: User, member_of: Who
) -> None:
    task = claimed(member_of(ana))
    version = publish_quietly(guideline, lea)

    with pytest.raises(DatabaseError, match="keeps the guideline version"), transaction.atomic():
        Lease.objects.filter(pk=task.lease.id).update(guideline_version=version)

    assert Lease.objects.get(pk=task.lease.id).guideline_version_id == task.version.id


def test_a_version_that_answers_name_stays_as_it_was_with_its_hash(
    work: Project, first: GuidelineVersion, ana: User, member_of: Who
) -> None:
    submit_annotation(
        annotator=member_of(ana), lease_id=claimed(member_of(ana)).lease.id, answer=REFUND, submission_id=uuid.uuid4()
    )

    for sql in ("UPDATE guidelines_guidelineversion SET sha256 = ''", "DELETE FROM guidelines_guidelineversion"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)

    assert named(Annotation.objects.get()) == ("1.0", first.sha256)
    assert claim_next(annotator=member_of(ana)) is not None
