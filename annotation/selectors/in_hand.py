"""Who has what now: held, kept for somebody by hand, or parked with a question. Never for annotators."""

from dataclasses import dataclass

from django.db.models import Case, CharField, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from accounts.errors import FieldError, InvalidInput
from annotation.models import Assignment, Item, Lease, Member, Project, Round

HELD, RESERVED, PARKED = STATES = ("held", "reserved", "parked")


@dataclass(frozen=True)
class InHandFilter:
    annotator: str | None = None
    state: str | None = None


def seats_in_hand(project: Project, wanted: InHandFilter | None = None) -> QuerySet[Assignment]:
    """Seats that are somebody's and not answered, of every kind of round, with `standing` (one of STATES), `person`,
    and of the lease they are held under `lease_id`, `granted_at`, `reason` and `has_draft`. One query.

    By the rounds and the members, each with an index of its own, so that a million waiting seats cost nothing.
    """
    wanted = wanted or InHandFilter()
    rounds = list(Round.objects.filter(project=project).values_list("pk", flat=True))
    taken = Q(round__in=rounds, state__in=[Assignment.State.LEASED, Assignment.State.PARKED])
    reserved = Q(state=Assignment.State.OPEN, reserved_for__in=_people(project))
    lease = Lease.objects.filter(assignment=OuterRef("pk"), epoch=OuterRef("epoch"))
    seats = (
        Assignment.objects.filter(pk__in=_ids(taken).union(_ids(reserved), all=True))
        .annotate(standing=_standing(), person=Coalesce("annotator__name", "reserved_for__name"))
        .annotate(
            lease_id=Subquery(lease.values("pk")[:1]), granted_at=Subquery(lease.values("granted_at")[:1]),
            reason=Subquery(lease.values("reason")[:1]), external_id=F("task__item__external_id"),
            round_key=F("round__key"),
        )
    )  # fmt: skip
    if wanted.annotator is not None:
        seats = seats.filter(person=wanted.annotator)
    return seats.filter(standing=wanted.state) if wanted.state else seats


def _ids(condition: Q) -> QuerySet[Assignment, int]:
    return Assignment.objects.filter(condition).order_by().values_list("pk", flat=True)


def _people(project: Project) -> list[int]:
    return list(Member.objects.filter(project=project, kind=Member.Kind.HUMAN).values_list("pk", flat=True))


def _standing() -> Case:
    return Case(
        When(state=Assignment.State.LEASED, then=Value(HELD)),
        When(state=Assignment.State.PARKED, then=Value(PARKED)),
        default=Value(RESERVED), output_field=CharField(),
    )  # fmt: skip


def annotator_named(project: Project, name: str) -> Member:
    """The person or model of that name, also one who has left: services say why they cannot have an item."""
    member = None if "\x00" in name else Member.objects.filter(project=project, name=name).first()
    if member is None:
        raise InvalidInput(errors=[FieldError("annotator", "unknown", "Nobody of that name is in this project.")])
    return member


def round_of(project: Project, key: str) -> Round | None:
    return None if "\x00" in key else Round.objects.filter(project=project, key=key).first()


def suggested_items(project: Project, typed: str, *, most: int = 20) -> list[str]:
    """Names of items that begin with what was typed and still wait for somebody, in the order of their names."""
    if "\x00" in typed:
        return []
    waiting = Item.objects.filter(
        project=project, external_id__startswith=typed, tasks__state__in=["open", "needs_lead"],
        tasks__round__kind__in=Round.QUEUED,
    )  # fmt: skip
    return list(dict.fromkeys(waiting.order_by("external_id").values_list("external_id", flat=True)[: 3 * most]))[:most]
