"""Take in the body of a bulk call: counted, hashed and unpacked piece by piece into a file, never as a whole in memory.

Only a complete body goes on to the database. A client that is slow or goes away costs a file without a name, nothing
else.
"""

import hashlib
import os
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from django.utils.http import parse_header_parameters
from rest_framework.request import Request

from accounts.errors import DomainError
from annotation.services.importing.background import imports_dir, new_import_file
from annotation.services.importing.sources import CHARSETS, CHUNK, MAX_BODY, LineFormat
from operations.api.parsers import MAX_BODY as MAX_JSON_BODY

NDJSON_TYPES = ("application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines")
_MOST_EXPANSION = 200
_EXPANSION_IS_JUDGED_FROM = 64 * 1024**2


class BodyTooLarge(DomainError):
    code, status = "body_too_large", 413
    sentence = f"A bulk body holds at most {MAX_BODY} bytes, unpacked."


class BodyIncomplete(DomainError):
    code, status = "body_incomplete", 400
    sentence = "The body ended before its announced end; nothing was stored."


class LengthRequired(DomainError):
    code, status = "length_required", 411
    sentence = "Send a Content-Length or a chunked body."


class UnsupportedMediaType(DomainError):
    code, status = "unsupported_media_type", 415
    sentence = "Send application/x-ndjson, text/csv (UTF-8 or UTF-16) or application/json, plain or gzip."


class BadGzip(DomainError):
    code, status = "bad_gzip", 400
    sentence = "The body is not valid gzip."


@dataclass(frozen=True)
class ReceivedBody:
    """A complete body. It has no `line_format` if it is one JSON document."""

    file: BinaryIO
    path: Path
    sha256: str
    lines: int
    line_format: LineFormat | None


@contextmanager
def received_body(request: Request, *, keep: bool) -> Iterator[ReceivedBody]:
    """The request's body in a file. With `keep` it has a name and outlives the request, unless that fails."""
    line_format = _line_format(request)
    limit = MAX_BODY if line_format else MAX_JSON_BODY
    path = new_import_file()
    with _open_file(path, keep=keep) as file:
        try:
            digest, lines, last = hashlib.sha256(), 0, b""
            for chunk in _limited(_unpacked(request), limit):
                digest.update(chunk)
                lines += chunk.count(b"\n")
                file.write(chunk)
                last = chunk[-1:] or last
            file.flush()
            if keep:
                os.fsync(file.fileno())
            file.seek(0)
            lines += last not in {b"", b"\n"}
            yield ReceivedBody(file, path, digest.hexdigest(), lines, line_format)
        except BaseException:
            path.unlink(missing_ok=True)
            raise


def _open_file(path: Path, *, keep: bool) -> BinaryIO:
    if keep:
        return path.open("x+b")
    return cast(BinaryIO, tempfile.TemporaryFile(dir=imports_dir()))


def _line_format(request: Request) -> LineFormat | None:
    media_type, parameters = parse_header_parameters(request.META.get("CONTENT_TYPE", ""))
    charset = CHARSETS.get(parameters.get("charset", "utf-8").lower())
    if charset and media_type == "text/csv":
        return LineFormat("csv", charset)
    if charset == "utf-8" and media_type in NDJSON_TYPES:
        return LineFormat("ndjson")
    if charset == "utf-8" and media_type == "application/json":
        return None
    raise UnsupportedMediaType


def _limited(chunks: Iterator[bytes], limit: int) -> Iterator[bytes]:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise BodyTooLarge(f"The body is larger than the limit of {limit} bytes.", extra={"limit": limit})
        yield chunk


def _unpacked(request: Request) -> Iterator[bytes]:
    encoding = request.META.get("HTTP_CONTENT_ENCODING", "identity").strip().lower()
    if encoding in {"identity", ""}:
        return _raw_chunks(request)
    if encoding in {"gzip", "x-gzip"}:
        return _unzipped(_raw_chunks(request))
    raise UnsupportedMediaType(f"The content encoding {encoding[:40]!r} is not known here; send plain or gzip.")


def _raw_chunks(request: Request) -> Iterator[bytes]:
    """The body as the server hands it on. Django's own reading of it would hold it in memory."""
    stream, announced = request.META["wsgi.input"], request.META.get("CONTENT_LENGTH") or None
    if announced is None:
        if not request.META.get("wsgi.input_terminated"):
            raise LengthRequired
        while chunk := _read(stream, CHUNK):
            yield chunk
        return
    left = int(announced) if announced.isascii() and announced.isdigit() and len(announced) < 16 else MAX_BODY + 1
    if left > MAX_BODY:
        raise BodyTooLarge(extra={"limit": MAX_BODY})
    while left:
        chunk = _read(stream, min(CHUNK, left))
        if not chunk:
            raise BodyIncomplete
        left -= len(chunk)
        yield chunk


def _read(stream: Any, size: int) -> bytes:
    try:
        return cast(bytes, stream.read(size))
    except Exception as error:  # noqa: BLE001  (each server has errors of its own for a body that breaks off)
        raise BodyIncomplete from error


def _unzipped(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """At most CHUNK at a time, and no further than a bomb is known for one."""
    inflater = zlib.decompressobj(wbits=31)
    taken = given = 0
    for chunk in chunks:
        taken += len(chunk)
        while chunk:
            if inflater.eof:  # gzip files may be put one after the other
                inflater = zlib.decompressobj(wbits=31)
            try:
                plain = inflater.decompress(chunk, CHUNK)
            except zlib.error as error:
                raise BadGzip from error
            given += len(plain)
            if given > _EXPANSION_IS_JUDGED_FROM and given > _MOST_EXPANSION * taken:
                raise BodyTooLarge(f"The body unpacks to more than {_MOST_EXPANSION} times its size.")
            yield plain
            chunk = inflater.unconsumed_tail or inflater.unused_data
    yield inflater.flush()
    if not inflater.eof:
        raise BodyIncomplete
