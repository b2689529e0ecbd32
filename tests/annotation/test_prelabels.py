"""What a model thinks of an item is shown to a share of the people by lot, and the lot is kept."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import User
from annotation.models import Assignment, Lease, Member, Prediction, Project, Routing
from tests.factories.annotation import make_item, make_member, make_task
from tests.factories.work import answer, claimed, label_all

Who = Callable[[User], Member]


@pytest.fixture
def model(project: Project) -> Member:
    return make_member(project, None, name="intent-model", kind="model")


@pytest.fixture
def predicted(project: Project, model: Member) -> Callable[..., None]:
    def make(number: int, share: float) -> None:
        for n in range(number):
            item = make_item(project, f"m{n}")
            make_task(item, overlap=1)
            for version, intent in (("1", "other"), ("2", "refund")):
                Prediction.objects.create(
                    project=project, item=item, model=model, model_version=version, answer={"intent": intent},
                    created_at=timezone.now(),
                )  # fmt: skip
        Routing.objects.update_or_create(
            project=project, defaults={"prelabel_model": model, "prelabel_share": share}
        )  # fmt: skip

    return make


def test_the_newest_prediction_is_shown_and_recorded(predicted: Any, ana: User, member_of: Who) -> None:
    predicted(1, share=1)

    task = claimed(member_of(ana))

    assert task.prelabel == {"intent": "refund"}
    lease = Lease.objects.get()
    assert (lease.prelabel.model_version, lease.prelabel_shown) == ("2", True)  # type: ignore[union-attr]
    assert claimed(member_of(ana)).prelabel == {"intent": "refund"}


def test_a_prediction_that_is_held_back_is_recorded_too(predicted: Any, ana: User, member_of: Who) -> None:
    predicted(1, share=0)

    assert claimed(member_of(ana)).prelabel is None
    assert Lease.objects.get().prelabel_shown is False
    assert Lease.objects.get().prelabel is not None


def test_without_a_prediction_nothing_is_recorded(predicted: Any, project: Project, ana: User, member_of: Who) -> None:
    predicted(0, share=1)
    make_task(make_item(project, "alone"), overlap=1)

    assert claimed(member_of(ana)).prelabel is None
    assert Lease.objects.get().prelabel_shown is None


def test_the_lot_falls_near_the_share(predicted: Any, ana: User, member_of: Who) -> None:
    predicted(60, share=0.5)

    leases = label_all(member_of(ana))

    assert 15 <= sum(bool(lease.prelabel_shown) for lease in leases) <= 45  # four standard deviations


def test_the_api_gives_what_is_shown_and_nothing_else(predicted: Any, api: Any, project: Project, ana: User) -> None:
    predicted(1, share=1)
    client = api(ana)

    shown = client.post(f"/api/v1/projects/{project.slug}/assignments/claim/").json()
    assert shown["prelabel"] == {"answer": {"intent": "refund"}}
    client.post(f"/api/v1/assignments/{shown['id']}/release/")
    Routing.objects.update(prelabel_share=0)
    hidden = client.post(f"/api/v1/projects/{project.slug}/assignments/claim/").json()
    assert "prelabel" not in hidden


def test_models_hold_no_seat_whatever_a_row_says_of_them(
    predicted: Any, model: Member, ana: User, member_of: Who
) -> None:
    predicted(1, share=1)
    held = claimed(member_of(ana))
    answer(member_of(ana), held)

    for change in (
        lambda: Assignment.objects.update(annotator=model, annotator_kind="human"),
        lambda: Assignment.objects.update(annotator=model, annotator_kind="model"),
        lambda: Prediction.objects.update(model=member_of(ana)),
    ):
        with pytest.raises(IntegrityError):
            at_once(change)


def at_once(change: Callable[[], Any]) -> None:
    """Make a change whose foreign keys are checked now, not at a commit that a test never reaches."""
    with transaction.atomic(), connection.cursor() as cursor:
        change()
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
