from typing import Any

from operations.models import Job


def job_body(job: Job) -> dict[str, Any]:
    """A job as every endpoint that starts or shows one says it."""
    return {
        "id": str(job.pk), "kind": job.kind, "state": job.state, "progress": {"done": job.done, "total": job.total},
        "result": job.result, "error": job.error, "created_at": job.created_at, "finished_at": job.finished_at,
    }  # fmt: skip
