"""Datasets: taking a snapshot under a policy, reading one, verifying it, what changed between two."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.errors import DomainError, Forbidden, InvalidInput, NotFound
from accounts.permissions import Capability
from annotation.models import Project
from annotation.selectors.access import ProjectAccess
from frontend.forms.datasets import SnapshotForm
from frontend.guard import project_page
from frontend.reading import datasets as reading
from frontend.reading.answers import current_questions
from frontend.reading.jobs import ShownJob, shown_job
from operations.models import Job
from quality.models import DatasetSnapshot
from quality.ratings_loader import NoQuestions
from quality.services.snapshot_audit import PolicyNotMet
from quality.services.snapshot_checks import verify_snapshot
from quality.services.snapshot_diff import diff_page
from quality.services.snapshot_preview import preview_policy
from quality.services.snapshots import request_snapshot

A_PAGE, CHANGES_A_PAGE = 50, 100


@require_GET
@project_page(Capability.EXPORT)
def datasets(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    return _show_list(request, access, SnapshotForm())


@require_POST
@project_page(Capability.EXPORT)
def dataset_new(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Queue a snapshot. A policy that is not met comes back with every rule that fails, and asks for a waiver."""
    form = SnapshotForm(request.POST)
    if not form.is_valid():
        return _show_list(request, access, form, status=422)
    try:
        job = request_snapshot(
            actor=access.user, project=access.project, name=form.cleaned_data["name"], recipe=form.recipe()
        )
    except PolicyNotMet as refusal:
        return _show_list(request, access, form, failures=refusal.extra["failures"], status=409)
    except (NotFound, Forbidden):
        raise
    except DomainError as refusal:
        form.refuse(refusal)
        return _show_list(request, access, form, status=422)
    return redirect(f"{reverse('datasets', args=[access.project.slug])}?job={job.pk}")


def _show_list(
    request: HttpRequest, access: ProjectAccess, form: SnapshotForm, *,
    failures: list[dict[str, Any]] | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    project = access.project
    titles = _titles(project)
    found = DatasetSnapshot.objects.filter(project=project).select_related("created_by").order_by("-created_at", "-pk")
    start = _start(request)
    page = list(found[start : start + A_PAGE + 1])
    rows = [
        (snapshot, reading.headline_of(snapshot, titles), reading.policy_result(snapshot, titles))
        for snapshot in page[:A_PAGE]
    ]
    context = {
        "rows": rows, "form": form, "job": _job(request, project), "is_refused": failures is not None,
        "failures": [reading.shown_failure(failure, titles) for failure in failures or []],
        "next_url": f"?from={start + A_PAGE}" if len(page) > A_PAGE else "",
        "previous_url": f"?from={max(0, start - A_PAGE)}" if start else "",
    }  # fmt: skip
    return render(request, "quality/datasets.html", context, status=status)


def _titles(project: Project) -> dict[str, str]:
    return {question.key: question.title for question in current_questions(project)}


def _start(request: HttpRequest) -> int:
    raw = request.GET.get("from", "0")
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 7 else 0


def _job(request: HttpRequest, project: Project) -> ShownJob | None:
    """The one named in the address, else the newest while it is not done."""
    jobs = Job.objects.filter(scope=f"project:{project.slug}", kind="snapshot")
    try:
        named = jobs.filter(pk=uuid.UUID(request.GET.get("job", ""))).first()
    except ValueError:
        named = None
    if named is not None:
        return shown_job(named, project.slug)
    newest = jobs.order_by("-created_at").first()
    is_news = newest is not None and newest.state in {Job.State.QUEUED, Job.State.RUNNING, Job.State.FAILED}
    return shown_job(newest, project.slug) if newest is not None and is_news else None


@require_GET
@project_page(Capability.EXPORT)
def dataset_policy(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """What the policy of the form would say now, as a fragment."""
    form = SnapshotForm(request.GET)
    form.full_clean()
    context: dict[str, Any] = {"is_asked": False}
    if not {"min_alpha_low", "max_open_hotspots"} & set(form.errors) and form.policy():
        try:
            preview = preview_policy(access.project, form.policy())
        except (InvalidInput, NoQuestions) as refusal:
            context = {"is_asked": True, "refusal": refusal.detail}
        else:
            titles = _titles(access.project)
            failures = preview.failures
            context = {
                "is_asked": True, "is_known": failures is not None,
                "failures": [reading.shown_failure(failure, titles) for failure in failures or []],
            }  # fmt: skip
    return render(request, "quality/_policy.html", context)


@require_GET
@project_page(Capability.EXPORT)
def dataset(request: HttpRequest, access: ProjectAccess, snapshot_id: uuid.UUID) -> HttpResponse:
    snapshot, project = _snapshot(access, snapshot_id), access.project
    titles = _titles(project)
    others = DatasetSnapshot.objects.filter(project=project).exclude(pk=snapshot.pk)
    context = {
        "snapshot": snapshot, "manifest": snapshot.manifest, "policy": reading.policy_result(snapshot, titles),
        "rules": reading.policy_words(snapshot.manifest["policy"]),
        # As a list: a question may be called `items`, which a template would take for the method.
        "mapped_labels": list(snapshot.manifest.get("label_mapping", {}).get("labels", {}).items()),
        "aggregation": reading.aggregation_words().get(snapshot.manifest["aggregation"], ""),
        "audit": reading.audit_plots(snapshot, titles), "files": reading.shown_files(snapshot),
        "findings": reading.audited_findings(snapshot, project, titles), "snippets": reading.snippets(snapshot),
        "others": others.defer("manifest").order_by("-created_at")[:20],
    }  # fmt: skip
    return render(request, "quality/dataset.html", context)


def _snapshot(access: ProjectAccess, snapshot_id: uuid.UUID) -> DatasetSnapshot:
    found = DatasetSnapshot.objects.filter(project=access.project, pk=snapshot_id).select_related("created_by").first()
    if found is None:
        raise NotFound
    found.project = access.project
    return found


@require_POST
@project_page(Capability.EXPORT)
def dataset_verify(request: HttpRequest, access: ProjectAccess, snapshot_id: uuid.UUID) -> HttpResponse:
    """Recompute every hash. With htmx the result is a fragment, else a message on the page."""
    result = verify_snapshot(_snapshot(access, snapshot_id))
    if request.headers.get("HX-Request") == "true":
        return render(request, "quality/_verified.html", {"result": result})
    if result["is_valid"]:
        messages.success(request, _("Every file is what the manifest says."))
    else:
        messages.error(request, " ".join(result["problems"]))
    return redirect("dataset", access.project.slug, snapshot_id)


@require_POST
@project_page(Capability.EXPORT)
def dataset_again(request: HttpRequest, access: ProjectAccess, snapshot_id: uuid.UUID) -> HttpResponse:
    """The same instant and settings once more: the bytes, and so the hash, must be the same."""
    snapshot = _snapshot(access, snapshot_id)
    try:
        job = request_snapshot(
            actor=access.user, project=access.project, name=snapshot.name, as_of=snapshot.as_of, recipe=snapshot.recipe
        )
    except (NotFound, Forbidden):
        raise
    except DomainError as refusal:
        messages.error(request, refusal.detail)
        return redirect("dataset", access.project.slug, snapshot_id)
    return redirect(f"{reverse('datasets', args=[access.project.slug])}?job={job.pk}")


@require_GET
@project_page(Capability.EXPORT)
def dataset_diff(
    request: HttpRequest, access: ProjectAccess, snapshot_id: uuid.UUID, other_id: uuid.UUID
) -> HttpResponse:
    """Every label that changed from `other` to this one, with its cause; the older one first."""
    old, new = sorted((_snapshot(access, snapshot_id), _snapshot(access, other_id)), key=lambda s: s.as_of)
    context: dict[str, Any] = {"old": old, "new": new, "here": snapshot_id}
    try:
        changes, place = diff_page(old, new, _place(request), CHANGES_A_PAGE)
    except (ValueError, OSError) as error:  # a made-up place: in the middle of a line, or beyond the file
        raise NotFound from error
    except (NotFound, Forbidden):
        raise
    except DomainError as refusal:
        return render(request, "quality/dataset_diff.html", context | {"refusal": refusal.detail}, status=409)
    context |= {
        "changes": reading.shown_changes(changes, current_questions(access.project)),
        "next_url": f"?at={place[0]}-{place[1]}" if place else "", "is_first": "at" not in request.GET,
    }  # fmt: skip
    return render(request, "quality/dataset_diff.html", context)


def _place(request: HttpRequest) -> tuple[int, int]:
    """Where in both files to go on; an odd value is the start."""
    parts = request.GET.get("at", "").split("-")
    if len(parts) == 2 and all(part.isascii() and part.isdigit() and len(part) < 16 for part in parts):
        return int(parts[0]), int(parts[1])
    return 0, 0
