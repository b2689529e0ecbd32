from importlib import import_module

from django.apps import AppConfig


class QualityConfig(AppConfig):
    name = "quality"

    def ready(self) -> None:
        import_module("quality.jobs")  # registers the kinds of jobs: whoever enqueues one needs them
