from accounts.models.audit import AuditEvent
from accounts.models.people import User
from accounts.models.tokens import ApiToken, hash_secret

__all__ = ["ApiToken", "AuditEvent", "User", "hash_secret"]
