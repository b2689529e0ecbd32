from django.urls import URLPattern, path

from annotation.api.bulk import AnnotatorImportView, LabelImportView
from annotation.api.imports import ImportErrorsView, ImportsView
from annotation.api.items import ItemsView

urlpatterns: list[URLPattern] = [
    path("projects/<slug:slug>/items/", ItemsView.as_view()),
    path("projects/<slug:slug>/annotators/", AnnotatorImportView.as_view()),
    path("projects/<slug:slug>/labels/", LabelImportView.as_view()),
    path("projects/<slug:slug>/imports/", ImportsView.as_view()),
    path("projects/<slug:slug>/imports/<int:batch_id>/errors/", ImportErrorsView.as_view()),
]
