"""Items of bulk input: NDJSON objects or CSV rows to typed rows."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from annotation.formats.fields import LONGEST_EXTERNAL_ID, number_from_cell, read_external_id
from annotation.formats.rows import Line, Refused, refuse
from operations.strict_json import content_sha256
from operations.strict_json.reading import ObjectReader, Problem, ProblemList

HIGHEST_PRIORITY = 1000
LONGEST_REASON = 200
_KEYS = ("external_id", "payload", "meta", "priority", "reason")
_KNOWN_KEYS = frozenset(_KEYS)


class ItemRow(NamedTuple):
    line: int
    external_id: str
    payload: dict[str, Any]
    meta: dict[str, Any]
    priority: int | None  # None: the line does not say
    reason: str | None = None  # why it is sent, likewise
    is_plain: bool = False  # payload and meta are, as in strict_json.Parsed

    def content_sha256(self) -> str:
        """Two rows with one external_id are the same item if this agrees; priority may change."""
        return content_sha256({"payload": self.payload, "meta": self.meta})


def read_items(
    lines: Iterable[Line], *, from_csv: bool, fields: Collection[str] = (), slices: Collection[str] = ()
) -> Iterator[ItemRow | Refused]:
    """Every line as an item or as its refusal, in order.

    A CSV row has the columns external_id, priority and reason; `payload.x` and `meta.x` go where they say; any other
    column goes to the payload if the project's `fields` name it, to meta if its `slices` do, else to the payload. So
    does a column `reason` that fields or slices name. Cells are text; an empty cell of meta says nothing.
    """
    columns: dict[str, tuple[str, str]] | None = None
    for line in lines:
        if line.error is not None:
            yield Refused(line.number, (line.error,))
            continue
        value = line.value
        if from_csv:
            if columns is None:
                columns, problems = _place_columns(value, fields, slices)
                if problems:
                    yield refuse(1, problems)
                    return
            value = _object_from_cells(value, columns)
        yield item_from_object(line.number, value, is_plain=line.is_plain)


def item_from_object(line: int, raw: object, *, is_plain: bool = False) -> ItemRow | Refused:
    """One item from its JSON object `{"external_id", "payload", "meta"?, "priority"?, "reason"?}`."""
    return _usual_item(line, raw, is_plain) or _read_item(line, raw, is_plain)


def _usual_item(line: int, raw: object, is_plain: bool) -> ItemRow | None:
    """The item where a glance shows that it is fine; None: read it field by field. The same rules, for speed."""
    if type(raw) is not dict or not raw.keys() <= _KNOWN_KEYS:
        return None
    name, priority, reason = raw.get("external_id"), raw.get("priority"), raw.get("reason")
    payload, meta = raw.get("payload"), raw.get("meta", {})
    if (
        type(name) is str and 0 < len(name) <= LONGEST_EXTERNAL_ID and name.isprintable() and name == name.strip()
        and type(payload) is dict and type(meta) is dict
        and (priority is None or (type(priority) is int and -HIGHEST_PRIORITY <= priority <= HIGHEST_PRIORITY))
        and (reason is None or (type(reason) is str and len(reason) <= LONGEST_REASON and reason.isprintable()))
    ):  # fmt: skip
        return ItemRow(line, name, payload, meta, priority, reason, is_plain)
    return None


def _read_item(line: int, raw: object, is_plain: bool) -> ItemRow | Refused:
    problems = ProblemList()
    reader = ObjectReader(raw, "", problems, allowed=_KEYS)
    if not isinstance(raw, dict):
        return refuse(line, problems.found)
    row = ItemRow(
        line=line,
        external_id=read_external_id(reader),
        payload=_read_object(reader, "payload", required=True),
        meta=_read_object(reader, "meta", required=False),
        priority=reader.integer("priority", least=-HIGHEST_PRIORITY, most=HIGHEST_PRIORITY),
        reason=reader.text("reason", longest=LONGEST_REASON) if reader.has("reason") else None,
        is_plain=is_plain,
    )
    return refuse(line, problems.found) if problems else row


def _read_object(reader: ObjectReader, key: str, *, required: bool) -> dict[str, Any]:
    value = reader.values.get(key)
    if value is None and required:
        reader.report(key, "required", f"{key} is needed")
    if value is not None and not isinstance(value, dict):
        reader.report(key, "not_an_object", f"{key} must be an object")
    return value if isinstance(value, dict) else {}


def _place_columns(
    cells: Mapping[str, str], fields: Collection[str], slices: Collection[str]
) -> tuple[dict[str, tuple[str, str]], list[Problem]]:
    """Where each column goes, as (payload or meta, key); and what is wrong with the header."""
    places: dict[str, tuple[str, str]] = {}
    problems: list[Problem] = []
    if "external_id" not in cells:
        problems.append(Problem("external_id", "missing_column", "the header has no column external_id"))
    for column in cells:
        if column in ("external_id", "priority") or (column == "reason" and column not in (*fields, *slices)):
            continue
        part, dot, key = column.partition(".")
        if not dot or part not in ("payload", "meta"):
            part, key = ("meta" if column in slices and column not in fields else "payload"), column
        if not key:
            problems.append(Problem(column, "bad_header", "a key must follow the dot"))
        if (part, key) in places.values():
            problems.append(Problem(column, "duplicate_column", f"two columns are {part}.{key}"))
        places[column] = (part, key)
    return places, problems


def _object_from_cells(cells: Mapping[str, str], places: Mapping[str, tuple[str, str]]) -> dict[str, Any]:
    row: dict[str, Any] = {"external_id": cells["external_id"], "payload": {}, "meta": {}}
    if cells.get("priority"):
        row["priority"] = number_from_cell(cells["priority"])
    if "reason" not in places and cells.get("reason"):
        row["reason"] = cells["reason"]
    for column, (part, key) in places.items():
        if cells[column] != "" or part == "payload":
            row[part][key] = cells[column]
    return row
