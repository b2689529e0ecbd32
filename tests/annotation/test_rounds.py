from accounts.models import User
from annotation.models import Project, Round, Task
from annotation.services.rounds import close_round, reopen_under_new_major
from annotation.services.tasks import open_tasks
from guidelines.models import Guideline
from tests.factories.annotation import make_item, make_task
from tests.factories.guidelines import make_version


def test_tasks_opened_with_an_older_version_in_mind_get_the_rounds_major(
    project: Project, guideline: Guideline, lea: User
) -> None:
    round_ = Round.objects.get(key="initial")
    item = make_item(project, "m1")
    make_version(guideline, lea, level="major")
    reopen_under_new_major(round_)

    open_tasks(round=round_, major=1, items=[(item.pk, 2, 0)])

    assert Task.objects.get().major == 2


def test_reopening_keeps_overlap_and_priority_and_leaves_finished_tasks(
    project: Project, guideline: Guideline, lea: User
) -> None:
    done, urgent = make_task(make_item(project, "m1"), overlap=1), make_task(make_item(project, "m2"), overlap=3)
    Task.objects.filter(pk=done.pk).update(state="done")
    done.assignments.update(state="withdrawn")
    urgent.assignments.update(rank=-7)
    make_version(guideline, lea, level="major")
    round_ = Round.objects.get(key="initial")

    assert [reopen_under_new_major(round_), reopen_under_new_major(round_)] == [1, 0]

    again = Task.objects.get(major=2)
    assert (again.item.external_id, again.overlap) == ("m2", 3)
    assert list(again.assignments.order_by("slot").values_list("slot", "state", "rank")) == [
        (1, "open", -7), (2, "open", -7), (3, "open", -7),
    ]  # fmt: skip
    assert list(Task.objects.filter(major=1).order_by("pk").values_list("state", flat=True)) == ["done", "superseded"]


def test_closed_round_stays_under_its_major(project: Project, guideline: Guideline, lea: User) -> None:
    make_task(make_item(project, "m1"))
    round_ = Round.objects.get(key="initial")
    close_round(round_)
    make_version(guideline, lea, level="major")

    assert reopen_under_new_major(round_) == 0
    assert Task.objects.get().state == "open"
    assert Round.objects.get(key="initial").major == 1
