"""Labels, gold and findings for tests, written straight into the tables in a few inserts."""

import random
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from accounts.models import User
from annotation.models import Annotation, GoldLabel, Item, Member, Project, Round
from guidelines.models import GuidelineVersion
from operations.strict_json import content_sha256


def make_items(project: Project, ids: Iterable[str], text: str = "Where is my money?", **meta: Any) -> list[Item]:
    """Items with one text and one meta each."""
    payload, meta = {"text": text}, meta or {"language": "en"}
    return Item.objects.bulk_create(
        Item(
            project=project, external_id=external_id, payload=payload, meta=meta, created_at=timezone.now(),
            sha256=content_sha256({"external_id": external_id, "payload": payload, "meta": meta}),
        )
        for external_id in ids
    )  # fmt: skip


def person(project: Project, name: str, **cohorts: str) -> Member:
    return Member.objects.get_or_create(project=project, name=name, defaults={"cohorts": cohorts})[0]


def make_labels(
    project: Project,
    rows: Iterable[tuple[Any, ...]],
    *,
    round_key: str = "imported",
    version: GuidelineVersion | None = None,
    at: datetime | None = None,
    kind: str = "human",
    seconds: float | None = None,
    clauses: Iterable[str] = (),
) -> list[Annotation]:
    """Labels from (external_id, annotator, answer or value of `intent`[, occurrence]), a minute apart."""
    rows = list(rows)
    items = {item.external_id: item for item in Item.objects.filter(project=project)}
    missing = [key for key in dict.fromkeys(row[0] for row in rows) if key not in items]
    items |= {item.external_id: item for item in make_items(project, missing)}
    people = {name: person(project, name) for name in dict.fromkeys(row[1] for row in rows)}
    round_ = Round.objects.get(project=project, key=round_key)
    now = timezone.now()
    begin = at or now - timedelta(minutes=len(rows))
    made = []
    for number, (external_id, name, given, *occurrence) in enumerate(rows):
        answer = given if isinstance(given, dict) else {"intent": given}
        made.append(Annotation(
            project=project, round=round_, item=items[external_id], annotator=people[name], annotator_kind=kind,
            answer=answer, answer_sha256=content_sha256(answer), source="import", guideline_version=version,
            occurrence=occurrence[0] if occurrence else 1, seconds_spent=seconds, clauses=list(clauses),
            labeled_at=begin + timedelta(minutes=number), created_at=now,
        ))  # fmt: skip
    return Annotation.objects.bulk_create(made)


def make_gold(project: Project, external_id: str, answer: dict[str, Any], by: User) -> GoldLabel:
    item = Item.objects.get(project=project, external_id=external_id)
    return GoldLabel.objects.create(project=project, item=item, answer=answer, created_by=by, created_at=timezone.now())


PEOPLE = ("ana", "ben", "cho", "dee", "eli", "gus", "hal", "ida", "jo", "fay")


def planted_labels(n_items: int = 360) -> list[tuple[str, str, str]]:
    """Ten people, three labels an item, nine in ten right; what is wrong with them is known.

    fay says `other` for most of what is `refund`. Every eighth item speaks of a voucher: every second person takes
    that for a refund, the others for a billing error.
    """
    rng = random.Random(7)
    rows = []
    for number in range(n_items):
        truth = ("refund", "billing", "other")[number % 3]
        for place in rng.sample(range(len(PEOPLE)), 3):
            said = truth if rng.random() < 0.92 else rng.choice(["refund", "billing", "other"])
            if is_about_a_voucher(number):
                said = ("refund", "billing")[place % 2]
            elif PEOPLE[place] == "fay" and truth == "refund" and rng.random() < 0.75:
                said = "other"
            rows.append((f"i{number:04d}", PEOPLE[place], said))
    return rows


def is_about_a_voucher(number: int) -> bool:
    return number % 8 == 3


def make_planted_project(project: Project, n_items: int = 360, round_key: str = "initial") -> None:
    """The items and labels of `planted_labels` in one round; half of the items are in German."""
    for text, language in (("my voucher is gone", "de"), ("hello there", "de"), ("hello there", "en")):
        numbers = [
            number for number in range(n_items)
            if is_about_a_voucher(number) == ("voucher" in text) and ("en", "de")[number % 2] == language
        ]  # fmt: skip
        make_items(project, [f"i{number:04d}" for number in numbers], text, language=language)
    make_labels(project, planted_labels(n_items), round_key=round_key, seconds=12.0)
