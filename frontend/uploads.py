"""A file on its way in from a page: as the raw body of a request, or in a multipart form where there is no script."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, cast

from django.http import HttpRequest, UnreadablePostError

from accounts.errors import DomainError
from annotation.services.importing.background import imports_dir
from annotation.services.importing.sources import CHUNK, MAX_BODY, LineFormat

_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
FORMATS = ("auto", "csv", "ndjson")


class NothingSent(DomainError):
    code, status = "nothing_sent", 422
    sentence = "Choose a file, or paste the lines."


class UploadTooLarge(DomainError):
    code, status = "body_too_large", 413
    sentence = f"A file holds at most {MAX_BODY // 1024**3} GB."


class UploadIncomplete(DomainError):
    code, status = "body_incomplete", 400
    sentence = "The connection broke before the end of the file; nothing was stored."


@dataclass(frozen=True)
class Upload:
    """A complete file; `name` is what it was called, for people to read and nothing else."""

    file: BinaryIO
    name: str
    line_format: LineFormat


@contextmanager
def received_upload(request: HttpRequest, *, name: str, wanted_format: str) -> Iterator[Upload]:
    """What was sent, in a file without a name: of any size in constant memory, and complete before anything starts."""
    with cast(BinaryIO, tempfile.TemporaryFile(dir=imports_dir())) as file:
        sent_name = _save(request, file)
        start = _start(file)
        if not start.strip():
            raise NothingSent
        shown = _printable(name or sent_name)
        yield Upload(file, shown, _line_format(wanted_format, shown, start))


def _save(request: HttpRequest, file: BinaryIO) -> str:
    if request.content_type != "multipart/form-data":
        _copy(request, file)
        return ""
    uploaded = request.FILES.get("file")
    if uploaded is None:
        file.write(request.POST.get("pasted", "").encode("utf-8", "surrogatepass"))
        return ""
    for chunk in uploaded.chunks():
        file.write(chunk)
    return str(uploaded.name)


def _copy(request: HttpRequest, file: BinaryIO) -> None:
    """The raw body. `request.body` would hold all of it in memory."""
    announced = request.META.get("CONTENT_LENGTH") or ""
    size = 0
    try:
        while chunk := request.read(CHUNK):
            size += len(chunk)
            if size > MAX_BODY:
                raise UploadTooLarge
            file.write(chunk)
    except UnreadablePostError as error:
        raise UploadIncomplete from error
    if announced.isdigit() and size < int(announced):
        raise UploadIncomplete


def _start(file: BinaryIO) -> bytes:
    file.seek(0)
    start = file.read(4096)
    file.seek(0)
    return start


def _line_format(wanted: str, name: str, start: bytes) -> LineFormat:
    """As it was chosen; else by the ending of the name; else by its first character."""
    if wanted == "csv":
        return LineFormat("csv")
    if wanted == "ndjson":
        return LineFormat("ndjson")
    ending = name.lower().rpartition(".")[2]
    if ending in {"csv", "tsv"}:
        return LineFormat("csv")
    if ending in {"ndjson", "jsonl", "json"}:
        return LineFormat("ndjson")
    for mark in _MARKS:
        start = start.removeprefix(mark)
    return LineFormat("ndjson" if start.lstrip()[:1] == b"{" else "csv")


def _printable(name: str) -> str:
    return "".join(character for character in name if character.isprintable())[:200]
