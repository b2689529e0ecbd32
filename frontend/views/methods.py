from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.permissions import Capability
from frontend.guard import page


@require_GET
@page(Capability.SIGNED_IN)
def methods(request: HttpRequest) -> HttpResponse:
    """What the figures mean and how findings are tested, in words."""
    return render(request, "quality/methods.html")
