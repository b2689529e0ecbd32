"""What is particular about one kind of bulk input. The common path that uses it is in running.py."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, ClassVar, NamedTuple

from django.db.backends.utils import CursorWrapper

from accounts.models import User
from annotation.formats.rows import Line, Refused
from annotation.models import ImportBatch, Project


class StagedRow(NamedTuple):
    """A good line on its way into the database.

    Lines with one `key` are about the same thing; they say the same of it exactly if their `content` agrees.
    """

    line: int
    key: str
    content: str
    values: tuple[Any, ...]


class Importer(ABC):
    """Reads lines into rows, and says in SQL what the database must know of them.

    The SQL meets two temporary tables: `import_rows` (line, key, content, and `columns`) and `import_issues`
    (line, code, detail); `store` meets `import_new` (line) too: the lines that bring something new.
    """

    kind: ClassVar[str]
    columns: ClassVar[tuple[tuple[str, str], ...]]  # of import_rows: name, SQL type
    joined_by: ClassVar[tuple[str, ...]] = ()  # those of them that `known` and `store` join or filter by
    fills: ClassVar[tuple[tuple[str, str], ...]] = ()  # tables and those columns whose statistics plans need
    conflict_detail: ClassVar[str]

    def __init__(self, *, actor: User, project: Project) -> None:
        self.actor = actor
        self.project = project

    @abstractmethod
    def read(self, lines: Iterable[Line], *, from_csv: bool) -> Iterator[StagedRow | Refused]:
        """Every line as a row to stage or as its refusal, in constant memory."""

    def reject(self, cursor: CursorWrapper, *, now: datetime) -> None:  # noqa: B027  (nothing to reject by default)
        """Add to import_issues the lines that only the database can refuse."""

    @abstractmethod
    def known(self) -> tuple[str, dict[str, Any]]:
        """A query for (line, is_same) of the lines whose key is stored already, and its parameters."""

    @abstractmethod
    def store(self, cursor: CursorWrapper, *, batch: ImportBatch, now: datetime) -> None:
        """Store the lines of import_new. All of them: their number is what the report calls created."""
