from django.urls import include, path

from config.api_docs import docs

urlpatterns = [
    path("api/v1/", include("config.api_urls")),
    path("api/docs/", docs, name="api-docs"),
    path("accounts/", include("allauth.urls")),
    path("", include("operations.urls")),
    path("", include("frontend.urls")),
]
handler400 = "frontend.views.errors.bad_request"
handler403 = "frontend.views.errors.forbidden"
handler404 = "frontend.views.errors.not_found"
handler500 = "frontend.views.errors.server_error"
