"""What adaptive overlap saved against asking everybody it might have asked."""

from collections.abc import Callable

from django.test import Client
from django.urls import reverse

from accounts.models import User
from annotation.models import Assignment, Item, Member, Project, Task
from annotation.selectors.savings import Savings, adaptive_savings
from tests.factories.annotation import make_item, make_task
from tests.factories.control import answer_in_seat
from tests.frontend.pages import browser_of


def settled(project: Project, name: str, given: int, most: int | None, state: str, reason: str = "") -> Task:
    """A task with so many answered seats and the others withdrawn."""
    task = make_task(make_item(project, name), overlap=5)
    seats = list(task.assignments.order_by("slot"))
    for number, seat in enumerate(seats):
        member, _ = Member.objects.get_or_create(project=project, name=f"p{number}")
        is_given = number < given
        Assignment.objects.filter(pk=seat.pk).update(
            state="submitted" if is_given else "withdrawn",
            annotator=member if is_given else None, annotator_kind="human" if is_given else None,
        )  # fmt: skip
    Task.objects.filter(pk=task.pk).update(most_labels=most, state=state, desk_reason=reason)
    return task


def test_saved_is_what_the_most_would_have_been_less_what_was_given(project: Project) -> None:
    settled(project, "sure", 2, 5, "done")
    settled(project, "surer", 3, 5, "done")
    settled(project, "disputed", 5, 5, "needs_lead", "disagreement")

    found = adaptive_savings(project)

    assert found == Savings(tasks_settled=2, labels_given=10, labels_fixed=15, to_adjudication=1)
    assert (found.saved, found.share_saved) == (5, 5 / 15)


def test_unfinished_superseded_fixed_and_other_peoples_tasks_are_left_out(project: Project) -> None:
    settled(project, "fixed", 2, None, "done")
    settled(project, "open", 1, 5, "open")
    settled(project, "old", 2, 5, "superseded")
    settled(project, "skipped", 2, 5, "needs_lead", "skipped")
    answer_in_seat(project, "fixed", Member.objects.get(name="ana"), "refund", kind="gold")
    Task.objects.filter(round__key="gold").update(most_labels=5)

    assert adaptive_savings(project) == Savings(0, 0, 0, 0)
    assert adaptive_savings(project).share_saved is None
    assert Item.objects.count() == 4


def test_leads_read_it_in_the_control_room(project: Project, lea: User, max_: User, api: Callable[..., Client]) -> None:
    url = reverse("routing", args=[project.slug])
    assert "Adaptive overlap has settled" not in browser_of(lea).get(url).content.decode()
    settled(project, "sure", 2, 5, "done")
    settled(project, "disputed", 5, 5, "needs_lead", "disagreement")

    html = browser_of(lea).get(url).content.decode()
    body = api(max_, "read").get(f"/api/v1/projects/{project.slug}/control-room/").json()

    assert "Adaptive overlap has settled 1 item and took 7 labels of the 10 it might have: 30\u202f% saved." in html
    assert "1 item is left to the lead" in html
    assert body["adaptive"] == {
        "tasks_settled": 1, "labels_given": 7, "labels_fixed": 10, "to_adjudication": 1, "saved": 3,
    }  # fmt: skip
