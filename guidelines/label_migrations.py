"""What becomes of old answers when options change: stated at publish, never applied to stored answers. Pure."""

from typing import Any

from guidelines.content import GuidelineContent
from operations.strict_json.reading import ObjectReader, Problem, ProblemList

MOST_MIGRATIONS = 1_000
MOST_OPTIONS = 1_000
# kind: (fewest, most) options named in `from`, then in `to`; None = any number
SHAPES: dict[str, tuple[tuple[int, int | None], tuple[int, int | None]]] = {
    "rename": ((1, 1), (1, 1)),
    "merge": ((1, None), (1, 1)),
    "split": ((1, 1), (2, None)),
    "retire": ((1, None), (0, 0)),
}


class MigrationError(ValueError):
    """A mapping of labels that is refused, with every problem by path."""

    def __init__(self, errors: list[Problem]) -> None:
        super().__init__("; ".join(f"{path}: {detail}" for path, _, detail in errors[:5]))
        self.errors = tuple(errors)


def parse_label_migrations(raw: object, old: GuidelineContent | None, new: GuidelineContent) -> list[dict[str, Any]]:
    """The mappings `{"kind", "question", "from": [...], "to": [...], "note"?}` from `old` labels to `new` ones.

    `from` names options of the version before, `to` options of the new one; no old option is mapped twice.
    Raises MigrationError with every problem by path below `label_migrations`.
    """
    problems = ProblemList()
    whole = ObjectReader({"label_migrations": raw}, "", problems, allowed=("label_migrations",))
    old_options, new_options = _options_of(old), _options_of(new)
    mapped: set[tuple[str, str]] = set()
    migrations = []
    for index, entry in enumerate(whole.entries("label_migrations", most=MOST_MIGRATIONS)):
        reader = ObjectReader(
            entry, f"label_migrations[{index}]", problems, allowed=("kind", "question", "from", "to", "note")
        )
        migrations.append(_read_migration(reader, old_options, new_options, mapped))
    if problems:
        raise MigrationError(problems.found)
    return migrations


def _options_of(content: GuidelineContent | None) -> dict[str, set[str]]:
    if content is None:
        return {}
    return {question.key: {option.key for option in question.options} for question in content.questions}


def _read_migration(
    reader: ObjectReader,
    old: dict[str, set[str]],
    new: dict[str, set[str]],
    mapped: set[tuple[str, str]],
) -> dict[str, Any]:
    kind = reader.text("kind", longest=20, required=True)
    question = reader.text("question", longest=64, required=True)
    before = reader.names("from", longest=200, most=MOST_OPTIONS)
    after = reader.names("to", longest=200, most=MOST_OPTIONS)
    note = reader.text("note", longest=1_000)
    _check_shape(reader, kind, before, after)
    if question and question not in old:
        reader.report("question", "unknown_question", f"the version before has no question {question!r}")
        return {}
    _check_known(reader, "from", before, old.get(question, set()))
    _check_known(reader, "to", after, new.get(question, set()))
    for index, key in enumerate(before):
        if (question, key) in mapped:
            reader.report(f"from[{index}]", "duplicate", f"{key!r} is mapped already")
        mapped.add((question, key))
    migration: dict[str, Any] = {"kind": kind, "question": question, "from": list(before), "to": list(after)}
    return migration | ({"note": note} if note else {})


def _check_shape(reader: ObjectReader, kind: str, before: tuple[str, ...], after: tuple[str, ...]) -> None:
    if kind not in SHAPES:
        reader.report("kind", "unknown_kind", f"kind must be one of {', '.join(SHAPES)}")
        return
    for field, names, (fewest, most) in zip(("from", "to"), (before, after), SHAPES[kind], strict=True):
        if len(names) < fewest or (most is not None and len(names) > most):
            wanted = str(fewest) if most == fewest else f"at least {fewest}"
            reader.report(field, "wrong_length", f"a {kind} names {wanted} here, not {len(names)}")


def _check_known(reader: ObjectReader, field: str, names: tuple[str, ...], known: set[str]) -> None:
    for index, name in enumerate(names):
        if name not in known:
            reader.report(f"{field}[{index}]", "unknown_option", f"there is no option {name!r}")
