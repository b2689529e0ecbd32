from typing import Any

from accounts.models import AuditEvent, User


def record_event(
    *, actor: User | None, action: str, scope: str = "", target: str = "", facts: dict[str, Any] | None = None
) -> None:
    """Store one audit row in the caller's transaction: it exists exactly when the fact does.

    `facts` holds ids and counts, never label texts, tokens or passwords.
    """
    AuditEvent.objects.create(actor=actor, action=action, scope=scope, target=target[:200], facts=facts or {})
