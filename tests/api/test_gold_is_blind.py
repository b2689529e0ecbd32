"""Nothing that an annotator receives tells gold from ordinary work: classifiers that see all of it do no better than
chance, and the same classifiers find a leak that is planted."""

import random
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from accounts.models import User
from annotation.models import GoldLabel, Lease, Project
from annotation.services import control_items
from annotation.services.tasks import open_tasks
from tests.factories.annotation import make_item

ITEMS = 240  # of each kind: 480 hand-outs are looked at
CANARY = "canary-3f9a1c"
Features = npt.NDArray[np.float64]


@pytest.fixture
def half_gold(project: Project, lea: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many gold items as ordinary ones, of the same kind, and a coin that decides which comes."""
    dice = random.Random(11)
    names = [f"m{n:04}" for n in range(2 * ITEMS)]
    dice.shuffle(names)
    items = [make_item(project, name, text=" ".join(dice.choices(WORDS, k=dice.randint(5, 40)))) for name in names]
    for item in items[:ITEMS]:
        GoldLabel.objects.create(
            project=project, item=item, answer={"intent": "refund"}, rationale=CANARY, created_by=lea,
            created_at=timezone.now(),
        )  # fmt: skip
    round_ = project.rounds.get(key="initial")
    open_tasks(round=round_, major=1, items=[(item.pk, dice.randint(1, 3), 0) for item in items[ITEMS:]])
    Project.objects.filter(pk=project.pk).update(gold_rate=0.5)
    with connection.cursor() as cursor:
        cursor.execute(
            "ANALYZE annotation_item, annotation_task, annotation_assignment, annotation_goldlabel"
        )  # as after an import of this size: no plan is from when the tables were empty
    monkeypatch.setattr(control_items, "due", lambda rate, **today: rate > 0 and dice.random() < 0.5)


WORDS = [
    "the",
    "order",
    "was",
    "charged",
    "twice",
    "and",
    "never",
    "came",
    "so",
    "please",
    "send",
    "my",
    "money",
    "back",
    "to",
    "the",
    "old",
    "card",
    "today",
]


class Watched:
    """What one annotator receives for each hand-out, and whether it was gold."""

    def __init__(self) -> None:
        self.rows: list[list[float]] = []
        self.is_gold: list[bool] = []
        self.bodies: list[bytes] = []

    def note(self, lease_id: str, *received: Any) -> None:
        row: list[float] = []
        for response, seconds in received:
            self.bodies.append(response.content)
            row += [*_numbers_of(response), seconds * 1000]
        self.rows.append([*row, *_numbers_of_id(lease_id)])
        self.is_gold.append(Lease.objects.get(pk=lease_id).reason == "gold")


def _numbers_of(response: Any) -> Iterator[float]:
    headers = sorted(response.headers.items())
    yield from (response.status_code, len(response.content), len(headers), sum(len(v) for _, v in headers))
    yield from (float(hash_of(name + value)) for name, value in headers if name not in {"Date", "X-Request-ID"})
    text = response.content.decode()
    yield from (text.count(mark) for mark in ('"', "<", "{", "class=", "data-", "null", "true", "epoch", "draft"))
    yield from (float(number) for number in _epochs(text))


def _epochs(text: str) -> list[int]:
    after = text.partition('"epoch":')[2].lstrip()
    return [int(after.partition(",")[0])] if after else [-1]


def hash_of(text: str) -> int:
    return sum(ord(letter) * (place + 1) for place, letter in enumerate(text)) % 9973


def _numbers_of_id(lease_id: str) -> list[float]:
    return [float(byte) for byte in uuid.UUID(lease_id).bytes]


def watch_api(client: Client, slug: str) -> Watched:
    """Every item by claim, draft, renew and submit, as a program would work."""
    seen = Watched()
    for _ in range(2 * ITEMS):
        claim = timed(lambda: client.post(f"/api/v1/projects/{slug}/assignments/claim/"))
        if claim[0].status_code == 204:
            break
        lease = claim[0].json()["id"]
        url = f"/api/v1/assignments/{lease}"
        body = {"submission_id": str(uuid.uuid4()), "answer": {"intent": "refund"}}
        renew = timed(lambda url=url: client.post(f"{url}/renew/"))  # type: ignore[misc]
        submit = timed(lambda url=url, body=body: client.post(f"{url}/submit/", body, "application/json"))  # type: ignore[misc]
        seen.note(lease, claim, renew, submit)
    return seen


def watch_workbench(client: Client, slug: str) -> Watched:
    """Every item as a page."""
    seen = Watched()
    for _ in range(2 * ITEMS):
        shown = timed(lambda: client.post(f"/p/{slug}/label/claim/", headers={"HX-Request": "true"}))
        text = shown[0].content.decode()
        if 'data-lease="' not in text:
            break
        lease = text.partition('data-lease="')[2].partition('"')[0]
        answer = {"submission_id": str(uuid.uuid4()), "q.intent": "refund"}
        submit = timed(
            lambda lease=lease, answer=answer: client.post(  # type: ignore[misc]
                f"/p/{slug}/label/{lease}/submit/", answer, headers={"HX-Request": "true"}
            )
        )
        seen.note(lease, shown)
        assert submit[0].status_code == 200
    return seen


def timed(call: Callable[[], Any]) -> tuple[Any, float]:
    began = time.perf_counter()
    response = call()
    return response, time.perf_counter() - began


def best_auc(features: Features, is_gold: npt.NDArray[np.bool_]) -> float:
    """The better of three classifiers, by answers for items they have not seen; either direction counts."""
    classifiers = (
        make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
        RandomForestClassifier(n_estimators=100, min_samples_leaf=5, random_state=0, n_jobs=1),
        make_pipeline(StandardScaler(), KNeighborsClassifier(n_neighbors=25)),
    )
    folds = StratifiedKFold(n_splits=5, shuffle=True, random_state=0)
    guesses = (
        cross_val_predict(each, features, is_gold, cv=folds, method="predict_proba")[:, 1] for each in classifiers
    )
    return max(float(roc_auc_score(is_gold, guess)) for guess in guesses)


def chance(n: int) -> float:
    """What three blind classifiers exceed once in some ten thousand runs: four standard deviations of an AUC.

    (The sampling error of an AUC of 0.5 with n/2 items on each side is about 0.58 / sqrt(n): Hanley & McNeil 1982.)
    """
    return 0.5 + 4 * 0.58 / float(np.sqrt(n))


@pytest.mark.parametrize("way", ["api", "workbench"])
def test_classifiers_cannot_tell_gold_from_ordinary_work(
    way: str, half_gold: None, project: Project, ana: User, api: Callable[..., Client]
) -> None:
    if way == "api":
        seen = watch_api(api(ana), project.slug)
    else:
        client = Client()
        client.force_login(ana)
        seen = watch_workbench(client, project.slug)

    features, is_gold = np.array(seen.rows), np.array(seen.is_gold)
    assert len(is_gold) >= 400
    assert 150 <= is_gold.sum() <= len(is_gold) - 150
    assert best_auc(features, is_gold) <= chance(len(is_gold))
    assert not any(CANARY.encode() in body for body in seen.bodies)
    planted = np.column_stack([features, is_gold + np.random.default_rng(0).normal(0, 0.3, len(is_gold))])
    assert best_auc(planted, is_gold) > 0.9
