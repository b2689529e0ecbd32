"""The five things that can be brought in: who reads them, what their columns are, and the same call for a script."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from annotation.models import Project
from annotation.services.importing import (
    AnnotatorImporter,
    GoldImporter,
    Importer,
    ItemImporter,
    LabelImporter,
    PredictionImporter,
)
from guidelines.label_schema import Question

IMPORTERS: dict[str, type[Importer]] = {
    "items": ItemImporter,
    "annotators": AnnotatorImporter,
    "labels": LabelImporter,
    "gold": GoldImporter,
    "predictions": PredictionImporter,
}


@dataclass(frozen=True)
class ImportKind:
    """One kind as the page shows it. `columns` maps a column's name to its meaning, for the preview."""

    key: str
    title: str
    text: str
    columns: dict[str, str]
    required: list[str]
    other: str  # what any other column means; "" where it is refused
    example: str
    guesses: dict[str, str] = field(default_factory=dict)  # how files often call a required column


def import_kind(key: str, project: Project, questions: Sequence[Question]) -> ImportKind:
    kinds = {
        "items": _items, "annotators": _annotators, "labels": _labels, "gold": _gold, "predictions": _predictions,
    }  # fmt: skip
    return kinds[key](project, questions)


def kind_titles() -> dict[str, str]:
    return {
        "items": _("Items"), "annotators": _("Annotators"), "labels": _("Labels made elsewhere"), "gold": _("Gold"),
        "predictions": _("Predictions"),
    }  # fmt: skip


_IDS = {"id": "external_id", "item": "external_id", "item_id": "external_id", "externalid": "external_id"}
_PEOPLE = {"worker": "annotator", "worker_id": "annotator", "user": "annotator", "annotator_id": "annotator",
           "rater": "annotator", "username": "annotator"}  # fmt: skip


def _items(project: Project, questions: Sequence[Question]) -> ImportKind:
    shown = {name["key"]: _("shown to people") for name in project.fields}
    slices = {key: _("slice") for key in project.slices}
    example = {
        "external_id": "m-001",
        "payload": {name["key"]: _sample(name["type"]) for name in project.fields} or {"text": _sample("text")},
        "meta": dict.fromkeys(project.slices, "…"),
    }
    return ImportKind(
        "items", kind_titles()["items"],
        _("Things to label. They never change afterwards; what comes again with the same content is left as it is."),
        {"external_id": _("name of the item"), "priority": _("who comes first"), "payload": _("what is labeled"),
         "meta": _("facts about it"), **slices, **shown},
        ["external_id"], _("payload, not shown"), json.dumps(example, ensure_ascii=False), _IDS,
    )  # fmt: skip


def _annotators(project: Project, questions: Sequence[Question]) -> ImportKind:
    return ImportKind(
        "annotators", kind_titles()["annotators"],
        _("People and models that labeled elsewhere, with their cohorts. People cannot sign in until they are added."),
        {"annotator": _("name"), "kind": _("human or model")}, ["annotator"], _("cohort"),
        '{"annotator": "a001", "kind": "human", "site": "Lisbon"}', _PEOPLE,
    )  # fmt: skip


def _labels(project: Project, questions: Sequence[Question]) -> ImportKind:
    columns = {
        "external_id": _("name of the item"), "annotator": _("who"), "answer": _("the answer as JSON"),
        "occurrence": _("how many times they labeled it"), "created_at": _("when"), "seconds_spent": _("seconds"),
        "guideline_version": _("version, like 1.0"),
    }  # fmt: skip
    example = {"external_id": "m-001", "annotator": "a001", "answer": _sample_answer(questions)}
    return ImportKind(
        "labels", kind_titles()["labels"],
        _("Answers given somewhere else. The items must be here already; people who are not become people of this "
          "project."),
        columns | _answer_columns(questions), ["external_id", "annotator"], "",
        json.dumps(example, ensure_ascii=False), _IDS | _PEOPLE,
    )  # fmt: skip


def _gold(project: Project, questions: Sequence[Question]) -> ImportKind:
    columns = {
        "external_id": _("name of the item"), "answer": _("the answer as JSON"), "rationale": _("why it is right")
    }  # fmt: skip
    example = {"external_id": "m-001", "answer": _sample_answer(questions), "rationale": "…"}
    return ImportKind(
        "gold", kind_titles()["gold"],
        _("Known answers, to measure people against. No annotator can tell which items have one."),
        columns | _answer_columns(questions), ["external_id"], "", json.dumps(example, ensure_ascii=False), _IDS,
    )  # fmt: skip


def _predictions(project: Project, questions: Sequence[Question]) -> ImportKind:
    columns = {
        "external_id": _("name of the item"), "model": _("which model"), "model_version": _("which version of it"),
        "model_family": _("what it is built on"), "answer": _("the answer as JSON"), "score": _("how sure, 0 to 1"),
    }  # fmt: skip
    example = {
        "external_id": "m-001", "model": "intent-model", "model_version": "2026-03",
        "answer": _sample_answer(questions), "score": 0.91,
    }  # fmt: skip
    return ImportKind(
        "predictions", kind_titles()["predictions"],
        _("What models say. They count as nobody's label; the settings decide how often one is shown as a pre-label."),
        columns | _answer_columns(questions), ["external_id", "model", "model_version"], "",
        json.dumps(example, ensure_ascii=False), _IDS | {"version": "model_version", "model_name": "model"},
    )  # fmt: skip


def _answer_columns(questions: Sequence[Question]) -> dict[str, str]:
    names = {question.key: question.title for question in questions}
    return names | {f"answer.{key}": title for key, title in names.items()}


def _sample(kind: str) -> Any:
    return [{"speaker": "user", "text": "…"}] if kind == "chat" else "…"


def _sample_answer(questions: Sequence[Question]) -> dict[str, Any]:
    sample: dict[str, Any] = {}
    for question in questions[:3]:
        if question.options:
            sample[question.key] = [question.options[0].key] if question.type == "choices" else question.options[0].key
        elif question.type == "rating":
            sample[question.key] = 3
    return sample or {"question": "…"}


def curl_call(kind: str, url: str) -> str:
    return (
        f"curl -X POST '{url}?on_error=abort' \\\n"
        '  -H "Authorization: Token $CONCORD_TOKEN" \\\n'
        "  -H 'Content-Type: application/x-ndjson' \\\n"
        f"  --data-binary @{kind}.ndjson"
    )


def python_call(kind: str, url: str) -> str:
    return (
        "import os, urllib.request\n\n"
        f'url = "{url}?on_error=abort"\n'
        'headers = {"Authorization": "Token " + os.environ["CONCORD_TOKEN"], "Content-Type": "application/x-ndjson"}\n'
        f'with open("{kind}.ndjson", "rb") as file:\n'
        '    request = urllib.request.Request(url, data=file.read(), headers=headers, method="POST")\n'
        "print(urllib.request.urlopen(request).read().decode())"
    )
