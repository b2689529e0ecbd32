"""Celery: queues, timetable. Jobs live in each app's `jobs.py`; the word "task" is kept for items to label."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
app = Celery("concord", include=["config.worker_heartbeat"])
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(related_name="jobs")
app.conf.task_routes = {
    "annotation.jobs.*": {"queue": "import"},
    "quality.jobs.*": {"queue": "quality"},
}
app.conf.beat_schedule = {
    "sweep-jobs": {"task": "operations.jobs.sweep", "schedule": 10.0, "options": {"expires": 10}},
    "heartbeat": {"task": "operations.jobs.heartbeat", "schedule": 10.0, "options": {"expires": 10}},
    "expire-leases": {
        "task": "operations.jobs.tick",
        "schedule": 15.0,
        "args": ("expire-leases",),
        "options": {"expires": 15},
    },
    "judge-by-gold": {
        "task": "operations.jobs.tick",
        "schedule": 60.0,
        "args": ("judge-by-gold",),
        "options": {"expires": 60},
    },
    "start-analyses": {
        "task": "operations.jobs.tick",
        "schedule": 60.0,
        "args": ("start-analyses",),
        "options": {"expires": 60},
    },
}
