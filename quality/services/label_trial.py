"""Try a draft on the labels there are: what stands, what is mapped, what becomes ambiguous, what is lost."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from django.db import connection

from annotation.models import Item, Project
from annotation.selectors.labels import IS_LABEL
from guidelines.label_mapping import OUTCOMES, Carried, LabelChain, labels_in
from guidelines.label_schema import BoxesQuestion, NumberQuestion, Question, SpanQuestion, TextQuestion
from guidelines.models import GuidelineDraft
from guidelines.selectors.versions import content_of
from quality.services.label_chains import chain_to_draft

EXAMPLES = 3

# The newest standing answer of each person (or model) on each item, its questions apart, alike ones counted together:
# texts by being there, marks by the labels they name, all else by value.
_LOOKS = f"""
    WITH newest AS (
        SELECT DISTINCT ON (a.item_id, a.annotator_id) a.item_id, a.guideline_version_id, a.answer
        FROM annotation_annotation a
        WHERE a.project_id = %(project)s AND a.superseded_at IS NULL AND {IS_LABEL}
        ORDER BY a.item_id, a.annotator_id, a.id DESC
    ), looks AS (
        SELECT newest.item_id, newest.guideline_version_id, part.key,
               CASE WHEN part.key = ANY(%(texts)s) THEN '""'
                    WHEN part.key = ANY(%(marks)s) AND jsonb_typeof(part.value) = 'array'
                    THEN (SELECT coalesce(jsonb_agg(DISTINCT mark->'label'), '[]'::jsonb)
                          FROM jsonb_array_elements(part.value) mark)::text
                    ELSE part.value::text END AS look
        FROM newest CROSS JOIN LATERAL jsonb_each(newest.answer) part
        WHERE jsonb_typeof(part.value) <> 'null'
    )
    SELECT looks.key, version.major || '.' || version.minor, looks.look, count(*),
           (array_agg(DISTINCT looks.item_id ORDER BY looks.item_id))[1:{EXAMPLES}]
    FROM looks LEFT JOIN guidelines_guidelineversion version ON version.id = looks.guideline_version_id
    GROUP BY 1, 2, 3 ORDER BY 1, 3, 2
"""  # noqa: S608  (our own text)


@dataclass(frozen=True)
class TrialRow:
    """Stored answers of one value with one outcome. `label` is None where values are too many to be told apart."""

    question: str
    label: str | None
    outcome: str
    n: int
    to: tuple[str, ...]
    reason: str
    at: str
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Trial:
    project: Project
    draft_revision: int
    n_answers: int
    counts: dict[str, int]
    rows: tuple[TrialRow, ...]


def try_draft(project: Project, label_migrations: Sequence[Any] = ()) -> Trial:
    """What would become of every stored answer of the project if the draft were published with these mappings.

    The newest answer of each person and model on each item, question by question. One query over the answers,
    whatever their number; nothing is changed. InvalidInput for mappings that publishing would refuse.
    """
    draft = GuidelineDraft.objects.get(guideline=project.guideline)
    chain = chain_to_draft(project.guideline, content_of(draft), label_migrations)
    texts, marks = _keys_of(chain, TextQuestion), _keys_of(chain, SpanQuestion, BoxesQuestion)
    found = list(_tried(chain, _looks(project, texts, marks), marks))
    names = _external_ids({pk for _, _, items in found for pk in items})
    rows = tuple(_joined(found, names))
    counts = Counter[str]()
    for row in rows:
        counts[row.outcome] += row.n
    total = sum(counts.values())
    return Trial(project, draft.revision, total, {outcome: counts[outcome] for outcome in OUTCOMES}, rows)


def trial_body(trial: Trial) -> dict[str, Any]:
    """The trial as the API says it."""
    return {
        "project": trial.project.slug, "draft_revision": trial.draft_revision, "answers": trial.n_answers,
        "counts": trial.counts,
        "results": [
            {
                "question": row.question, "label": row.label, "outcome": row.outcome, "answers": row.n,
                "to": list(row.to), "reason": row.reason or None, "at": row.at or None,
                "examples": list(row.examples),
            }
            for row in trial.rows
        ],
    }  # fmt: skip


_Look = tuple[str, str | None, str, int, list[int]]
_Place = tuple[str, str | None, str, tuple[str, ...], str, str]


def _keys_of(chain: LabelChain, *types: type[Question]) -> list[str]:
    """Questions that were of one of these types in every version that asks them."""
    asked: dict[str, set[type[Question]]] = {}
    for version in chain.versions:
        for key, question in version.questions.items():
            asked.setdefault(key, set()).add(type(question))
    return [key for key, found in asked.items() if found <= set(types)]


def _looks(project: Project, texts: list[str], marks: list[str]) -> list[_Look]:
    with connection.cursor() as cursor:
        cursor.execute(_LOOKS, {"project": project.pk, "texts": texts, "marks": marks})
        found: list[_Look] = cursor.fetchall()
    return found


def _tried(chain: LabelChain, looks: Sequence[_Look], marks: list[str]) -> Iterator[tuple[_Place, int, list[int]]]:
    for key, number, look, n, items in looks:
        value = orjson.loads(look)
        carried = chain.carry(number, key, _as_marks(value) if key in marks else value)
        label = _label(chain.target.questions.get(key), value)
        yield (key, label, carried.outcome, _to(carried), carried.reason, carried.at), n, items


def _as_marks(labels: list[str]) -> list[dict[str, Any]]:
    """Marks that name these labels; where they lie does not matter to what becomes of them."""
    return [{"start": place, "end": place + 1, "label": label} for place, label in enumerate(labels)]


def _label(question: Question | None, value: Any) -> str | None:
    """What the row is called: the option or value; sets joined; None for texts and numbers."""
    if isinstance(value, dict):
        return str(value.get("choice"))
    if isinstance(question, TextQuestion | NumberQuestion) or isinstance(value, float):
        return None
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    return str(value) or None


def _to(carried: Carried) -> tuple[str, ...]:
    return tuple(labels_in(carried.value)) if carried.outcome == "certain" else carried.candidates


def _joined(found: Sequence[tuple[_Place, int, list[int]]], names: dict[int, str]) -> Iterator[TrialRow]:
    """Rows that differ only in what is not shown become one; the largest losses of each question come first."""
    counts: dict[_Place, int] = {}
    items: dict[_Place, list[int]] = {}
    for place, n, some in found:
        counts[place] = counts.get(place, 0) + n
        items[place] = list(dict.fromkeys((*items.get(place, []), *some)))[:EXAMPLES]
    worst: dict[str, int] = {outcome: -rank for rank, outcome in enumerate(OUTCOMES)}
    order = sorted(counts, key=lambda place: (place[0], worst[place[2]], -counts[place]))
    for place in order:
        question, label, outcome, to, reason, at = place
        examples = tuple(names[pk] for pk in items[place])
        yield TrialRow(question, label, outcome, counts[place], to, reason, at, examples)


def _external_ids(ids: set[int]) -> dict[int, str]:
    return dict(Item.objects.filter(pk__in=ids).values_list("pk", "external_id"))
