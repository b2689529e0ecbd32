"""One item with all that is known of it, gold too: for leads and engineers, never for annotators."""

from typing import Any, ClassVar, cast

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.serializers import StrictSerializer
from accounts.errors import NotFound
from accounts.models import User
from accounts.permissions import Capability
from annotation.api.base import ProjectView
from annotation.api.items import item_body
from annotation.models import Annotation, Assignment, GoldLabel
from annotation.selectors.gold import gold_of
from annotation.selectors.items import ItemFilter, answers_of, items_of, tasks_of
from annotation.services.priorities import set_priority
from operations.api.pages import check_parameters


class ItemChange(StrictSerializer):
    priority = serializers.IntegerField(required=False)
    reason = serializers.CharField(required=False, allow_blank=True)


class ItemView(ProjectView):
    capabilities: ClassVar = {"GET": Capability.VIEW_ITEMS, "PATCH": Capability.IMPORT}

    @extend_schema(request=ItemChange, summary="Let an item come earlier or later in the queue, and say why")
    def patch(self, request: Request, slug: str, external_id: str) -> Response:
        check_parameters(request, [])
        fields = ItemChange(data=request.data)
        fields.is_valid(raise_exception=True)
        project = self.access.project
        item = set_priority(
            actor=cast(User, request.user), project=project, external_id=external_id, **fields.validated_data
        )  # fmt: skip
        return Response(item_body(items_of(project, ItemFilter()).get(pk=item.pk)))

    @extend_schema(summary="An item with its answers, their history, its tasks and its gold")
    def get(self, request: Request, slug: str, external_id: str) -> Response:
        check_parameters(request, [])
        found = items_of(self.access.project, ItemFilter())
        item = None if "\x00" in external_id else found.filter(external_id=external_id).first()
        if item is None:
            raise NotFound
        answers = [_answer_body(answer) for answer in answers_of(item)]
        gold = [_gold_body(label) for label in gold_of(item)]
        return Response(
            item_body(item)
            | {
                "labels": [answer for answer in answers if answer["superseded_at"] is None],
                "history": [answer for answer in answers if answer["superseded_at"] is not None],
                "tasks": [_task_body(task) for task in tasks_of(item)],
                "gold": next((label for label in gold if label["superseded_at"] is None), None),
                "gold_history": [label for label in gold if label["superseded_at"] is not None],
            }
        )


def _answer_body(answer: Annotation) -> dict[str, Any]:
    version = answer.guideline_version
    return {
        "id": str(answer.public_id), "annotator": answer.annotator.name, "kind": answer.annotator_kind,
        "round": answer.round.key, "round_kind": answer.round.kind,
        "occurrence": answer.occurrence, "revision": answer.revision, "answer": answer.answer,
        "source": answer.source, "seconds_spent": answer.seconds_spent,
        "confidence": answer.confidence, "comment": answer.comment, "clauses": answer.clauses,
        "guideline_version": {"number": version.number, "sha256": version.sha256} if version else None,
        "labeled_at": answer.labeled_at, "created_at": answer.created_at, "superseded_at": answer.superseded_at,
    }  # fmt: skip


def _task_body(task: Any) -> dict[str, Any]:
    return {
        "round": task.round.key, "major": task.major, "overlap": task.overlap, "state": task.state,
        "seats": {state: getattr(task, f"n_{state}") for state in Assignment.State.values},
    }  # fmt: skip


def _gold_body(label: GoldLabel) -> dict[str, Any]:
    return {
        "answer": label.answer, "rationale": label.rationale, "created_by": label.created_by.username,
        "created_at": label.created_at, "superseded_at": label.superseded_at,
    }  # fmt: skip
