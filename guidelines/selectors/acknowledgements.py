"""What asks for acknowledgement, and how far a person is with it."""

from dataclasses import dataclass, replace

from django.db.models import Q

from accounts.errors import NotFound
from accounts.models import User
from guidelines.models import (
    Acknowledgement,
    AcknowledgementRequest,
    Guideline,
    GuidelineVersion,
    ProofAnswer,
    ProofItem,
)
from guidelines.selectors.differences import Difference, difference
from guidelines.selectors.versions import version_by_number


def newest_request(guideline_id: int) -> AcknowledgementRequest | None:
    """The newest version's that asks for it; a version after it that asks for nothing changes nothing.

    Versions of one guideline are numbered under its lock, so their ids ascend as their numbers do.
    """
    requests = AcknowledgementRequest.objects.filter(guideline_id=guideline_id)
    return requests.select_related("version__guideline").order_by("-version_id").first()


def request_of_version(guideline: Guideline, number: str) -> AcknowledgementRequest:
    """What that version asks; NotFound for a version that asks for nothing, as for one that is not."""
    version = version_by_number(guideline, number)
    requests = AcknowledgementRequest.objects.select_related("version__guideline", "asked_by")
    request = requests.filter(version=version).first()
    if request is None:
        raise NotFound
    return request


def asking_versions(guideline: Guideline) -> set[int]:
    """The ids of the versions that ask for acknowledgement."""
    requests = AcknowledgementRequest.objects.filter(guideline=guideline)
    return set(requests.values_list("version_id", flat=True))


def pending_request(user: User, guideline_id: int) -> AcknowledgementRequest | None:
    """What this person must acknowledge before they are given another item; None when they are done."""
    request = newest_request(guideline_id)
    if request is None:
        return None
    is_done = Q(passed_at__isnull=False) | Q(waived_at__isnull=False)
    return None if Acknowledgement.objects.filter(is_done, request=request, user=user).exists() else request


def acknowledgement_of(user: User, request: AcknowledgementRequest) -> Acknowledgement | None:
    return Acknowledgement.objects.filter(request=request, user=user).select_related("since").first()


def open_item(acknowledgement: Acknowledgement) -> ProofItem | None:
    """The first proof item without a right answer."""
    right = ProofAnswer.objects.filter(acknowledgement=acknowledgement, is_right=True)
    items = ProofItem.objects.filter(request_id=acknowledgement.request_id)
    return items.exclude(pk__in=right.values("item")).order_by("position").first()


@dataclass(frozen=True)
class Step:
    """The proof item that is open, with the last answer to it, which was wrong; None before the first."""

    item: ProofItem
    n_items: int
    mistake: ProofAnswer | None


def proof_step(acknowledgement: Acknowledgement) -> Step | None:
    """Where this person goes on; None when every item is proved."""
    item = open_item(acknowledgement)
    if item is None:
        return None
    answers = ProofAnswer.objects.filter(acknowledgement=acknowledgement, item=item)
    return Step(item, acknowledgement.request.n_items, answers.order_by("-id").first())


def difference_to_read(request: AcknowledgementRequest, since: GuidelineVersion) -> Difference:
    """What the version changes, without the examples that are asked after it: their answers would be told before."""
    found = difference(request.version.guideline, since.number, request.version.number)
    proof = proof_keys(request)
    examples = tuple(change for change in found.diff.examples if change.key not in proof)
    return replace(found, diff=replace(found.diff, examples=examples))


def proof_keys(request: AcknowledgementRequest) -> set[str]:
    """The examples of the version that are asked as proof."""
    return set(ProofItem.objects.filter(request=request).values_list("key", flat=True))


def last_acknowledged(user: User, request: AcknowledgementRequest) -> GuidelineVersion | None:
    """The newest version before this one that the person has passed, of the same guideline."""
    passed = Acknowledgement.objects.filter(
        user=user, request__guideline_id=request.guideline_id, request__lt=request.pk, passed_at__isnull=False
    )
    newest = passed.select_related("request__version").order_by("-request_id").first()
    return newest.request.version if newest else None
