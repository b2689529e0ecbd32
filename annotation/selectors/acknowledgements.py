"""Who must acknowledge a version: those who label under its guideline, and what they know of it so far."""

from dataclasses import dataclass

from django.db.models import Count, Q

from accounts.errors import NotFound
from accounts.models import User
from annotation.models import Annotation, Member, Project
from guidelines.models import Acknowledgement, AcknowledgementRequest, GuidelineVersion
from guidelines.selectors.acknowledgements import last_acknowledged

NOT_YET, READING, PASSED, WAIVED = "not_yet", "reading", "passed", "waived"


@dataclass(frozen=True)
class PersonState:
    """How far one person is. `acknowledgement` is None before they have begun."""

    user: User
    state: str
    n_right: int
    n_wrong: int
    acknowledgement: Acknowledgement | None

    @property
    def minutes(self) -> float | None:
        """From having read the difference to the last right answer."""
        own = self.acknowledgement
        if own is None or own.passed_at is None or own.read_at is None:
            return None
        return (own.passed_at - own.read_at).total_seconds() / 60


def known_version(user: User, request: AcknowledgementRequest) -> GuidelineVersion | None:
    """Where the difference that a person reads begins: the version they acknowledged last, or else labeled under last.

    None for who is new: they read the whole guideline.
    """
    return last_acknowledged(user, request) or _last_labeled_under(user, request)


def _last_labeled_under(user: User, request: AcknowledgementRequest) -> GuidelineVersion | None:
    """The highest of their memberships' last answers: each is found at the end of an index, however many there are."""
    newest = 0
    for member in Member.objects.filter(user=user, project__guideline=request.guideline_id):
        answers = Annotation.objects.filter(
            annotator=member, assignment__isnull=False, guideline_version__lt=request.pk
        ).order_by("-id")  # fmt: skip
        newest = max(newest, answers.values_list("guideline_version_id", flat=True).first() or 0)
    return GuidelineVersion.objects.filter(pk=newest).first()


def acknowledgement_states(request: AcknowledgementRequest) -> list[PersonState]:
    """The annotators of every project under the guideline that is not closed, and whoever else has begun. By name."""
    owns = {own.user_id: own for own in _acknowledgements(request)}
    people = User.objects.filter(Q(pk__in=_annotators(request)) | Q(pk__in=owns)).order_by("username")
    return [_state(user, owns.get(user.pk)) for user in people]


def person_state(request: AcknowledgementRequest, username: str) -> PersonState:
    """That of one of them; NotFound for anybody else."""
    states = [state for state in acknowledgement_states(request) if state.user.username == username]
    if not states:
        raise NotFound
    return states[0]


def _annotators(request: AcknowledgementRequest) -> set[int]:
    members = Member.objects.filter(
        project__guideline=request.guideline_id, is_active=True, kind=Member.Kind.HUMAN, role=Member.Role.ANNOTATOR,
        user__is_active=True,
    ).exclude(project__status=Project.Status.CLOSED)  # fmt: skip
    return {user_id for user_id in members.values_list("user_id", flat=True) if user_id is not None}


def _acknowledgements(request: AcknowledgementRequest) -> list[Acknowledgement]:
    right = Count("answers", filter=Q(answers__is_right=True))
    rows = Acknowledgement.objects.filter(request=request).select_related("since", "waived_by")
    return list(rows.annotate(n_right=right))


def _state(user: User, own: Acknowledgement | None) -> PersonState:
    if own is None:
        return PersonState(user, NOT_YET, 0, 0, None)
    n_right: int = own.n_right  # type: ignore[attr-defined]  # counted with the row
    return PersonState(user, _word(own), n_right, own.attempts - n_right, own)


def _word(own: Acknowledgement) -> str:
    if own.passed_at is not None:
        return PASSED
    if own.waived_at is not None:
        return WAIVED
    return READING if own.read_at is not None else NOT_YET
