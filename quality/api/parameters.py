from rest_framework.request import Request

from accounts.errors import FieldError, InvalidInput


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
