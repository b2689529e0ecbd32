"""Samples drawn from impact sets, and whether they still speak for the draft."""

from django.db.models import Count, Q, QuerySet

from annotation.models import Project
from guidelines.content import content_sha256
from guidelines.models import GuidelineDraft
from guidelines.selectors.access import current_version
from guidelines.selectors.versions import content_of
from quality.models import ImpactSample


def samples_of(project: Project) -> QuerySet[ImpactSample]:
    """The newest first, with `n_drawn` and `n_judged`."""
    rows = ImpactSample.objects.filter(project=project).select_related("base_version", "created_by")
    judged = Count("judgements", filter=~Q(judgements__verdict=""))
    return rows.annotate(n_drawn=Count("judgements"), n_judged=judged).order_by("-pk")


def is_of_this_draft(sample: ImpactSample) -> bool:
    """True as long as the draft says what was judged, against the version it was compared with.

    The content decides, not the revision: a change note typed meanwhile makes no verdict old.
    """
    guideline = sample.base_version.guideline
    current = current_version(guideline)
    if current is None or current.pk != sample.base_version_id:
        return False
    return content_sha256(content_of(GuidelineDraft.objects.get(guideline=guideline))) == sample.draft_sha256


def current_sample(project: Project) -> ImpactSample | None:
    """The newest sample of what the draft says now."""
    newest = samples_of(project).select_related("base_version__guideline").first()
    return newest if newest is not None and is_of_this_draft(newest) else None
