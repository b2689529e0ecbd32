"""A project with a queue of any length, written by SQL: the import has a benchmark of its own."""

import secrets
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper

from accounts.models import User
from accounts.services.tokens import create_token
from annotation.models import Member, Project, Round
from annotation.services.members import add_member
from annotation.services.projects import create_project
from guidelines.models import Guideline
from guidelines.services.editing import create_guideline, save_draft
from guidelines.services.publishing import publish_version

CONTENT: dict[str, Any] = {
    "clauses": [{"key": "C1", "title": "Ask what the customer wants", "body": "Not what happened.", "parent": None}],
    "questions": [
        {
            "key": "intent", "type": "choice", "title": "Intent", "required": True,
            "options": [{"key": key, "label": key.title()} for key in ("refund", "billing", "late", "broken", "other")],
        }
    ],
    "examples": [],
}  # fmt: skip


def make_guideline() -> tuple[User, Guideline]:
    owner, _ = User.objects.get_or_create(username="bench-owner", defaults={"is_owner": True})
    guideline = Guideline.objects.filter(slug="bench").first()
    if guideline is None:
        guideline = create_guideline(actor=owner, slug="bench", title="Bench")
        save_draft(actor=owner, guideline=guideline, content=CONTENT, change_note="bench", revision=None)
        publish_version(actor=owner, guideline=guideline, level="major", change_note="bench")
    return owner, guideline


def make_queue(size: int, *, overlap: int, annotators: int) -> tuple[Project, list[tuple[Member, str]]]:
    """A project of `size` items of about 300 bytes, and its annotators with their tokens."""
    owner, guideline = make_guideline()
    slug = f"bench-{size}-{secrets.token_hex(4)}"
    project = create_project(
        actor=owner, slug=slug, title=slug, guideline=guideline, fields=[{"key": "text", "type": "text"}],
        overlap={"labels_per_item": overlap}, lease_seconds=3600,
    )  # fmt: skip
    _fill(project, size, overlap)
    people = [_annotator(owner, project, f"{slug}-{n}") for n in range(annotators)]
    return project, people


def _annotator(owner: User, project: Project, username: str) -> tuple[Member, str]:
    user = User.objects.create(username=username)
    _, secret = create_token(actor=owner, user=user, name="bench", scopes=["label"])
    return add_member(actor=owner, project=project, role="annotator", username=username), secret


def _fill(project: Project, size: int, overlap: int) -> None:
    values = {
        "project": project.pk, "round": Round.objects.get(project=project, key="initial").pk, "size": size,
        "overlap": overlap,
    }  # fmt: skip
    with connection.cursor() as cursor:
        for statement in (_ITEMS, _TASKS, _SEATS):
            cursor.execute(statement, values)
        _settle(cursor, "item", "task", "assignment")


def _settle(cursor: CursorWrapper, *tables: str) -> None:
    """As autovacuum leaves tables in use. Never an empty one: as a database's own upkeep leaves those alone, too."""
    for table in tables:
        cursor.execute(f"VACUUM ANALYZE annotation_{table}")


_ITEMS = """
    INSERT INTO annotation_item (project_id, external_id, payload, meta, sha256, priority, created_at)
    SELECT %(project)s, 'm' || n, jsonb_build_object('text', 'Message ' || n || repeat(' where is my order', 16)),
           jsonb_build_object('language', (ARRAY['en', 'de', 'pt'])[1 + n %% 3], 'channel', 'c' || n %% 20),
           md5(n::text) || md5(n::text), 0, now() FROM generate_series(1, %(size)s) n
"""
_TASKS = """
    INSERT INTO annotation_task (project_id, round_id, item_id, major, overlap, state)
    SELECT %(project)s, %(round)s, id, (SELECT major FROM annotation_round WHERE id = %(round)s), %(overlap)s, 'open'
    FROM annotation_item WHERE project_id = %(project)s
    ORDER BY id
"""
_SEATS = """
    INSERT INTO annotation_assignment (project_id, round_id, task_id, slot, state, rank, epoch)
    SELECT %(project)s, %(round)s, task.id, slot, 'open', 0, 0
    FROM annotation_task task CROSS JOIN generate_series(1, %(overlap)s) slot WHERE task.project_id = %(project)s
    ORDER BY task.id, slot
"""


def give_history(member: Member, answers: int) -> None:
    """As if this person alone had answered the first `answers` items: each still wants the others."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE annotation_assignment SET state = 'submitted', annotator_id = %s, annotator_kind = 'human', epoch = 1
            WHERE id IN (SELECT id FROM annotation_assignment WHERE project_id = %s AND slot = 1 ORDER BY id LIMIT %s)
            """,
            [member.pk, member.project_id, answers],
        )
        for statement in (_LEASES, _ANSWERS):
            cursor.execute(statement, {"project": member.project_id})
        _settle(cursor, "assignment", "lease", "annotation")


def make_bare_queue(size: int) -> None:
    """The table of the bare view: as many rows, as wide, with the same kind of index."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_bare_queue")
        cursor.execute("CREATE TABLE bench_bare_queue (id bigserial PRIMARY KEY, leased boolean, payload text)")
        cursor.execute(
            "INSERT INTO bench_bare_queue (leased, payload) SELECT false, repeat('x', 300) FROM generate_series(1, %s)",
            [size],
        )
        cursor.execute("CREATE INDEX ON bench_bare_queue (id) WHERE NOT leased")
        cursor.execute("VACUUM ANALYZE bench_bare_queue")


def answer_seats(project: Project, members: list[Member], share: float) -> None:
    """As if these people had answered the first `share` of the seats in turn, evenly over the last fortnight."""
    values = {"project": project.pk, "members": [member.pk for member in members], "share": share}
    with connection.cursor() as cursor:
        for statement in (_HAND_OUT, _LEASES, _ANSWERS, _DONE):
            cursor.execute(statement, values)
        _settle(cursor, "task", "assignment", "lease", "annotation")


_HAND_OUT = """
    UPDATE annotation_assignment SET state = 'submitted', annotator_kind = 'human', epoch = 1,
           annotator_id = (%(members)s::bigint[])[1 + nth %% cardinality(%(members)s::bigint[])]
    FROM (SELECT id AS seat_id, row_number() OVER (ORDER BY id) AS nth, count(*) OVER () AS of
          FROM annotation_assignment WHERE project_id = %(project)s) numbered
    WHERE id = seat_id AND nth <= of * %(share)s
"""
_LEASES = """
    INSERT INTO annotation_lease (id, project_id, assignment_id, annotator_id, epoch, guideline_version_id, reason,
                                  item_sha256, granted_at, ended_at, ending)
    SELECT gen_random_uuid(), project_id, id, annotator_id, 1,
           (SELECT version.id FROM guidelines_guidelineversion version JOIN annotation_project project
            USING (guideline_id) WHERE project.id = %(project)s ORDER BY sequence DESC LIMIT 1),
           'queue', '', at, at + interval '20 s', 'submitted'
    FROM (SELECT seat.*, now() - interval '14 days' * (1 - row_number() OVER (ORDER BY id)::float / count(*) OVER ())
                 - interval '1 minute' AS at
          FROM annotation_assignment seat WHERE project_id = %(project)s AND state = 'submitted') seats
    ORDER BY seats.id
"""
_ANSWERS = """
    INSERT INTO annotation_annotation (public_id, project_id, round_id, item_id, annotator_id, annotator_kind,
        assignment_id, lease_id, revision, occurrence, submission_id, answer, answer_sha256, guideline_version_id,
        source, seconds_spent, comment, clauses, labeled_at, created_at)
    SELECT gen_random_uuid(), seat.project_id, seat.round_id, task.item_id, seat.annotator_id, 'human', seat.id,
           lease.id, 1, 1, gen_random_uuid(), '{"intent": "refund"}', md5(lease.id::text), lease.guideline_version_id,
           'workbench', 5 + 20 * random(), '', '[]', lease.ended_at, lease.ended_at
    FROM annotation_assignment seat JOIN annotation_task task ON task.id = seat.task_id
    JOIN annotation_lease lease ON lease.assignment_id = seat.id
    WHERE seat.project_id = %(project)s ORDER BY lease.granted_at
"""
_DONE = """
    UPDATE annotation_task SET state = 'done' WHERE project_id = %(project)s AND NOT EXISTS (
        SELECT 1 FROM annotation_assignment seat WHERE seat.task_id = annotation_task.id AND seat.state <> 'submitted')
"""
