"""REST API, version 1: every app's endpoints, the schema and its reader."""

from django.urls import include, path

from config.api_docs import schema

urlpatterns = [
    path("", include("operations.api.urls")),
    path("", include("guidelines.api.urls")),
    path("", include("annotation.api.urls")),
    path("", include("quality.api.urls")),
    path("schema/", schema, name="api-schema"),
]
