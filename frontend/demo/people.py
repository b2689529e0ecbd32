"""The cast of the demo and how the six simulated annotators answer."""

import random
from dataclasses import dataclass
from typing import Any

from frontend.demo.messages import Message

INTENTS = ("refund", "billing", "delivery", "account", "other")


@dataclass(frozen=True)
class Person:
    username: str
    name: str
    role: str


STAFF = (
    Person("olga", "Olga Owner", "owner"),
    Person("lea", "Lea Lead", "lead"),
    Person("max", "Max Engineer", "engineer"),
    Person("adi", "Adi Adjudicator", "adjudicator"),
)


@dataclass(frozen=True)
class SimulatedAnnotator:
    """`reading` is how they understand C3 for double charges; `severity` is added to every urgency they give;
    with probability `overuse` they say Other where it is something else."""

    username: str
    name: str
    site: str
    reading: str
    severity: float = 0.0
    overuse: float = 0.0
    accuracy: float = 0.96

    def answer(self, message: Message, rng: random.Random) -> dict[str, Any]:
        urgency = round(rng.gauss(message.urgency + self.severity, 0.45))
        return {"intent": self._intent(message, rng), "urgency": min(5, max(1, urgency))}

    def _intent(self, message: Message, rng: random.Random) -> str:
        meant = message.intent or self.reading
        if rng.random() < self.overuse:
            return "other"
        return meant if rng.random() < self.accuracy else rng.choice(INTENTS)


ANNOTATORS = (
    SimulatedAnnotator("ana", "Ana", "Lisbon", "refund"),
    SimulatedAnnotator("ben", "Ben", "Lisbon", "billing"),
    SimulatedAnnotator("cho", "Cho", "Seoul", "refund"),
    SimulatedAnnotator("dia", "Dia", "Seoul", "billing"),
    SimulatedAnnotator("eli", "Eli", "Lisbon", "refund", overuse=0.32),
    SimulatedAnnotator("fay", "Fay", "Seoul", "billing", severity=1.2),
)
