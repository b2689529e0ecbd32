"""The lead's desk over HTTP: park and flag an item, reply to notes, decide on tasks that wait."""

import uuid
from datetime import datetime
from typing import Any, ClassVar, cast

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.ids import number_id
from accounts.api.serializers import StrictSerializer
from accounts.errors import FieldError, InvalidInput
from accounts.models import User
from accounts.permissions import Capability
from annotation.api.base import ProjectView
from annotation.api.queue import AssignmentView, fields_of
from annotation.models import DeskNote, Project, Task
from annotation.selectors.desk import KINDS, DeskEntry, Place, desk_entries, notes_to_read
from annotation.selectors.work import shown_payload
from annotation.services.desk import close_note, flag_item, park_task, take_back_parked
from annotation.services.desk_decisions import reopen_task, set_aside
from operations.api.pages import check_parameters, next_url, page_cursor, page_limit, page_response


class NoteInput(StrictSerializer):
    note = serializers.CharField(max_length=2000)
    clause = serializers.CharField(required=False, default="", allow_blank=True, max_length=40)


class ReplyInput(StrictSerializer):
    reply = serializers.CharField(max_length=2000, allow_blank=True, default="")


class DecisionInput(StrictSerializer):
    decision = serializers.ChoiceField(choices=["reopen", "set_aside"])
    reason = serializers.CharField(required=False, default="", allow_blank=True, max_length=2000)


def own_note_body(note: DeskNote, project: Project) -> dict[str, Any]:
    """A note as who wrote it sees it."""
    payload = shown_payload(note.item.payload, project.fields)
    return {
        "id": str(note.pk), "kind": note.kind, "item": {"external_id": note.item.external_id, "payload": payload},
        "note": note.note, "clause": note.clause, "created_at": note.created_at, "closed_at": note.closed_at,
        "reply": note.reply,
    }  # fmt: skip


def _entry_body(entry: DeskEntry) -> dict[str, Any]:
    body: dict[str, Any] = {
        "id": str(entry.place.id), "kind": entry.kind, "task": str(entry.task_id), "since": entry.place.since,
        "age_seconds": round(entry.age_seconds, 1),
        "item": {"external_id": entry.item.external_id, "payload": entry.item.payload, "meta": entry.item.meta},
    }  # fmt: skip
    note = entry.note
    if note is None:
        return body | {"skips": [{"annotator": name, "reason": reason} for name, reason in entry.skips]}
    return body | {
        "annotator": note.annotator.name, "note": note.note, "clause": note.clause, "closed_at": note.closed_at,
        "closed_by": note.closed_by.username if note.closed_by else None, "reply": note.reply,
    }  # fmt: skip


class ParkView(AssignmentView):
    @extend_schema(
        request=NoteInput, summary="Put the item aside with a question to the lead; the draft is kept for me"
    )
    def post(self, request: Request, assignment_id: str) -> Response:
        check_parameters(request, [])
        annotator, given = self.annotator(request, assignment_id), fields_of(request, NoteInput)
        note = park_task(annotator=annotator, lease_id=uuid.UUID(assignment_id), **given)
        return Response(own_note_body(note, annotator.project))


class FlagView(AssignmentView):
    @extend_schema(request=NoteInput, summary="Tell the lead that something is odd about the item; work on it goes on")
    def post(self, request: Request, assignment_id: str) -> Response:
        check_parameters(request, [])
        annotator, given = self.annotator(request, assignment_id), fields_of(request, NoteInput)
        note = flag_item(annotator=annotator, lease_id=uuid.UUID(assignment_id), **given)
        return Response(own_note_body(note, annotator.project))


class ParkedView(ProjectView):
    capability: ClassVar = Capability.LABEL

    @extend_schema(summary="What I have parked, and the replies to what is mine again")
    def get(self, request: Request, slug: str) -> Response:
        check_parameters(request, [])
        project = self.access.project
        notes = notes_to_read(self.access.annotator)
        return page_response(request, notes, lambda note: own_note_body(note, project), key="-pk")


class TakeBackView(ProjectView):
    capability: ClassVar = Capability.LABEL

    @extend_schema(request=None, summary="Go on without the lead's reply: the item is the next one I claim")
    def post(self, request: Request, slug: str, note_id: str) -> Response:
        check_parameters(request, [])
        note = take_back_parked(annotator=self.access.annotator, note_id=number_id(note_id))
        return Response(own_note_body(note, self.access.project))


class DeskView(ProjectView):
    capability: ClassVar = Capability.MANAGE_PROJECT

    @extend_schema(
        parameters=[
            OpenApiParameter("kind", str, enum=list(KINDS)),
            OpenApiParameter("state", str, enum=["open", "closed"], description="closed: notes only"),
        ],
        summary="What waits for the lead, oldest first: questions, flags, and tasks to decide",
    )
    def get(self, request: Request, slug: str) -> Response:
        check_parameters(request, ["kind", "state"])
        kind = _one_of(request, "kind", (*KINDS, "")) if "kind" in request.query_params else ""
        is_open = _one_of(request, "state", ("open", "closed")) == "open"
        limit, after = page_limit(request), page_cursor(request)
        entries = desk_entries(
            self.access.project, kinds=[kind] if kind else KINDS, is_open=is_open, limit=limit + 1,
            after=Place(datetime.fromisoformat(after[0]), after[1], after[2]) if after else None,
        )  # fmt: skip
        return Response(
            {
                "results": [_entry_body(entry) for entry in entries[:limit]],
                "next": next_url(request, _written(entries[limit - 1].place)) if len(entries) > limit else None,
            }
        )


def _written(place: Place) -> list[Any]:
    return [place.since.isoformat(), place.kind, place.id]


def _one_of(request: Request, name: str, known: tuple[str, ...]) -> str:
    value = request.query_params.get(name, known[0])
    if value not in known:
        words = ", ".join(each for each in known if each)
        raise InvalidInput(errors=[FieldError(name, "unknown_value", f"One of: {words}.")])
    return value


class NoteCloseView(ProjectView):
    capability: ClassVar = Capability.MANAGE_PROJECT

    @extend_schema(request=ReplyInput, summary="Reply to a note; a parked item goes back to its person, first of all")
    def post(self, request: Request, slug: str, note_id: str) -> Response:
        check_parameters(request, [])
        given = fields_of(request, ReplyInput)
        note = close_note(
            actor=cast(User, request.user), project=self.access.project, note_id=number_id(note_id), **given
        )  # fmt: skip
        return Response(own_note_body(note, self.access.project) | {"annotator": note.annotator.name})


class TaskDecisionView(ProjectView):
    capability: ClassVar = Capability.MANAGE_PROJECT

    @extend_schema(request=DecisionInput, summary="Ask everybody again, or set aside with a reason")
    def post(self, request: Request, slug: str, task_id: str) -> Response:
        check_parameters(request, [])
        given = fields_of(request, DecisionInput)
        place: dict[str, Any] = {
            "actor": cast(User, request.user),
            "project": self.access.project,
            "task_id": number_id(task_id),
        }
        if given["decision"] == "reopen":
            return Response(_task_body(reopen_task(**place)))
        return Response(_task_body(set_aside(**place, reason=given["reason"])))


def _task_body(task: Task) -> dict[str, Any]:
    return {
        "task": str(task.pk), "item": {"external_id": task.item.external_id}, "state": task.state,
        "is_set_aside": task.is_set_aside, "overlap": task.overlap,
    }  # fmt: skip
