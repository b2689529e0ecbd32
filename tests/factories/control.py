"""Answers that measure people, in seats of their own, written straight into the tables."""

import uuid
from typing import Any

from django.utils import timezone

from annotation.models import Annotation, Assignment, Item, Lease, Member, Project, Round, Task
from guidelines.models import GuidelineVersion
from operations.strict_json import content_sha256

KEYS = {"gold": "gold", "repeat": "repeats", "qualification": "qualification-1", "initial": "initial"}
PURPOSES = {"gold": "gold", "repeat": "repeat", "qualification": "qualify", "initial": None}


def answer_in_seat(
    project: Project, external_id: str, member: Member, given: Any, *, kind: str = "initial",
    clauses: tuple[str, ...] = (), **lease: Any,
) -> Annotation:  # fmt: skip
    """A submitted seat of that kind of round with its lease and answer (or value of `intent`).

    In a task of its own kind of round, made if there is none; an ordinary task of another overlap may be there before.
    """
    item = Item.objects.get(project=project, external_id=external_id)
    round_, _ = Round.objects.get_or_create(project=project, key=KEYS[kind], defaults={"kind": kind, "major": 1})
    task, _ = Task.objects.get_or_create(
        project=project, round=round_, item=item, major=1, defaults={"overlap": 1, "state": "done"}
    )
    slot = None if PURPOSES[kind] else task.assignments.count() + 1
    seat = Assignment.objects.create(
        project=project, round=round_, task=task, slot=slot, state="submitted", purpose=PURPOSES[kind],
        annotator=member, annotator_kind="human", epoch=1,
    )  # fmt: skip
    version = GuidelineVersion.objects.filter(guideline=project.guideline).order_by("-sequence")[0]
    now = timezone.now()
    lease_ = Lease.objects.create(
        id=uuid.uuid4(), project=project, assignment=seat, annotator=member, epoch=1, guideline_version=version,
        reason=kind, item_sha256=item.sha256, granted_at=now, ended_at=now, ending="submitted", **lease,
    )  # fmt: skip
    answer = given if isinstance(given, dict) else {"intent": given}
    return Annotation.objects.create(
        project=project, round=round_, item=item, annotator=member, annotator_kind="human", assignment=seat,
        lease=lease_, answer=answer, answer_sha256=content_sha256(answer), guideline_version=version, source="api",
        clauses=list(clauses), occurrence=2 if kind == "repeat" else 1,
        submission_id=uuid.uuid4(), labeled_at=now, created_at=now,
    )  # fmt: skip


def amended(annotation: Annotation, given: Any) -> Annotation:
    """A second thought: the next revision in the same seat."""
    now = timezone.now()
    Annotation.objects.filter(pk=annotation.pk).update(superseded_at=now)
    answer = given if isinstance(given, dict) else {"intent": given}
    fields = ("project", "round", "item", "annotator", "assignment", "lease", "guideline_version")
    return Annotation.objects.create(
        **{name: getattr(annotation, name) for name in fields}, annotator_kind="human", source="api",
        revision=annotation.revision + 1, occurrence=annotation.occurrence, answer=answer,
        answer_sha256=content_sha256(answer), submission_id=uuid.uuid4(), labeled_at=now, created_at=now,
    )  # fmt: skip
