from accounts.errors import NotFound


def number_id(raw: str) -> int:
    """A path id as a number; anything else is not there."""
    if not (raw.isascii() and raw.isdigit() and len(raw) < 19):
        raise NotFound
    return int(raw)
