from typing import Any, cast

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.serializers import StrictSerializer
from accounts.models import User
from accounts.permissions import Capability
from guidelines.api.base import GuidelineView
from guidelines.models import DraftComment
from guidelines.selectors.comments import comments_of
from guidelines.services.comments import (
    LONGEST_COMMENT,
    add_comment,
    reopen_comment,
    reply_to_comment,
    resolve_comment,
)
from operations.api.idempotency import idempotent
from operations.api.pages import check_parameters, page_response

EDITS = frozenset({"GET", "HEAD", "POST"})  # a draft and what is said about it are its editors' business


class CommentInput(StrictSerializer):
    """`kind` and `key` name a part, `answers` the comment that this one answers; none of them: the whole draft."""

    text = serializers.CharField(max_length=LONGEST_COMMENT)
    kind = serializers.CharField(default="", allow_blank=True, max_length=10)
    key = serializers.CharField(default="", allow_blank=True, max_length=64)
    answers = serializers.IntegerField(default=None, allow_null=True, min_value=1, max_value=2**53)


class CommentOutput(serializers.Serializer[Any]):
    id = serializers.CharField()
    kind = serializers.CharField()
    key = serializers.CharField()
    answers = serializers.CharField(allow_null=True)
    text = serializers.CharField()
    author = serializers.CharField()
    created_at = serializers.DateTimeField()
    resolved_by = serializers.CharField(allow_null=True)
    resolved_at = serializers.DateTimeField(allow_null=True)


class CommentPageOutput(serializers.Serializer[Any]):
    results = CommentOutput(many=True)
    next = serializers.CharField(allow_null=True)


class CommentsView(GuidelineView):
    capability = Capability.EDIT_GUIDELINE
    edits = EDITS

    @extend_schema(responses=CommentPageOutput, summary="Comments on the draft and their answers, oldest first")
    def get(self, request: Request, slug: str) -> Response:
        check_parameters(request, [])
        return page_response(request, comments_of(self.guideline), comment_body)

    @extend_schema(
        request=CommentInput, responses={201: CommentOutput}, summary="Comment on a part or the whole draft, or answer"
    )
    @idempotent
    def post(self, request: Request, slug: str) -> Response:
        fields = CommentInput(data=request.data)
        fields.is_valid(raise_exception=True)
        said = fields.validated_data
        actor, about = cast(User, request.user), {"guideline": self.guideline, "text": said["text"]}
        if said["answers"] is not None:
            comment = reply_to_comment(actor=actor, comment_id=said["answers"], **about)
        else:
            comment = add_comment(actor=actor, kind=said["kind"], key=said["key"], **about)
        return Response(comment_body(comment), status=201)


class ResolveCommentView(GuidelineView):
    capability = Capability.EDIT_GUIDELINE
    edits = EDITS

    @extend_schema(request=None, responses=CommentOutput, summary="This comment is dealt with")
    def post(self, request: Request, slug: str, comment_id: int) -> Response:
        actor = cast(User, request.user)
        comment = resolve_comment(actor=actor, guideline=self.guideline, comment_id=comment_id)
        return Response(comment_body(comment))


class ReopenCommentView(GuidelineView):
    capability = Capability.EDIT_GUIDELINE
    edits = EDITS

    @extend_schema(request=None, responses=CommentOutput, summary="It is not dealt with after all")
    def post(self, request: Request, slug: str, comment_id: int) -> Response:
        return Response(comment_body(reopen_comment(guideline=self.guideline, comment_id=comment_id)))


def comment_body(comment: DraftComment) -> dict[str, Any]:
    return {
        "id": str(comment.pk),
        "kind": comment.kind,
        "key": comment.key,
        "answers": None if comment.answers_id is None else str(comment.answers_id),
        "text": comment.text,
        "author": comment.author.username,
        "created_at": comment.created_at,
        "resolved_by": comment.resolved_by.username if comment.resolved_by else None,
        "resolved_at": comment.resolved_at,
    }
