"""Do people say what the pre-label says because they saw it? Shown by chance to some and held back from others."""

from dataclasses import dataclass
from typing import Any

from annotation.models import Project
from annotation.selectors.comparisons import prelabels_followed
from annotation.selectors.gold import Share
from quality.services.shares import Row, difference_of, share_of


@dataclass(frozen=True)
class Anchoring:
    """One row a question: `{"question", "shown", "held_back", "difference", "interval", "undefined"}`."""

    model: str | None
    rows: list[Row]


def anchoring(project: Project) -> Anchoring:
    """How much more often answers equal the pre-label where it was shown than where it was held back.

    By what chance decided for the lease, over each person's first answer to an item in ordinary rounds. Shares with
    Wilson's interval, their difference with Newcombe's; below 20 answers on a side "not enough data".
    """
    found = prelabels_followed(project)
    routing = getattr(project, "routing", None)
    model = routing.prelabel_model.name if routing is not None and routing.prelabel_model is not None else None
    return Anchoring(model, [_row(key, *shares) for key, shares in found.items()])


def _row(key: str, *shares: Share) -> Row:
    shown, held = (share_of(share.right, share.n, counted="same", share="share") for share in shares)
    return {"question": key, "shown": shown, "held_back": held} | difference_of(shown, held, counted="same")


def anchoring_body(found: Anchoring) -> dict[str, Any]:
    """As the API says it."""
    return {"model": found.model, "results": found.rows, "next": None}
