"""`Idempotency-Key`: the same key and body replays the first answer; the same key with another body is a 409."""

import functools
import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

from django.db import IntegrityError, transaction
from django.utils import timezone
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.errors import Conflict, FieldError, InvalidInput
from operations.models import IdempotentAnswer
from operations.strict_json import canonical_json


class IdempotencyConflict(Conflict):
    code = "idempotency_conflict"
    sentence = "This Idempotency-Key was used for another request."


class IdempotencyInProgress(Conflict):
    code = "idempotency_in_progress"
    sentence = "The first request with this Idempotency-Key has not been answered yet."


Post = Callable[..., Response]
ABANDONED_AFTER = timedelta(minutes=10)


def idempotent(post: Post) -> Post:
    """Wrap a view's `post`: with the header, its effect happens once and its first 2xx answer is replayed."""

    @functools.wraps(post)
    def wrapped(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get("Idempotency-Key")
        if key is None:
            return post(view, request, *args, **kwargs)
        return answer_once(
            request, key, canonical_json(request.data), lambda: post(view, request, *args, **kwargs)
        )  # fmt: skip

    return wrapped


def answer_once(request: Request, key: str, body: bytes, answer: Callable[[], Response]) -> Response:
    """Run `answer` unless (user, key) has an answer already; keep what it says if it is a 2xx."""
    if not key.strip() or len(key) > 200 or not key.isprintable():
        raise InvalidInput(errors=[FieldError("Idempotency-Key", "length", "1 to 200 printable characters.")])
    parts = [str(request.method).encode(), request.get_full_path().encode(), body]
    digest = hashlib.sha256(b"\n".join(parts)).hexdigest()
    earlier, is_mine = _reserve(cast(int, request.user.pk), key, digest)
    if not is_mine:
        return _replay(earlier, digest)
    try:
        response = answer()
    except BaseException:
        earlier.delete()  # a refused or broken request may be tried again under its key
        raise
    if 200 <= response.status_code < 300:
        IdempotentAnswer.objects.filter(pk=earlier.pk).update(
            status=response.status_code, body=json.loads(JSONRenderer().render(response.data))
        )
    else:
        earlier.delete()
    return response


def _reserve(user_id: int, key: str, digest: str) -> tuple[IdempotentAnswer, bool]:
    abandoned = timezone.now() - ABANDONED_AFTER  # its process was killed before it could answer
    IdempotentAnswer.objects.filter(user_id=user_id, key=key, status=None, created_at__lt=abandoned).delete()
    try:
        with transaction.atomic():
            return IdempotentAnswer.objects.create(user_id=user_id, key=key, request_sha256=digest), True
    except IntegrityError:
        return IdempotentAnswer.objects.get(user_id=user_id, key=key), False


def _replay(earlier: IdempotentAnswer, digest: str) -> Response:
    if earlier.request_sha256 != digest:
        raise IdempotencyConflict
    if earlier.status is None:
        raise IdempotencyInProgress
    return Response(earlier.body, status=earlier.status, headers={"Idempotency-Replayed": "true"})
