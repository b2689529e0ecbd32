from django.db import models


class Heartbeat(models.Model):
    """When a part of the installation was last seen alive: `worker:<host>`, `beat`."""

    part = models.CharField(max_length=200, primary_key=True)
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.part
