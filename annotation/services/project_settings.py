"""What a project may be set to. Every rule that is broken is named, by path, before anything is stored."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from accounts.errors import FieldError, InvalidInput
from annotation.contract_terms import broken_promises
from annotation.models import Project, SliceContract
from annotation.overlap import OverlapError, overlap_to_json, parse_overlap
from annotation.selectors.contracts import terms_of

FIELD_TYPES = ("text", "chat")
MOST_FIELDS = MOST_SLICES = 50
_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
_KEY = re.compile(r"[^\x00-\x1f\x7f]{1,100}")


class SettingsCheck:
    """Collects what is wrong with the settings given; `stop_if_wrong` raises all of it at once."""

    def __init__(self) -> None:
        self.errors: list[FieldError] = []

    def refuse(self, path: str, code: str, detail: str) -> None:
        self.errors.append(FieldError(path, code, detail))

    def stop_if_wrong(self) -> None:
        if self.errors:
            raise InvalidInput(errors=self.errors)

    def slug(self, value: str) -> None:
        if not _SLUG.fullmatch(value):
            self.refuse("slug", "slug", "1 to 60 of a-z, 0-9, - and _, a letter or digit first.")

    def title(self, value: str) -> None:
        if not value.strip() or len(value) > 200 or "\x00" in value:
            self.refuse("title", "length", "A title has 1 to 200 characters.")

    def fields(self, value: Any) -> list[dict[str, str]]:
        """The payload fields that annotators see, in order; none named: every text of the payload."""
        if not isinstance(value, list) or len(value) > MOST_FIELDS:
            self.refuse("fields", "not_a_list", f"A list of at most {MOST_FIELDS} fields.")
            return []
        read = [self._field(index, field) for index, field in enumerate(value)]
        self._unlike("fields", [field["key"] for field in read if field])
        return [field for field in read if field]

    def _field(self, index: int, field: Any) -> dict[str, str] | None:
        path = f"fields[{index}]"
        if not isinstance(field, dict) or set(field) - {"key", "type"}:
            self.refuse(path, "field", 'A field is {"key": ..., "type": ...} and nothing else.')
            return None
        key, kind = field.get("key"), field.get("type", "text")
        if not self._is_key(key):
            self.refuse(f"{path}.key", "key", "A key of the payload: 1 to 100 characters.")
        if kind not in FIELD_TYPES:
            self.refuse(f"{path}.type", "unknown", f"One of: {', '.join(FIELD_TYPES)}.")
        return {"key": str(key), "type": str(kind)}

    def slices(self, value: Any) -> list[str]:
        """Keys of the items' meta by which figures are cut."""
        if not isinstance(value, list) or len(value) > MOST_SLICES:
            self.refuse("slices", "not_a_list", f"A list of at most {MOST_SLICES} keys.")
            return []
        for index, key in enumerate(value):
            if not self._is_key(key):
                self.refuse(f"slices[{index}]", "key", "A key of the items' meta: 1 to 100 characters.")
        self._unlike("slices", [str(key) for key in value])
        return [str(key) for key in value]

    def overlap(self, value: Any, slices: Sequence[str]) -> dict[str, Any]:
        try:
            return overlap_to_json(parse_overlap(value, slices=slices))
        except OverlapError as error:
            self.errors += [FieldError(path, code, detail) for path, code, detail in error.errors]
            return {}

    def contracts(self, project: Project, contracts: Iterable[SliceContract]) -> None:
        """A project keeps what it has promised a slice, until that contract is changed or ended."""
        try:
            policy = parse_overlap(project.overlap, slices=project.slices)
        except OverlapError:
            return  # named by `overlap`
        for contract in contracts:
            for problem in broken_promises(terms_of(contract), slices=project.slices, policy=policy):
                path = "slices" if problem.path.startswith("slice.") else "overlap"
                self.refuse(path, "breaks_a_contract", f"Contract {contract.number}: {problem.detail}.")

    def lease_seconds(self, value: int) -> None:
        if not 5 <= value <= 86400:
            self.refuse("lease_seconds", "range", "From 5 seconds to a day (86400).")

    def gold_rate(self, value: float) -> None:
        if not 0 <= value <= 0.5:
            self.refuse("gold_rate", "range", "From 0 to 0.5.")

    def _is_key(self, key: Any) -> bool:
        return isinstance(key, str) and _KEY.fullmatch(key) is not None

    def _unlike(self, path: str, keys: Sequence[str]) -> None:
        for key in sorted({key for key in keys if keys.count(key) > 1}):
            self.refuse(path, "repeated", f"{key!r} stands in it twice.")
