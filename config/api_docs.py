"""The OpenAPI document and its reader, for whoever is signed in."""

from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http.response import HttpResponseBase
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import Capability


class SchemaView(SpectacularAPIView):
    capability = Capability.SIGNED_IN
    content_negotiation_class = DefaultContentNegotiation  # YAML or JSON, as asked for

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Response:
        """A refusal is JSON like every other, not the YAML that the document would have been."""
        final = super().finalize_response(request, response, *args, **kwargs)
        if final.status_code >= 400:
            final.accepted_renderer, final.accepted_media_type = JSONRenderer(), "application/json"
        return final


class DocsView(SpectacularSwaggerSplitView):
    """Swagger UI with its script in a file of its own, as the content security policy wants."""

    capability = Capability.SIGNED_IN
    content_negotiation_class = DefaultContentNegotiation

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """A page for people: who is not signed in goes to the sign-in page."""
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        return super().dispatch(request, *args, **kwargs)


schema = SchemaView.as_view()
docs = DocsView.as_view(url_name="api-schema")
