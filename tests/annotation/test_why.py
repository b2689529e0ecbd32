"""Why each item went to whom: newest first, filtered, page by page."""

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.errors import InvalidInput
from accounts.models import User
from annotation.models import Lease, Member, Project
from annotation.selectors import why
from annotation.selectors.why import LeaseFilter, all_leases, checked_filter, edge_of, lease_rows
from annotation.services.queue import claim_next
from annotation.services.submission import submit_annotation
from tests.factories.annotation import make_item, make_task

MemberOf = Callable[[User], Member]


@pytest.fixture(autouse=True)
def leases(project: Project, ana: User, ben: User, member_of: MemberOf) -> None:
    """ana answered m0 to m2, ben m0 and holds m1."""
    for n in range(4):
        make_task(make_item(project, f"m{n}"))
    for user, times in ((ana, 3), (ben, 1)):
        for _ in range(times):
            task = claim_next(annotator=member_of(user))
            assert task is not None
            submit_annotation(
                annotator=member_of(user), lease_id=task.lease.id, answer={"intent": "refund"},
                submission_id=uuid.uuid4(), seconds_spent=2,
            )  # fmt: skip
    assert claim_next(annotator=member_of(ben)) is not None


def found(project: Project, **wanted: object) -> list[tuple[str, str]]:
    rows, _ = lease_rows(project, checked_filter(LeaseFilter(**wanted)), size=100)
    return [(row.annotator.name, row.external_id) for row in rows]


def test_the_newest_comes_first_with_its_answer_time(project: Project) -> None:
    rows, edge = lease_rows(project, LeaseFilter(), size=100)

    assert [(row.annotator.name, row.external_id, row.reason, row.ending) for row in rows] == [
        ("ben", "m1", "overlap", None), ("ben", "m0", "overlap", "submitted"), ("ana", "m2", "queue", "submitted"),
        ("ana", "m1", "queue", "submitted"), ("ana", "m0", "queue", "submitted"),
    ]  # fmt: skip
    assert ([row.seconds_spent is None for row in rows], edge) == ([True, False, False, False, False], None)


def test_filters_hold_together(project: Project) -> None:
    assert found(project, annotator="ben") == [("ben", "m1"), ("ben", "m0")]
    assert found(project, item="m0") == [("ben", "m0"), ("ana", "m0")]
    assert found(project, item="m0", annotator="ana", reason="queue", round="initial") == [("ana", "m0")]
    assert found(project, reason="gold") == found(project, round="imported") == found(project, annotator="x") == []


def test_since_is_inclusive_and_until_is_not(project: Project) -> None:
    second = Lease.objects.order_by("granted_at")[1].granted_at

    assert len(found(project, since=second)) == 4
    assert len(found(project, until=second)) == 1


def test_pages_follow_one_another_also_where_times_are_the_same(project: Project) -> None:
    at = timezone.now() - timedelta(minutes=1)
    Lease.objects.update(granted_at=at)
    seen: list[uuid.UUID] = []
    edge = None
    for _ in range(3):
        page, edge = lease_rows(project, LeaseFilter(), size=2, before=edge)
        seen += [lease.pk for lease in page]

    assert (len(seen), len(set(seen)), edge) == (5, 5, None)


def test_an_export_reads_piece_by_piece_and_leaves_nothing_out(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(why, "CHUNK", 2)

    assert len({lease.pk for lease in all_leases(project, LeaseFilter())}) == 5


def test_an_edge_is_written_and_read(project: Project) -> None:
    _, edge = lease_rows(project, LeaseFilter(), size=1)
    assert edge is not None

    assert edge_of(edge.text()) == edge
    for odd in ("", "x", "2026-01-01_", f"2026-01-01T00:00:00_{uuid.uuid4()}", "\x00_\x00"):
        assert edge_of(odd) is None


@pytest.mark.parametrize(
    "wanted",
    [
        {"reason": "because"}, {"annotator": "a\x00"}, {"item": "\x00"}, {"round": "\x00"},
        {"since": timezone.now().replace(tzinfo=None)},
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_named(wanted: dict[str, object]) -> None:
    with pytest.raises(InvalidInput) as refused:
        checked_filter(LeaseFilter(**wanted))

    assert [error.path for error in refused.value.errors] == list(wanted)
