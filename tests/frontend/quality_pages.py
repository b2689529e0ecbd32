"""What the tests of agreement, findings, campaigns, datasets and profiles share: measured projects, a hostile one."""

import copy
import uuid
from typing import Any

from django.utils import timezone

from accounts.models import User
from annotation.models import Annotation, Member, Project
from operations.services.jobs import run_job
from quality.models import Analysis, Finding, FindingEvent
from quality.services.analyses import request_analysis
from tests.factories.annotation import make_member, make_project
from tests.factories.guidelines import INTENT, make_guideline
from tests.factories.quality import make_items, make_labels, make_planted_project
from tests.frontend.hostile import HOSTILE

EVIL = " ".join(HOSTILE)[:150]


def analyse(project: Project, *kinds: str) -> Analysis:
    """Run an analysis as a worker would and return it."""
    run_job(request_analysis(actor=None, project=project, kinds=kinds or ["agreement", "bias", "hotspots"]).pk)
    return Analysis.objects.filter(project=project).latest("created_at")


def planted(project: Project) -> Project:
    """A project with a biased person and a hotspot, analysed."""
    make_planted_project(project)
    analyse(project)
    return project


def hotspot_of(project: Project) -> Finding:
    return Finding.objects.get(project=project, kind="hotspots")


def make_finding(project: Project, **fields: Any) -> Finding:
    """An open finding of a hotspot over the first items of the project, written straight into the table."""
    now = timezone.now()
    analysis = Analysis.objects.filter(project=project).first() or Analysis.objects.create(
        project=project, kinds=["bias", "hotspots"], as_of=now, seed=1, input_sha256="0" * 64, code_version="test",
        summary={"tested": {"intent": {"bias": 7}}, "not_tested": [], "notes": [], "questions": ["intent"],
                 "groupings": ["overall"], "rounds": {}, "labels": 1, "annotators": 1},
    )  # fmt: skip
    values: dict[str, Any] = {
        "kind": "hotspots", "key": f"key-{Finding.objects.count()}", "effect": 3.2, "low": 2.1, "high": 4.9,
        "p_value": 1e-6, "p_adjusted": 1e-5, "n": 80, "method": "splits", "weight": 9.0,
        "subject": {"question": "intent", "labels": ["refund", "billing"], "clause": "C3"},
        "facts": {"unit": "ratio", "n": 80, "n_split": 2, "names": {}, "question_title": "Intent"},
        "evidence": list(project.items.order_by("pk").values_list("external_id", flat=True)[:40]),
    }  # fmt: skip
    finding = Finding.objects.create(
        project=project, first_analysis=analysis, last_analysis=analysis, opened_at=now, updated_at=now,
        **(values | fields),
    )  # fmt: skip
    record(finding, finding.state)
    return finding


def record(finding: Finding, state: str, note: str = "") -> None:
    """An event with the figures that an analysis would keep with it."""
    names = ("subject", "effect", "low", "high", "p_value", "p_adjusted", "n", "method")
    figures = {name: getattr(finding, name) for name in names} | {"unit": finding.facts["unit"]}
    FindingEvent.objects.create(finding=finding, state=state, note=note, figures=figures, at=timezone.now())


def hostile_project(lead: User) -> Project:
    """Every text that somebody else can write is an attack: items, slices, labels, clauses, names, comments, notes."""
    content: dict[str, Any] = copy.deepcopy(INTENT)
    for clause in content["clauses"]:
        clause |= {"title": EVIL, "body": "\n\n".join(HOSTILE)}
    for number, question in enumerate(content["questions"]):
        question["title"] = f"{number} {EVIL}"
        for option in question.get("options", []):
            option |= {"label": f"{option['key']} {EVIL}"[:100], "definition": EVIL}
    project = make_project(lead, make_guideline(lead, content=content), title=EVIL)
    names = [f"{name} {EVIL}"[:150] for name in ("ana", "ben", "cho")]
    for name in names:
        make_member(project, None, name=name, cohorts={"site": EVIL})
    ids = [f"i{number:02d} {text[:60]}" for number, text in enumerate(HOSTILE * 4)]
    make_items(project, ids, "\n".join(HOSTILE), language=EVIL)
    rows = [
        (external_id, name, ("refund", "billing")[(number + place) % 2 if place else 0])
        for number, external_id in enumerate(ids)
        for place, name in enumerate(names)
    ]
    labels = make_labels(project, rows, round_key="initial", seconds=9.0)
    again = labels[0]
    Annotation.objects.filter(pk=again.pk).update(superseded_at=timezone.now())
    again.pk, again.public_id, again.comment = None, uuid.uuid4(), EVIL
    again.save()
    return project


def hostile_finding(project: Project) -> Finding:
    """A finding whose subject, facts and history are attacks."""
    person = Member.objects.filter(project=project, user=None).earliest("pk")
    finding = make_finding(
        project, kind="bias", subject={"question": "intent", "annotator": person.name, "label": "refund"},
        facts={"unit": "share", "n": 9, "names": {"refund": EVIL}, "question_title": EVIL},
    )  # fmt: skip
    record(finding, "acknowledged", EVIL)
    return finding
