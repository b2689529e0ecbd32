"""The draft's ETag is its revision in quotes: `"7"`. A write must name it, so that nothing is overwritten unseen."""

import re

from rest_framework.request import Request

from accounts.errors import DomainError
from guidelines.models import GuidelineDraft

# A proxy that compresses answers turns a strong tag into W/"7"; it still names the same revision.
_TAG = re.compile(r'(?:W/)?"([0-9]{1,9})"\Z')


class PreconditionRequired(DomainError):
    code, status = "precondition_required", 412
    sentence = "Send `If-Match` with the draft's ETag: a draft is never overwritten unseen."


class PreconditionUnusable(DomainError):
    code, status = "precondition_failed", 412
    sentence = 'If-Match must be one ETag of the draft, like "7"; `*` would overwrite a change that nobody saw.'


def etag(draft: GuidelineDraft) -> str:
    return f'"{draft.revision}"'


def matched_revision(request: Request) -> int | None:
    """The revision that `If-Match` names, None without the header; anything but one tag is a 412."""
    raw = request.headers.get("If-Match")
    if raw is None:
        return None
    match = _TAG.match(raw.strip())
    if match is None:
        raise PreconditionUnusable
    return int(match[1])


def needed_revision(request: Request) -> int:
    revision = matched_revision(request)
    if revision is None:
        raise PreconditionRequired
    return revision
