"""Long work as pages show it: waiting, running with its progress, done with what came of it, or failed and why."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from frontend.plots import Progress, progress_bar
from frontend.wording import duration
from operations.health import check_worker
from operations.models import Job

PATIENT_SECONDS = 2  # a worker that is there takes a job within this time
STEPS = 100  # the bar's parts: jobs count in units of their own


@dataclass(frozen=True)
class ShownJob:
    """`kind` is that of a callout; `done_url` where what came of it can be seen (empty with a label: this page)."""

    job: Job
    kind: str
    title: str
    text: str
    poll_url: str
    done_url: str = ""
    done_label: str = ""
    progress: Progress | None = None
    note: str = ""

    @property
    def is_live(self) -> bool:
        return not self.job.is_finished


def shown_job(job: Job, slug: str) -> ShownJob:
    poll_url = reverse("job", args=[slug, job.pk])
    if job.state == Job.State.QUEUED:
        return ShownJob(job, "info", _("Waiting"), _waiting(job), poll_url)
    if job.state == Job.State.RUNNING:
        return _running(job, poll_url)
    if job.state == Job.State.SUCCEEDED:
        url, label, text = _result(job, slug)
        return ShownJob(job, "good", _("Done"), text, poll_url, url, label)
    if job.state == Job.State.CANCELLED:
        return ShownJob(job, "warn", _("Cancelled"), _("It was stopped; nothing was changed."), poll_url)
    detail = str((job.error or {}).get("detail", ""))
    return ShownJob(job, "bad", _("This failed; nothing was changed"), detail, poll_url)


def _waiting(job: Job) -> str:
    if (timezone.now() - job.created_at).total_seconds() > PATIENT_SECONDS:
        worker = check_worker()
        if not worker.is_alive:
            return _("Waiting: %(detail)s It starts by itself when one is back.") % {"detail": worker.detail}
    return _("In the queue; it starts as soon as a worker is free.")


def _running(job: Job, poll_url: str) -> ShownJob:
    titles = {"analysis": _("Analysing"), "snapshot": _("Writing the dataset")}
    title = titles.get(job.kind, _("Working"))
    if not job.total:
        return ShownJob(job, "info", title, _("You may leave this page; it goes on."), poll_url)
    bar = progress_bar(round(STEPS * job.done / job.total), STEPS)
    return ShownJob(job, "info", title, "", poll_url, progress=bar, note=_left(job))


def _left(job: Job) -> str:
    """An estimate from the pace so far."""
    if not job.started_at or not job.total or job.done <= 0 or job.done >= job.total:
        return ""
    spent = (timezone.now() - job.started_at).total_seconds()
    return _("about %(time)s left") % {"time": duration(spent * (job.total - job.done) / job.done)}


def _result(job: Job, slug: str) -> tuple[str, str, str]:
    result = job.result or {}
    if job.kind == "snapshot" and result.get("snapshot"):
        url = reverse("dataset", args=[slug, result["snapshot"]])
        return url, _("Open the dataset"), _("The dataset is written; its hash covers every byte.")
    if job.kind == "analysis":
        found = sum(finding.get("state") == "open" for finding in result.get("findings", []))
        text = _("Open findings it saw: %(n)s.") % {"n": found}
        return "", _("Show the new figures"), text
    return "", "", ""
