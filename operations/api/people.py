"""Users and tokens. Here and not in accounts, because pages and idempotent answers are of this layer."""

from typing import cast

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.ids import number_id
from accounts.api.serializers import TokenInput, UserChange, UserInput, token_body, user_body
from accounts.errors import FieldError, InvalidInput
from accounts.models import ApiToken, User
from accounts.permissions import Capability, Scope
from accounts.selectors import tokens_of
from accounts.services.people import create_user, update_user
from accounts.services.tokens import create_token, revoke_token
from operations.api.idempotency import idempotent
from operations.api.pages import check_parameters, page_response


class UsersView(APIView):
    capability = Capability.MANAGE_PEOPLE

    @extend_schema(summary="People of this installation")
    def get(self, request: Request) -> Response:
        check_parameters(request, [])
        return page_response(request, User.objects.all(), user_body)

    @extend_schema(request=UserInput, summary="Make a person")
    @idempotent
    def post(self, request: Request) -> Response:
        fields = UserInput(data=request.data)
        fields.is_valid(raise_exception=True)
        user = create_user(actor=cast(User, request.user), **fields.validated_data)
        return Response(user_body(user), status=201)


class UserView(APIView):
    capability = Capability.MANAGE_PEOPLE

    @extend_schema(request=UserChange, summary="Rename, close or reopen an account")
    def patch(self, request: Request, user_id: str) -> Response:
        fields = UserChange(data=request.data)
        fields.is_valid(raise_exception=True)
        user = update_user(actor=cast(User, request.user), user_id=number_id(user_id), **fields.validated_data)
        return Response(user_body(user))


class TokensView(APIView):
    capabilities = {"GET": Capability.SIGNED_IN, "POST": Capability.MANAGE_TOKENS}  # noqa: RUF012

    @extend_schema(summary="My tokens, without their secrets")
    def get(self, request: Request) -> Response:
        check_parameters(request, [])
        return page_response(request, tokens_of(cast(User, request.user)).select_related("user"), token_body)

    # Not idempotent by key: a replay would have to store the secret. The client's second try makes a second token.
    @extend_schema(request=TokenInput, summary="Make a token; its secret is in this answer only")
    def post(self, request: Request) -> Response:
        fields = TokenInput(data=request.data)
        fields.is_valid(raise_exception=True)
        wanted = dict(fields.validated_data)
        actor = cast(User, request.user)
        holder = _holder(wanted.pop("user", None), actor)
        self._check_not_wider(request, wanted["scopes"])
        token, secret = create_token(actor=actor, user=holder, **wanted)
        return Response(token_body(token) | {"secret": secret}, status=201)

    def _check_not_wider(self, request: Request, scopes: list[str]) -> None:
        wider = set(scopes) & set(Scope) - set(getattr(request.auth, "scopes", ()))
        if isinstance(request.auth, ApiToken) and wider:
            raise InvalidInput(errors=[FieldError("scopes", "wider", "A token cannot make one with more scopes.")])


def _holder(username: str | None, actor: User) -> User | None:
    if username is None:
        return None
    holder = User.objects.filter(username=username, is_active=True).first() if actor.is_owner else None
    if holder is None:
        raise InvalidInput(errors=[FieldError("user", "unknown", "Owners only, and for an active user.")])
    return holder


class TokenView(APIView):
    capability = Capability.MANAGE_TOKENS

    @extend_schema(summary="Revoke a token")
    def delete(self, request: Request, token_id: str) -> Response:
        revoke_token(actor=cast(User, request.user), token_id=number_id(token_id))
        return Response(status=204)
