from django.db.models import QuerySet

from annotation.models import Prediction, Project


def predictions_of(
    project: Project, *, model: str | None = None, model_version: str | None = None
) -> QuerySet[Prediction]:
    """What models said of the project's items; of one model by its name, of one version of it."""
    found = Prediction.objects.filter(project=project).select_related("item", "model")
    if model is not None:
        found = found.filter(model__name=model)
    return found if model_version is None else found.filter(model_version=model_version)
