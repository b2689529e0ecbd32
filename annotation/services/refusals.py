"""Why the queue says no. One sentence each, for the person; a code each, for the client."""

from accounts.errors import Conflict, DomainError, Forbidden


class LeaseExpired(Conflict):
    code = "lease_expired"
    sentence = "This item is no longer yours: your time on it ran out or you gave it back. What you sent is kept."


class DraftTooLate(Conflict):
    code = "draft_too_late"
    sentence = "You have answered or skipped this item already; this draft was not kept."


class InvalidAnswer(DomainError):
    code, status = "invalid_answer", 422
    sentence = "The answer does not fit the questions; see the errors."


class AlreadyAnswered(Conflict):
    code = "already_answered"
    sentence = "You have answered this item already; amend that answer instead."


class SubmissionConflict(Conflict):
    code = "idempotency_conflict"
    sentence = "This submission_id was used for another answer."


class ModelsDoNotClaim(Forbidden):
    code = "models_do_not_claim"
    sentence = "Items of the queue are for people; a model's answers are imported."


class NotAnActiveMember(Forbidden):
    code = "not_an_active_member"
    sentence = "You are no longer a member of this project."


class AnnotatorPaused(Conflict):
    code = "annotator_paused"
    sentence = "Your work in this project is paused; the lead can tell you why."


class ProjectPaused(Conflict):
    code = "project_paused"
    sentence = "This project is paused: nothing is handed out now."


class ProjectClosed(Conflict):
    code = "project_closed"
    sentence = "This project is closed."


class RoundClosed(Conflict):
    code = "round_closed"
    sentence = "The pass this item belonged to is over. What you sent is kept."


class NothingOpen(Conflict):
    code = "round_closed"
    sentence = "No pass over the items of this project is open."


class GuidelineNotPublished(Conflict):
    code = "guideline_not_published"
    sentence = "The guideline of this project has no published version yet."


class AmendNotAllowed(Conflict):
    code = "amend_not_allowed"
    sentence = "This answer can no longer be changed."


class NothingToUndo(Conflict):
    code = "nothing_to_undo"
    sentence = "There is no answer of yours that could be taken back."


class AcknowledgementNeeded(Conflict):
    """`extra["version"]` is the number of the version to read and prove."""

    code = "acknowledgement_needed"
    sentence = "The guideline has a new version. Read what it changes before your next item."


class QualificationFailed(Conflict):
    code = "qualification_failed"
    sentence = "You have not passed the qualification, and no attempt is left. The lead can give you another one."


class NoParkingHere(Conflict):
    code = "no_parking_in_qualification"
    sentence = "In a qualification you answer by the guideline alone. Skip what you cannot answer, or flag it."


class NoteClosed(Conflict):
    code = "note_closed"
    sentence = "This note has been closed already."


class TaskNotWaiting(Conflict):
    code = "task_not_waiting"
    sentence = "This item no longer waits for a decision."


class AttemptNotNeeded(Conflict):
    code = "attempt_not_needed"
    sentence = "This person has passed, still has an attempt, or need not qualify."
