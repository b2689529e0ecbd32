"""Make the demo project through the same services that pages and API use; nothing is written behind their back."""

import random
import uuid
from collections.abc import Callable
from typing import Any

from accounts.models import User
from accounts.services.people import create_user
from annotation.formats.rows import lines_from_values
from annotation.models import Annotation, Member, Project
from annotation.services.importing import import_gold, import_items
from annotation.services.members import add_member
from annotation.services.projects import create_project
from annotation.services.queue import claim_next
from annotation.services.submission import submit_annotation
from frontend.demo.guideline import CONTENT
from frontend.demo.messages import LANGUAGES, Message, write_messages
from frontend.demo.people import ANNOTATORS, STAFF, SimulatedAnnotator
from guidelines.models import Guideline
from guidelines.services.editing import create_guideline, save_draft
from guidelines.services.publishing import publish_version
from operations.services.jobs import run_job
from quality.services.analyses import request_analysis

GUIDELINE, PROJECT = "support-intents", "support"
LEFT_OPEN = 90  # seats that nobody has filled yet: the newcomer finds work
GOLD = 24
Say = Callable[[str], None]


def seed_demo(*, passwords: dict[str, str], say: Say) -> Project:
    """The whole demo: people, guideline 1.0, project, messages, gold, labels of six annotators, first analysis."""
    users = _people(passwords)
    say("guideline")
    guideline = _guideline(users["lea"])
    say("messages")
    messages = write_messages()
    project = _project(users, guideline, messages)
    say("labels")
    _label(project, messages)
    say("first analysis")
    job = request_analysis(actor=users["lea"], project=project)
    run_job(job.pk)
    return project


def _people(passwords: dict[str, str]) -> dict[str, User]:
    people = [(p.username, p.name, p.role == "owner", p.role in {"owner", "lead"}) for p in STAFF]
    people += [(a.username, a.name, False, False) for a in ANNOTATORS]
    return {
        username: create_user(
            actor=None, username=username, name=name, email=f"{username}@demo.example", is_owner=is_owner,
            may_start_projects=may_start, password=passwords.get(username),
        )
        for username, name, is_owner, may_start in people
    }  # fmt: skip


def _guideline(lead: User) -> Guideline:
    guideline = create_guideline(actor=lead, slug=GUIDELINE, title="Support intents")
    save_draft(actor=lead, guideline=guideline, content=CONTENT, change_note="First version", revision=1)
    publish_version(actor=lead, guideline=guideline, level="major", change_note="First version", label_migrations=[])
    return guideline


def _project(users: dict[str, User], guideline: Guideline, messages: list[Message]) -> Project:
    lead = users["lea"]
    project = create_project(
        actor=lead, slug=PROJECT, title="Support intents", guideline=guideline,
        fields=[{"key": "text", "type": "text"}], slices=["language", "channel"], overlap={"labels_per_item": 3},
        lease_seconds=900, gold_rate=0.0,
    )  # fmt: skip
    for person in STAFF:
        if person.role in {"engineer", "adjudicator"}:
            add_member(actor=lead, project=project, username=person.username, role=person.role)
    for annotator in ANNOTATORS:
        add_member(
            actor=lead, project=project, username=annotator.username, role="annotator",
            cohorts={"site": annotator.site}, skills=list(LANGUAGES),
        )  # fmt: skip
    items, gold = [_item(message) for message in messages], _gold(messages)
    import_items(actor=users["max"], project=project, lines=lines_from_values(items), source="demo")
    import_gold(actor=lead, project=project, lines=lines_from_values(gold), source="demo")
    return project


def _item(message: Message) -> dict[str, Any]:
    return {
        "external_id": message.external_id, "payload": {"text": message.text},
        "meta": {"language": message.language, "channel": message.channel},
    }  # fmt: skip


def _gold(messages: list[Message]) -> list[dict[str, Any]]:
    clear = [message for message in messages if not message.is_ambiguous][:GOLD]
    return [
        {"external_id": m.external_id, "answer": {"intent": m.intent, "urgency": m.urgency}, "rationale": "Clear case."}
        for m in clear
    ]


def _label(project: Project, messages: list[Message]) -> None:
    """Six people take turns in a shuffled order, so that every pair of them meets, until LEFT_OPEN seats remain."""
    rng = random.Random(11)
    by_id = {message.external_id: message for message in messages}
    members = {member.name: member for member in Member.objects.filter(project=project).select_related("project")}
    remaining = 3 * len(messages) - LEFT_OPEN
    while remaining > 0:
        for annotator in rng.sample(ANNOTATORS, len(ANNOTATORS)):
            remaining -= _label_one(members[annotator.username], annotator, by_id, rng)


def _label_one(member: Member, annotator: SimulatedAnnotator, by_id: dict[str, Message], rng: random.Random) -> int:
    task = claim_next(annotator=member)
    if task is None:
        return 0
    submit_annotation(
        annotator=member, lease_id=task.lease.id, answer=annotator.answer(by_id[task.item.external_id], rng),
        submission_id=uuid.UUID(int=rng.getrandbits(128), version=4), seconds_spent=None,
        source=Annotation.Source.WORKBENCH,
    )  # fmt: skip
    return 1
