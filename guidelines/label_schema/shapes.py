"""Boxes and polygons as areas: how much of two shapes is the same, and which pairs are one and the same shape. Pure."""

from collections.abc import Sequence
from typing import Any

Point = tuple[float, float]
SCAN_LINES = 400  # a polygon's area is summed over so many lines: right to about 1 %, whatever its outline
_NO_AREA = 1e-9  # what rounding leaves of a line


def overlap_of(first: dict[str, Any], second: dict[str, Any]) -> float:
    """Intersection over union of two shapes, 0 to 1; exact for two boxes, by scan lines where one is a polygon.

    What says the same is the same, even with no area.
    """
    if first == second:
        return 1.0
    common = _common_bounds(_bounds(first), _bounds(second))
    if common is None:
        return 0.0
    if "polygon" in first or "polygon" in second:
        return _overlap_by_lines(_outline(first), _outline(second))
    left, top, right, bottom = common
    shared = (right - left) * (bottom - top)
    whole: float = first["w"] * first["h"] + second["w"] * second["h"] - shared
    return shared / whole if whole > 0 else 0.0


def _outline(shape: dict[str, Any]) -> list[Point]:
    if "polygon" in shape:
        return [(x, y) for x, y in shape["polygon"]]
    left, top, right, bottom = _bounds(shape)
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def _bounds(shape: dict[str, Any]) -> tuple[float, float, float, float]:
    if "polygon" not in shape:
        return shape["x"], shape["y"], shape["x"] + shape["w"], shape["y"] + shape["h"]
    across, down = [x for x, _ in shape["polygon"]], [y for _, y in shape["polygon"]]
    return min(across), min(down), max(across), max(down)


def _common_bounds(
    first: tuple[float, float, float, float], second: tuple[float, float, float, float]
) -> tuple[float, float, float, float] | None:
    left, top = max(first[0], second[0]), max(first[1], second[1])
    right, bottom = min(first[2], second[2]), min(first[3], second[3])
    return (left, top, right, bottom) if left < right and top < bottom else None


def _overlap_by_lines(first: list[Point], second: list[Point]) -> float:
    """Lengths inside one, the other and both, summed over lines through both outlines (even-odd rule)."""
    heights = [y for _, y in (*first, *second)]
    top, step = min(heights), (max(heights) - min(heights)) / SCAN_LINES
    shared = whole = 0.0
    for line in range(SCAN_LINES):
        y = top + (line + 0.5) * step
        mine, yours = _crossings(first, y), _crossings(second, y)
        both = _shared_length(mine, yours)
        shared += both
        whole += _length(mine) + _length(yours) - both
    return shared / whole if whole > _NO_AREA else 0.0


def _crossings(outline: Sequence[Point], y: float) -> list[float]:
    """Where a line at this height enters and leaves the outline, in order."""
    found = []
    for (x1, y1), (x2, y2) in zip(outline, (*outline[1:], outline[0]), strict=True):
        if (y1 <= y) != (y2 <= y):
            found.append(x1 + (y - y1) * (x2 - x1) / (y2 - y1))
    return sorted(found)


def _length(crossings: Sequence[float]) -> float:
    return sum(leave - enter for enter, leave in zip(crossings[::2], crossings[1::2], strict=True))


def _shared_length(mine: Sequence[float], yours: Sequence[float]) -> float:
    total, i, j = 0.0, 0, 0
    while i < len(mine) and j < len(yours):
        total += max(0.0, min(mine[i + 1], yours[j + 1]) - max(mine[i], yours[j]))
        if mine[i + 1] <= yours[j + 1]:
            i += 2
        else:
            j += 2
    return total


def pair_up(partners: Sequence[Sequence[int]]) -> bool:
    """True if each entry can have a partner of its own; `partners[k]` are those that would do for entry k.

    Augmenting paths, breadth first: no depth that an answer with ten thousand shapes could exceed.
    """
    holder_of: dict[int, int] = {}
    partner_of: dict[int, int] = {}
    return all(_find_partner(entry, partners, holder_of, partner_of) for entry in range(len(partners)))


def _find_partner(
    entry: int, partners: Sequence[Sequence[int]], holder_of: dict[int, int], partner_of: dict[int, int]
) -> bool:
    waiting, reached_from = [entry], dict[int, int]()
    for current in waiting:
        for place in partners[current]:
            if place in reached_from:
                continue
            reached_from[place] = current
            if place not in holder_of:
                _hand_over(place, reached_from, holder_of, partner_of)
                return True
            waiting.append(holder_of[place])
    return False


def _hand_over(place: int, reached_from: dict[int, int], holder_of: dict[int, int], partner_of: dict[int, int]) -> None:
    """Everybody on the path takes the place they reached; the first of them had none before."""
    free: int | None = place
    while free is not None:
        holder = reached_from[free]
        left = partner_of.get(holder)
        holder_of[free], partner_of[holder] = holder, free
        free = left
