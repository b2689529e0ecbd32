from operations.models.health import Heartbeat
from operations.models.idempotency import IdempotentAnswer
from operations.models.jobs import Job

__all__ = ["Heartbeat", "IdempotentAnswer", "Job"]
