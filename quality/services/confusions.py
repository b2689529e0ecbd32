"""Which labels are taken for one another, over everybody."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from accounts.errors import FieldError, InvalidInput
from annotation.models import Project
from quality.models import AgreementFigure
from quality.ratings_loader import CodedQuestion, load_labels, load_questions
from quality.selectors.analyses import latest_analysis
from quality.services.agreement import AnalysisNeeded, database_now, is_small
from quality.services.profiles import Row, profile_rows


@dataclass(frozen=True)
class Confusions:
    """`counts[a][b]`: labels b whose item got the label a from the others, in the order of the question's values.

    Each label counts once, split evenly over the others on its item: Krippendorff's coincidences. Symmetric.
    """

    question: CodedQuestion
    as_of: datetime
    counts: list[list[float]]

    @property
    def total(self) -> float:
        """The number of labels on items that somebody else labeled too."""
        return sum(map(sum, self.counts))


def question_of(project: Project, key: str) -> CodedQuestion:
    """The countable question of that key; InvalidInput naming those there are."""
    questions = load_questions(project, database_now())
    for question in questions:
        if question.key == key:
            return question
    names = ", ".join(question.key for question in questions)
    raise InvalidInput(errors=[FieldError("question", "unknown", f"Name one of: {names}.")])


def confusions(project: Project, key: str) -> Confusions:
    """The confusions of one question: as of the latest analysis, else measured now where the project is small.

    Raises AnalysisNeeded in a large project without one, InvalidInput for a question that there is not.
    """
    question = question_of(project, key)
    analysis = latest_analysis(project, with_agreement=True)
    if analysis is not None and key in analysis.summary["questions"]:
        figures = AgreementFigure.objects.filter(analysis=analysis, question=key, by="profile")
        return Confusions(question, analysis.as_of, _sum(question, figures.values_list("row", flat=True)))
    if not is_small(project):
        raise AnalysisNeeded
    as_of = database_now()
    return Confusions(question, as_of, _sum(question, profile_rows(load_labels(project, as_of=as_of), key)))


def _sum(question: CodedQuestion, rows: Iterable[Row]) -> list[list[float]]:
    counts = [[0.0] * len(question.keys) for _ in question.keys]
    for row in rows:
        for a, truth in enumerate(question.keys):
            said = row["confusion"].get(truth, {})
            for b, own in enumerate(question.keys):
                counts[a][b] += said.get(own, 0.0)
    return counts
