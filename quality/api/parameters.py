from rest_framework.request import Request

from accounts.errors import FieldError, InvalidInput
from operations.api.pages import page_cursor


def whole_number(request: Request, name: str, low: int, high: int) -> int | None:
    """A whole number from the query string, or None where it is not given."""
    raw = request.query_params.get(name)
    if raw is None:
        return None
    if not (raw.isascii() and raw.isdigit() and len(raw) <= 9 and low <= int(raw) <= high):
        raise InvalidInput(errors=[FieldError(name, "range", f"A whole number from {low} to {high}.")])
    return int(raw)


def one_of(request: Request, name: str, allowed: tuple[str, ...]) -> str | None:
    raw = request.query_params.get(name)
    if raw is not None and raw not in allowed:
        raise InvalidInput(errors=[FieldError(name, "unknown", f"Allowed: {', '.join(allowed)}.")])
    return raw


def place_cursor(request: Request, parts: int) -> list[int]:
    """A cursor that is a place: so many whole numbers, all 0 at the start. One made by another list is refused."""
    after = page_cursor(request)
    if after is None:
        return [0] * parts
    place = after if isinstance(after, list) else [after]
    if len(place) != parts or not all(type(number) is int and number >= 0 for number in place):
        raise InvalidInput(errors=[FieldError("cursor", "cursor", "This cursor belongs to another list.")])
    return place
