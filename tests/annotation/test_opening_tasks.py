"""Tasks and their seats: as many as asked for, in the order of the queue, and only once."""

from annotation.models import Assignment, Item, Project, Round, Task
from annotation.services.tasks import open_tasks
from tests.factories.annotation import make_item


def initial(project: Project) -> Round:
    return Round.objects.get(project=project, key="initial")


def seats(project: Project) -> list[tuple[str, int, int, str]]:
    rows = Assignment.objects.filter(project=project).order_by("id")
    return list(rows.values_list("task__item__external_id", "slot", "rank", "state"))


def items(project: Project, *names: str) -> list[Item]:
    return [make_item(project, name) for name in names]


def test_each_item_gets_a_task_with_its_own_number_of_seats(project: Project) -> None:
    a, b = items(project, "a", "b")

    opened = open_tasks(round=initial(project), major=1, items=[(a.pk, 2, 0), (b.pk, 1, 0)])

    assert opened == 2
    assert seats(project) == [("a", 1, 0, "open"), ("a", 2, 0, "open"), ("b", 1, 0, "open")]
    assert list(Task.objects.order_by("id").values_list("item__external_id", "overlap", "major", "state")) == [
        ("a", 2, 1, "open"), ("b", 1, 1, "open"),
    ]  # fmt: skip


def test_smaller_ranks_come_first_in_the_queue(project: Project) -> None:
    a, b = items(project, "a", "b")

    open_tasks(round=initial(project), major=1, items=[(a.pk, 1, 0), (b.pk, 1, -7)])

    assert seats(project) == [("b", 1, -7, "open"), ("a", 1, 0, "open")]


def test_an_item_that_has_its_task_keeps_it_as_it_is(project: Project) -> None:
    a, b = items(project, "a", "b")
    open_tasks(round=initial(project), major=1, items=[(a.pk, 2, 0)])

    opened = open_tasks(round=initial(project), major=1, items=[(a.pk, 5, -9), (b.pk, 1, 0)])

    assert opened == 1
    assert seats(project) == [("a", 1, 0, "open"), ("a", 2, 0, "open"), ("b", 1, 0, "open")]


def test_another_major_opens_another_task(project: Project) -> None:
    (a,) = items(project, "a")
    open_tasks(round=initial(project), major=1, items=[(a.pk, 1, 0)])

    assert open_tasks(round=initial(project), major=2, items=[(a.pk, 1, 0)]) == 1
    assert list(Task.objects.order_by("id").values_list("major", flat=True)) == [1, 2]


def test_an_item_named_twice_gets_one_task(project: Project) -> None:
    (a,) = items(project, "a")

    assert open_tasks(round=initial(project), major=1, items=[(a.pk, 2, 0), (a.pk, 2, 0)]) == 1
    assert len(seats(project)) == 2


def test_no_items_open_nothing(project: Project) -> None:
    assert open_tasks(round=initial(project), major=1, items=[]) == 0
    assert not Task.objects.exists()
