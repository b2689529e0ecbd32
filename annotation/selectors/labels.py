"""Which answers are labels. Those of gold, hidden repeats and qualification measure people and count for no item."""

from django.db.models import QuerySet

from annotation.models import Annotation, Member, Round

# The same in SQL, for a row `a` of annotations.
IS_LABEL = "a.round_id IN (SELECT id FROM annotation_round WHERE kind IN ('imported', 'initial', 'relabel'))"


def standing_answers() -> QuerySet[Annotation]:
    """The labels that stand now, by people and models, repeats of imported ones too."""
    return Annotation.objects.filter(superseded_at=None, round__kind__in=Round.LABELING)


def counting_labels() -> QuerySet[Annotation]:
    """People's labels that count now: of several answers of one person the first."""
    return standing_answers().filter(annotator_kind=Member.Kind.HUMAN, occurrence=1)
