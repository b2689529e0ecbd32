"""A second version that asks to be read and proved on two examples, published as a lead would."""

from collections.abc import Sequence
from typing import Any

from accounts.models import User
from guidelines.models import AcknowledgementRequest, Guideline, GuidelineDraft, GuidelineVersion
from guidelines.selectors.acknowledgements import newest_request
from guidelines.services.acknowledgements import answer_proof_item, mark_as_read
from guidelines.services.publishing import publish_version
from tests.factories.guidelines import INTENT, clause

BILLING, REFUND = {"intent": "billing"}, {"intent": "refund"}


def example(key: str, text: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "kind": "edge", "text": text} | more


CHANGED: dict[str, Any] = INTENT | {
    "clauses": [INTENT["clauses"][0], clause("C3", "Refund or billing error", "A double charge is a billing error.")],
    "examples": [
        example("E1", "You charged me twice.", answer=BILLING, clause="C3", rationale="Charged twice: C3."),
        example("E2", "I want my money back.", answer=REFUND, clause="C3", rationale="They ask for money."),
        example("E3", "Hello?", clause="C1", rationale="Nothing is asked."),
    ],
}


def publish_asking(
    guideline: Guideline, lead: User, items: Sequence[str] = ("E1", "E2"), *, level: str = "minor",
    content: dict[str, Any] = CHANGED, word: str = "",
) -> AcknowledgementRequest:  # fmt: skip
    """The next version with these proof items; `word` in the first clause makes it differ from the one before."""
    publish_quietly(guideline, lead, level=level, content=content, word=word, asks={"items": list(items)})
    request = newest_request(guideline.pk)
    assert request is not None
    return request


def publish_quietly(
    guideline: Guideline, lead: User, *, level: str = "minor", content: dict[str, Any] = CHANGED, word: str = "",
    asks: dict[str, Any] | None = None,
) -> GuidelineVersion:  # fmt: skip
    first = content["clauses"][0] | {"body": content["clauses"][0]["body"] + word}
    new = content | {"clauses": [first, *content["clauses"][1:]]}
    GuidelineDraft.objects.filter(guideline=guideline).update(content=new)
    return publish_version(
        actor=lead, guideline=guideline, level=level, change_note="C3 says more.", acknowledgement=asks
    )


def prove(user: User, request: AcknowledgementRequest) -> None:
    """Read it and answer every item right."""
    mark_as_read(actor=user, request=request, since=None)
    for item in request.items.all():
        answer_proof_item(actor=user, request=request, position=item.position, answer=item.answer)
