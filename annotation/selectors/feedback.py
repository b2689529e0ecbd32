"""Whether an answer is followed by what the gold says. Where a project ever says so, it is asked in the same
way, at the same cost, after every answer."""

from dataclasses import dataclass

from annotation.models import Annotation
from annotation.prepared import Prepared, first_row
from annotation.selectors.gold import Feedback, judged_answer

_IS_DUE = Prepared(
    "concord_feedback_is_due",
    """
    SELECT coalesce(CASE seat.purpose WHEN 'gold' THEN routing.gold_mode = 'teaching'
                                      WHEN 'qualify' THEN qualification.shows_feedback END, false),
           coalesce(seat.purpose = 'qualify', false)
    FROM annotation_assignment seat
    LEFT JOIN annotation_routing routing ON routing.project_id = seat.project_id
    LEFT JOIN annotation_qualification qualification ON qualification.project_id = seat.project_id
    WHERE seat.id = %(seat)s
    """,
    {"seat": "bigint"},
)


@dataclass(frozen=True)
class Echo:
    """What comes back to the author of an answer: feedback, if any, and perhaps the end of an attempt to qualify."""

    feedback: Feedback | None
    is_of_qualification: bool


def echo_of(annotation: Annotation) -> Echo:
    """Feedback only where gold teaches, or a qualification explains itself.

    One query, and no more where nothing is shown: so the time of an answer tells nothing of silent gold.
    """
    is_due, is_of_qualification = first_row(_IS_DUE, {"seat": annotation.assignment_id})
    return Echo(judged_answer(annotation) if is_due else None, is_of_qualification)
