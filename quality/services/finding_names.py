from django.db import transaction

from accounts.models import User
from accounts.services.audit import record_event
from quality.models import Finding


def record_names_shown(*, actor: User, finding: Finding) -> None:
    """Store that somebody asked who said what behind a finding: evidence is read blind unless asked otherwise."""
    with transaction.atomic():
        record_event(
            actor=actor, action="finding.names_shown", scope=f"project:{finding.project.slug}", target=str(finding.pk)
        )
