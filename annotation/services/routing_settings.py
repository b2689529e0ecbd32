"""What a project asks of its queue beside the overlap: control items, caps, the day's time zone, pre-labels."""

import math
import zoneinfo
from collections.abc import Callable
from typing import Any

from django.db import connection, transaction

from accounts.errors import FieldError, InvalidInput
from accounts.models import User
from accounts.services.audit import record_event
from annotation.models import Member, Project, Routing
from annotation.services.clock import reorder

CHANGEABLE = (
    "gold_mode", "repeat_rate", "gold_floor", "gold_floor_least", "max_per_day", "max_share", "time_zone",
    "prelabel_model", "prelabel_share",
)  # fmt: skip
# Who was told "nothing for you" because of one of these may be told otherwise now.
_OPENS_THE_QUEUE = ("max_per_day", "max_share", "time_zone")
_MOST = 2**31 - 1


def update_routing(*, actor: User, project: Project, **changes: Any) -> Routing:
    """The project's routing with the settings in `changes` (of CHANGEABLE); `prelabel_model` is a model's name.

    Raises InvalidInput with every rule that is broken, before anything is stored.
    """
    if unknown := sorted(set(changes) - set(CHANGEABLE)):
        raise InvalidInput(f"These settings cannot be changed: {', '.join(unknown)}.")
    with transaction.atomic():
        project = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        routing = Routing.objects.select_related("prelabel_model").get(project=project)
        before = routing_facts(routing)
        check = RoutingCheck(project)
        for name, value in changes.items():
            setattr(routing, name, check.prelabel_model(value) if name == "prelabel_model" else value)
        check.all(routing)
        routing.save(update_fields=CHANGEABLE)
        changed = {name: value for name, value in routing_facts(routing).items() if value != before[name]}
        if any(name in changed for name in _OPENS_THE_QUEUE):
            reorder(project.pk)
        record_event(
            actor=actor, action="routing.changed", scope=f"project:{project.slug}", target=project.slug, facts=changed
        )  # fmt: skip
    return routing


def routing_facts(routing: Routing) -> dict[str, Any]:
    """The settings as `update_routing` takes them."""
    model = routing.prelabel_model
    return {name: getattr(routing, name) for name in CHANGEABLE} | {"prelabel_model": model.name if model else None}


class RoutingCheck:
    """Collects what is wrong with the settings; `all` raises everything at once."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.errors: list[FieldError] = []

    def refuse(self, name: str, code: str, detail: str) -> None:
        self.errors.append(FieldError(f"routing.{name}", code, detail))

    def all(self, routing: Routing) -> None:
        if routing.gold_mode not in Routing.GoldMode.values:
            self.refuse("gold_mode", "unknown", f"One of: {', '.join(Routing.GoldMode.values)}.")
        self._share(routing, "repeat_rate", lambda rate: 0 <= rate <= 0.5, "From 0 to 0.5.")
        self._share(routing, "gold_floor", lambda floor: 0 < floor < 1, "Over 0 and under 1, or none.", optional=True)
        self._count(routing, "gold_floor_least", 5, optional=False)
        self._count(routing, "max_per_day", 1, optional=True)
        self._share(routing, "max_share", lambda share: 0 < share <= 1, "Over 0 and at most 1, or none.", optional=True)
        self._share(routing, "prelabel_share", lambda share: 0 <= share <= 1, "From 0 to 1.")
        self._time_zone(routing.time_zone)
        if not self.errors and routing.prelabel_share > 0 and routing.prelabel_model is None:
            self.refuse("prelabel_model", "required", "A share of pre-labels is shown: of which model?")
        if self.errors:
            raise InvalidInput(errors=self.errors)

    def prelabel_model(self, name: Any) -> Member | None:
        """The project's model of that name; None for none."""
        if name is None:
            return None
        models = Member.objects.filter(project=self.project, kind=Member.Kind.MODEL, is_active=True)
        model = models.filter(name=name).first() if isinstance(name, str) and "\x00" not in name else None
        if model is None:
            known = ", ".join(models.order_by("name").values_list("name", flat=True)[:20]) or "none"
            self.refuse("prelabel_model", "unknown", f"A model of the project by its name ({known}), or none.")
        return model

    def _share(
        self, routing: Routing, name: str, holds: Callable[[float], bool], rule: str, *, optional: bool = False
    ) -> None:  # fmt: skip
        value = getattr(routing, name)
        if value is None and optional:
            return
        is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not is_number or not holds(value):
            self.refuse(name, "range", rule)

    def _count(self, routing: Routing, name: str, least: int, *, optional: bool) -> None:
        value = getattr(routing, name)
        if value is None and optional:
            return
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= _MOST:
            self.refuse(name, "range", f"A whole number of at least {least}{', or none' if optional else ''}.")

    def _time_zone(self, name: Any) -> None:
        if not isinstance(name, str) or name not in zoneinfo.available_timezones() or not _database_knows(name):
            self.refuse("time_zone", "unknown", "A name of the IANA time zone database, like Europe/Lisbon.")


def _database_knows(name: str) -> bool:
    """A claim asks the database for the day; a name it does not know would stop every claim."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT 1 FROM pg_timezone_names WHERE name = %s)", [name])
        is_known: bool = cursor.fetchone()[0]
    return is_known
