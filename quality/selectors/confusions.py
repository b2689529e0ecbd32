"""The items behind a cell of the confusion table."""

from django.db.models import Exists, F, OuterRef, QuerySet
from django.db.models.fields.json import KeyTextTransform, KeyTransform

from annotation.models import Annotation, Item, Project
from annotation.selectors.labels import counting_labels
from guidelines.label_schema import PreferenceQuestion, Question


def items_called_both(project: Project, question: Question, a: str, b: str) -> QuerySet[Item]:
    """Items that in one round one person called `a` and another `b` (values as PostgreSQL's `->>` says them)."""
    others = _answers(question, b).filter(item=OuterRef("item"), round=OuterRef("round"))
    both = _answers(question, a).filter(Exists(others.exclude(annotator=OuterRef("annotator"))), item=OuterRef("pk"))
    return Item.objects.filter(Exists(both), project=project)


def _answers(question: Question, value: str) -> QuerySet[Annotation]:
    """People's counting answers that say `value` to the question."""
    if isinstance(question, PreferenceQuestion):
        said = KeyTextTransform("choice", KeyTransform(question.key, F("answer")))
    else:
        said = KeyTextTransform(question.key, F("answer"))
    return counting_labels().annotate(said=said).filter(said=value)
