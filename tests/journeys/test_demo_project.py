"""On its first morning the demo shows a real finding of each kind, and nothing in it is made up afterwards."""

import json
import stat
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client

from annotation.models import Annotation, Assignment, GoldLabel, Member, Project
from annotation.services.queue import claim_next
from quality.models import Finding

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def demo(tmp_path: Path) -> dict:
    credentials = tmp_path / "demo.json"
    call_command("prepare_demo", url="http://127.0.0.1:8000", credentials=credentials)
    assert stat.S_IMODE(credentials.stat().st_mode) == 0o600
    return json.loads(credentials.read_text())


def test_the_demo_is_found_out_and_a_second_start_keeps_it(demo: dict, tmp_path: Path) -> None:
    subjects = [(f.kind, f.subject) for f in Finding.objects.filter(state="open")]
    assert ("bias", {"annotator": "eli", "question": "intent", "label": "other"}) in subjects
    assert ("bias", {"annotator": "fay", "question": "urgency"}) in subjects
    [split] = [subject for kind, subject in subjects if kind == "hotspots"]
    assert (set(split["labels"]), split["clause"], split["slice"]) == ({"refund", "billing"}, "C3", {"language": "de"})
    assert {kind for kind, _ in subjects} == {"bias", "hotspots"}

    project = Project.objects.get()
    assert Annotation.objects.filter(project=project).count() > 450
    assert GoldLabel.objects.count() == 24
    assert Assignment.objects.filter(state="open").count() > 60
    assert claim_next(annotator=Member.objects.get(name="ana")) is not None

    roles = [user["role"] for user in demo["users"]]
    assert roles == ["owner", "lead", "engineer", "adjudicator", "annotator", "annotator", "annotator"]
    for user in demo["users"]:
        assert Client().login(username=user["username"], password=user["password"])
        answer = Client(headers={"Authorization": f"Token {user['token']}"}).get("/api/v1/me/")
        assert answer.status_code == 200

    before = Annotation.objects.count()
    again = tmp_path / "demo.json"
    call_command("prepare_demo", url="http://127.0.0.1:9999", credentials=again)
    kept = json.loads(again.read_text())
    assert (kept["url"], kept["users"]) == ("http://127.0.0.1:9999", demo["users"])
    assert Annotation.objects.count() == before
