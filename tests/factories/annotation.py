"""A small project for tests, written straight into the tables; the services that make one have tests of their own."""

from typing import Any

from django.utils import timezone

from accounts.models import User
from annotation.models import Assignment, Item, Member, Project, QueueClock, Round, Routing, Task
from guidelines.models import Guideline, GuidelineGrant
from operations.strict_json import content_sha256


def make_project(lead: User, guideline: Guideline, slug: str = "intents", **fields: Any) -> Project:
    """An active project with the rounds `initial` and `imported` and its lead as a member."""
    settings: dict[str, Any] = {
        "title": slug.capitalize(), "fields": [{"key": "text", "type": "text"}], "slices": ["language"],
        "overlap": {"labels_per_item": 2}, "pseudonym_salt": "0" * 32,
    }  # fmt: skip
    project = Project.objects.create(slug=slug, guideline=guideline, created_by=lead, **(settings | fields))
    last = guideline.versions.order_by("-sequence").first()
    Round.objects.create(project=project, key="initial", kind="initial", major=last.major if last else 1)
    Round.objects.create(project=project, key="imported", kind="imported")
    Routing.objects.create(project=project)
    QueueClock.objects.create(project=project)
    make_member(project, lead, "lead")
    return project


def make_member(project: Project, user: User | None, role: str = "annotator", **fields: Any) -> Member:
    """A membership; with a user also the read or edit right on the guideline that the service would give."""
    name = fields.pop("name", user.username if user else "somebody")
    member = Member.objects.create(project=project, user=user, name=name, role=role, **fields)
    if user is not None:
        level = "edit" if role == "lead" else "read"
        GuidelineGrant.objects.create(
            guideline=project.guideline, user=user, level=level, source=f"project:{project.slug}"
        )
    return member


def make_item(
    project: Project, external_id: str, text: str = "Where is my money?", payload: Any = None, **meta: Any
) -> Item:
    payload, meta = payload or {"text": text}, meta or {"language": "en"}
    return Item.objects.create(
        project=project, external_id=external_id, payload=payload, meta=meta,
        sha256=content_sha256({"external_id": external_id, "payload": payload, "meta": meta}),
        created_at=timezone.now(),
    )  # fmt: skip


def make_task(item: Item, overlap: int = 2, round_key: str = "initial", major: int = 1) -> Task:
    """A task with its open seats."""
    round_ = Round.objects.get(project=item.project, key=round_key)
    task = Task.objects.create(project=item.project, round=round_, item=item, major=major, overlap=overlap)
    Assignment.objects.bulk_create(
        Assignment(project=item.project, round=round_, task=task, slot=slot, rank=-item.priority)
        for slot in range(1, overlap + 1)
    )
    return task
