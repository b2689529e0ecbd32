"""The OpenAPI document and its reader, for whoever is signed in."""

from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from accounts.permissions import Capability


class SchemaView(SpectacularAPIView):
    capability = Capability.SIGNED_IN


class DocsView(SpectacularSwaggerSplitView):
    """Swagger UI with its script in a file of its own, as the content security policy wants."""

    capability = Capability.SIGNED_IN


schema = SchemaView.as_view()
docs = DocsView.as_view(url_name="api-schema")
