"""About oneself: profile, memberships, API tokens. And what is alive, for owners."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.permissions import Capability
from accounts.selectors import tokens_of
from accounts.services.tokens import create_token, revoke_token
from annotation.models import Member
from frontend.forms.account import TokenForm
from frontend.guard import page, signed_in_user
from operations.health import check_parts


@require_http_methods(["GET", "POST"])
@page(Capability.SIGNED_IN)
def me(request: HttpRequest) -> HttpResponse:
    """My memberships and tokens; a POST makes a token and shows its secret in this one answer."""
    user = signed_in_user(request)
    form = TokenForm(request.POST or None)
    secret = ""
    if request.method == "POST" and form.is_valid():
        _token, secret = create_token(actor=user, **form.wanted())
        form = TokenForm()
    context = {
        "form": form,
        "secret": secret,
        "tokens": tokens_of(user).order_by("-pk"),
        "memberships": Member.objects.filter(user=user, is_active=True)
        .select_related("project")
        .order_by("project__title"),
    }
    return render(request, "me/page.html", context, status=422 if form.errors else 200)


@require_POST
@page(Capability.SIGNED_IN)
def revoke(request: HttpRequest, token_id: int) -> HttpResponse:
    revoke_token(actor=signed_in_user(request), token_id=token_id)
    messages.success(request, _("The token is revoked; requests with it are refused from now on."))
    return redirect("me")


@require_GET
@page(Capability.SEE_HEALTH)
def health(request: HttpRequest) -> HttpResponse:
    parts = check_parts()
    context = {"parts": parts, "is_ready": all(part.is_alive for part in parts)}
    return render(request, "health/page.html", context)
