"""A stored file over HTTP: whole or one range of it, with its hash as ETag."""

import re
from collections.abc import Iterator
from pathlib import Path

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import parse_etags
from rest_framework.request import Request

from accounts.errors import NotFound

PIECE = 1 << 18
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})\Z", re.ASCII)


def file_response(request: Request, path: Path, *, sha256: str, content_type: str, filename: str) -> HttpResponseBase:
    """200, 206 for one satisfiable range, 304 for a known ETag, 416 for a range beyond the file.

    Several ranges, or a form we do not know, are answered with the whole file, as HTTP allows.
    """
    try:
        size = path.stat().st_size
    except OSError as error:
        raise NotFound("The file is not where it was written; verify the snapshot.") from error
    etag = f'"{sha256}"'
    headers = {
        "ETag": etag, "Accept-Ranges": "bytes", "Cache-Control": "private, no-cache",
        "Content-Disposition": f'attachment; filename="{filename}"',
    }  # fmt: skip
    known = parse_etags(request.headers.get("If-None-Match", ""))
    if etag in known or "*" in known:
        return HttpResponse(status=304, headers=headers)
    part = _range(request, size, etag)
    if part == (0, 0) and size:
        return HttpResponse(status=416, headers=headers | {"Content-Range": f"bytes */{size}"})
    begin, end = part or (0, size)
    response = StreamingHttpResponse(
        _pieces(path, begin, end), status=206 if part else 200, content_type=content_type, headers=headers
    )
    response.headers["Content-Length"] = str(end - begin)
    if part:
        response.headers["Content-Range"] = f"bytes {begin}-{end - 1}/{size}"
    return response


def _range(request: Request, size: int, etag: str) -> tuple[int, int] | None:
    """[begin, end) asked for; None for the whole file; (0, 0) for what lies beyond it."""
    match = _RANGE.match(request.headers.get("Range", ""))
    condition = request.headers.get("If-Range")
    if match is None or not any(match.groups()) or (condition is not None and condition.strip() != etag):
        return None
    first, last = match.groups()
    if not first:  # the last n bytes
        length = min(int(last), size)
        return (size - length, size) if length else (0, 0)
    begin = int(first)
    end = min(int(last) + 1, size) if last else size
    if last and int(last) < begin:
        return None
    return (begin, end) if begin < size else (0, 0)


def _pieces(path: Path, begin: int, end: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(begin)
        while begin < end:
            piece = file.read(min(PIECE, end - begin))
            if not piece:
                return
            begin += len(piece)
            yield piece
