"""How far long work is: a fragment that asks again until the job has ended."""

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET
from django_htmx.http import trigger_client_event

from accounts.errors import NotFound
from accounts.permissions import Capability
from annotation.selectors.access import ProjectAccess
from frontend.guard import project_page
from frontend.reading.jobs import shown_job
from operations.models import Job


@require_GET
@project_page(Capability.VIEW_QUALITY)
def job(request: HttpRequest, access: ProjectAccess, job_id: uuid.UUID) -> HttpResponse:
    """The job as a fragment. The last answer, which ends the asking, is also announced."""
    found = Job.objects.filter(pk=job_id, scope=f"project:{access.project.slug}").first()
    if found is None:
        raise NotFound
    shown = shown_job(found, access.project.slug)
    response = render(request, "quality/_job.html", {"shown": shown})
    if not shown.is_live:
        trigger_client_event(response, "announce", {"text": f"{shown.title}. {shown.text}"})
    return response
