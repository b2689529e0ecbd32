"""What becomes of options that a draft no longer has, or parts: one row each, prefilled with what is likely."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext_lazy

from accounts.errors import DomainError, FieldError
from guidelines.label_proposals import LostOption, joined_migrations, lost_options, split_candidates
from guidelines.label_schema import Option
from guidelines.selectors.differences import Difference

LONGEST_NOTE = 1_000
KINDS = (
    ("rename", gettext_lazy("is now called")), ("merge", gettext_lazy("went into")),
    ("split", gettext_lazy("was split into")), ("retire", gettext_lazy("is gone: no label takes its place")),
)  # fmt: skip


@dataclass
class MappingRow:
    """One option, and what was said of it. `name` begins the names of its fields; `n_labels` stored labels use it."""

    lost: LostOption
    name: str
    kind: str
    to: tuple[str, ...]
    note: str
    is_lost: bool
    n_labels: int = 0
    errors: list[str] = field(default_factory=list)

    @property
    def place(self) -> tuple[str, str]:
        return self.lost.place

    @property
    def kinds(self) -> list[tuple[str, Any, bool]]:
        """(value, words, is chosen); an option that stays can only have been split."""
        offered = KINDS if self.is_lost else tuple(kind for kind in KINDS if kind[0] == "split")
        return [(value, words, value == self.kind) for value, words in offered]

    @property
    def targets(self) -> list[tuple[Option, bool]]:
        return [(option, option.key in self.to) for option in self.lost.offered]


class MappingForm:
    """The rows of a publish page. Without posted values each says what is proposed."""

    def __init__(
        self, difference: Difference, counts: Mapping[tuple[str, str], int], data: QueryDict | None = None
    ) -> None:
        lost = lost_options(difference.before, difference.after)
        kept = split_candidates(difference.before, difference.after)
        posted = data if data is not None and data.get("mappings") == "shown" else None
        self.lost = [_row(each, at, posted, is_lost=True) for at, each in enumerate(lost)]
        self.kept = [_row(each, at + len(lost), posted, is_lost=False) for at, each in enumerate(kept)]
        for row in self.lost:
            row.n_labels = counts.get(row.place, 0)
        self.errors: list[str] = []

    @property
    def rows(self) -> list[MappingRow]:
        return [*self.lost, *self.kept]

    @property
    def is_open(self) -> bool:
        """A split of an option that stays was stated, or is wrong: show it."""
        return any(row.kind or row.errors for row in self.kept)

    def migrations(self) -> list[dict[str, Any]]:
        """What was stated, as `publish_version` takes it; rows of which nothing was said are left out."""
        return joined_migrations([(row.place, row.kind, _targets(row), row.note) for row in self.rows if row.kind])

    def refuse(self, refusal: DomainError) -> bool:
        """Show each error that is about a mapping at its row; True if there was one."""
        migrations = self.migrations()
        found = [error for error in refusal.errors if error.path.startswith("label_migrations")]
        for error in found:
            row = self._row_of(error, migrations)
            (row.errors if row else self.errors).append(error.detail)
        return bool(found)

    def _row_of(self, error: FieldError, migrations: Sequence[Mapping[str, Any]]) -> MappingRow | None:
        for row in self.rows:
            if error.path == f"label_migrations.{row.lost.question.key}.{row.lost.option.key}":
                return row
        for at, migration in enumerate(migrations):
            if error.path.startswith(f"label_migrations[{at}]"):
                place = (migration["question"], migration["from"][0])
                return next((row for row in self.rows if row.place == place), None)
        return None


def _row(lost: LostOption, at: int, posted: QueryDict | None, *, is_lost: bool) -> MappingRow:
    name = f"map{at}"
    if posted is None or posted.get(f"{name}-of") != _address(lost):  # another draft than the one that was shown
        return MappingRow(lost, name, lost.kind if is_lost else "", lost.to, "", is_lost)
    kind = posted.get(f"{name}-kind", "")
    known = [option.key for option in lost.offered]
    to = tuple(key for key in posted.getlist(f"{name}-to") if key in known)
    note = posted.get(f"{name}-note", "").strip()[:LONGEST_NOTE]
    return MappingRow(lost, name, kind if kind in dict(KINDS) else "", to, note, is_lost)


def _targets(row: MappingRow) -> tuple[str, ...]:
    """A retired option goes nowhere, whatever is still ticked beside it."""
    return () if row.kind == "retire" else row.to


def _address(lost: LostOption) -> str:
    return "/".join(lost.place)
