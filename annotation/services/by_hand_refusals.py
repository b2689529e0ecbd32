"""Why an item cannot be given to somebody, or taken from them, by hand."""

from accounts.errors import Conflict


class CannotLabelHere(Conflict):
    code = "cannot_label_here"
    sentence = "This person cannot label in this project now."


class TaskIsOver(Conflict):
    code = "task_not_open"
    sentence = "This item waits for nobody any more."


class RoundIsAmbiguous(Conflict):
    code = "round_needed"
    sentence = "The item is open in several rounds; name one."


class AlreadyInTask(Conflict):
    code = "already_in_task"
    sentence = "This person has had the item already."


class SkippedByThem(Conflict):
    code = "skipped_by_them"
    sentence = "This person has skipped the item."


class NoSeatOpen(Conflict):
    code = "no_seat_open"
    sentence = "No seat of this item is open."


class SeatIsTaken(Conflict):
    code = "seat_is_taken"
    sentence = "They hold it now. Release it instead, or let them answer."


class NobodyHoldsIt(Conflict):
    code = "parked"
    sentence = "It is parked with a question for the lead; answer that and it goes back."
