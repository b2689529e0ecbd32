"""What was brought into a project, and which lines were refused."""

from django.db.models import QuerySet

from accounts.errors import NotFound
from annotation.models import ImportBatch, ImportIssue, Project


def imports_of(project: Project) -> QuerySet[ImportBatch]:
    return ImportBatch.objects.filter(project=project).select_related("created_by")


def import_of(project: Project, batch_id: int) -> ImportBatch:
    """The import of that id; NotFound for one of another project."""
    batch = imports_of(project).filter(pk=batch_id).first()
    if batch is None:
        raise NotFound
    return batch


def issues_of(batch: ImportBatch) -> QuerySet[ImportIssue]:
    """Every refused or conflicting line, in the order of the file."""
    return ImportIssue.objects.filter(batch=batch)
