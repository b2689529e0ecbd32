from django.urls import URLPattern, path

from quality.api.gold import GoldImportView
from quality.api.items import ItemView

urlpatterns: list[URLPattern] = [
    path("projects/<slug:slug>/gold/", GoldImportView.as_view()),
    path("projects/<slug:slug>/items/<path:external_id>/", ItemView.as_view()),
]
