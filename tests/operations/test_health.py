"""The health page tells the truth: it names the part that is dead and what that means."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from celery import current_app
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import User
from annotation.models import Annotation, Item, Member, Project
from operations.models import Heartbeat
from tests.browser_support import Worker
from tests.factories.annotation import make_item, make_task


def parts(client: Client) -> tuple[int, dict[str, Any]]:
    answer = client.get("/health/ready")
    return answer.status_code, answer.json()["parts"]


def test_live_needs_nothing(client: Client) -> None:
    assert client.get("/health/live").json() == {"status": "live"}


def test_a_silent_worker_and_beat_are_named_within_thirty_seconds(client: Client, db: None) -> None:
    now = timezone.now()
    Heartbeat.objects.create(part="worker:a", seen_at=now - timedelta(seconds=31))
    Heartbeat.objects.create(part="beat", seen_at=now)

    status, found = parts(client)

    assert status == 503
    assert (found["worker"]["alive"], found["beat"]["alive"], found["database"]["alive"]) == (False, True, True)
    assert "No worker seen for 3" in found["worker"]["detail"]


@pytest.mark.django_db(transaction=True)
def test_a_real_worker_is_seen(client: Client, worker: Worker) -> None:
    for _ in range(100):
        if Heartbeat.objects.filter(part__startswith="worker:").exists():
            break
        time.sleep(0.1)

    _, found = parts(client)

    assert found["worker"]["alive"]
    assert found["broker"]["alive"]


def test_a_dead_broker_is_named_with_what_goes_on(client: Client, olga: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(current_app.conf, "broker_write_url", "redis://127.0.0.1:1/0")

    status, found = parts(client)
    client.force_login(olga)
    page = client.get("/health/").content.decode()

    assert status == 503
    assert not found["broker"]["alive"]
    assert "labeling and import go on" in found["broker"]["detail"]
    assert "labeling and import go on" in page


def test_the_health_page_is_for_owners(client: Client, lea: User) -> None:
    client.force_login(lea)

    assert client.get("/health/").status_code == 403


WORK_WITHOUT_BROKER = """
import uuid, django
django.setup()
from accounts.models import User
from annotation.formats.rows import lines_from_values
from annotation.models import Member, Project
from annotation.services.importing import import_items
from annotation.services.queue import claim_next
from annotation.services.submission import submit_annotation
project = Project.objects.get()
rows = [{"external_id": "new", "payload": {"text": "x"}, "meta": {}}]
import_items(actor=User.objects.get(username="lea"), project=project, lines=lines_from_values(rows))
ana = Member.objects.get(name="ana")
task = claim_next(annotator=ana)
submit_annotation(annotator=ana, lease_id=task.lease.id, answer={"intent": "refund"}, submission_id=uuid.uuid4())
"""


@pytest.mark.django_db(transaction=True)
def test_labeling_and_import_go_on_without_a_broker(project: Project, member_of: Callable[[User], Member]) -> None:
    make_task(make_item(project, "i1"))
    environment = os.environ | {
        "CONCORD_BROKER_URL": "redis://127.0.0.1:1/0", "DJANGO_SETTINGS_MODULE": "config.settings_test",
        "PGDATABASE": connection.settings_dict["NAME"],
    }  # fmt: skip

    subprocess.run([sys.executable, "-c", WORK_WITHOUT_BROKER], env=environment, check=True)

    assert Annotation.objects.get().answer == {"intent": "refund"}
    assert Item.objects.filter(external_id="new").exists()
