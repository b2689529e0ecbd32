"""Who sees a job and who may stop it."""

import uuid
from collections.abc import Callable

from django.test import Client

from accounts.models import User
from annotation.models import Project
from operations.models import Job

Api = Callable[..., Client]


def test_job_is_seen_by_its_maker_and_by_who_sees_the_projects_quality(
    api: Api, project: Project, lea: User, max_: User, adi: User, ana: User, eve: User, olga: User
) -> None:
    job = Job.objects.create(kind="analysis", scope="project:intents", created_by=max_, done=3, total=9)
    mine = Job.objects.create(kind="analysis", scope="project:elsewhere", created_by=ana)

    codes = {
        user.username: api(user).get(f"/api/v1/jobs/{job.pk}/").status_code for user in (lea, max_, adi, ana, eve, olga)
    }

    assert codes == {"lea": 200, "max": 200, "adi": 404, "ana": 404, "eve": 404, "olga": 200}
    assert api(ana).get(f"/api/v1/jobs/{mine.pk}/").status_code == 200
    assert api(lea).get(f"/api/v1/jobs/{mine.pk}/").status_code == 404
    shown = api(lea).get(f"/api/v1/jobs/{job.pk}/").json()
    assert (shown["id"], shown["state"], shown["progress"]) == (str(job.pk), "queued", {"done": 3, "total": 9})
    assert (shown["result"], shown["error"]) == (None, None)


def test_job_that_is_not_is_404(api: Api, lea: User) -> None:
    for job_id in (uuid.uuid4(), "7", "x" * 200):
        assert api(lea).get(f"/api/v1/jobs/{job_id}/").status_code == 404


def test_cancel_ends_a_queued_job_for_who_may(api: Api, project: Project, lea: User, ana: User) -> None:
    job = Job.objects.create(kind="analysis", scope="project:intents", created_by=lea)
    url = f"/api/v1/jobs/{job.pk}/cancel/"

    assert api(ana).post(url).status_code == 404
    assert api(lea, "read").post(url).status_code == 403
    assert Job.objects.get().state == "queued"

    response = api(lea).post(url)
    assert (response.status_code, response.json()["state"]) == (200, "cancelled")
