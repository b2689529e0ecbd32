from typing import Any

from rest_framework import serializers

from accounts.models import ApiToken, User


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses fields it does not know: a misspelt or forbidden one must not be dropped in silence."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            unknown = sorted(set(data) - {name for name, field in self.fields.items() if not field.read_only})
            if unknown:
                raise serializers.ValidationError(
                    {str(name)[:80]: ["This field is unknown or cannot be set."] for name in unknown}
                )
        return super().to_internal_value(data)


class UserInput(StrictSerializer):
    username = serializers.RegexField(r"^[\w.@+-]{1,150}$")
    email = serializers.EmailField(required=False, default="")
    name = serializers.CharField(max_length=150, required=False, default="", allow_blank=True)
    password = serializers.CharField(required=False, allow_null=True, default=None, trim_whitespace=False)


class UserChange(StrictSerializer):
    is_active = serializers.BooleanField(required=False)
    name = serializers.CharField(max_length=150, required=False, allow_blank=True)


class TokenInput(StrictSerializer):
    name = serializers.CharField(max_length=100)
    scopes = serializers.ListField(child=serializers.CharField(), min_length=1, max_length=10)
    expires_at = serializers.DateTimeField(required=False)
    user = serializers.CharField(required=False)


def user_body(user: User) -> dict[str, Any]:
    return {
        "id": str(user.pk), "username": user.username, "name": user.name, "email": user.email,
        "kind": user.kind, "is_active": user.is_active, "is_owner": user.is_owner,
    }  # fmt: skip


def token_body(token: ApiToken) -> dict[str, Any]:
    return {
        "id": str(token.pk), "name": token.name, "scopes": token.scopes, "user": token.user.username,
        "created_at": token.created_at, "expires_at": token.expires_at, "last_used_at": token.last_used_at,
    }  # fmt: skip
