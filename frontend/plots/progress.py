"""A bar of what is done, in hand, and open."""

from dataclasses import dataclass

from frontend.plots.scales import Scale
from frontend.wording import whole


@dataclass(frozen=True)
class Progress:
    done: int
    pending: int
    total: int
    done_width: str
    pending_start: str
    pending_width: str

    @property
    def text(self) -> str:
        return f"{whole(self.done)} of {whole(self.total)}"


def progress_bar(done: int, total: int, pending: int = 0) -> Progress:
    """Shares of a bar: done, then pending (in hand), of the total. An empty total is an empty bar."""
    scale = Scale(0, max(1, total))
    done_width = scale.at(done)
    pending_width = scale.at(min(pending, max(0, total - done)))
    return Progress(done, pending, total, done_width, done_width, pending_width)
