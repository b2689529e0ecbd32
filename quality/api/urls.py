from django.urls import URLPattern, path

from quality.api.campaigns import CampaignsView, CampaignView, CloseView, PreviewView
from quality.api.gold import GoldImportView
from quality.api.items import ItemView
from quality.api.quality import (
    AgreementView,
    AnalysesView,
    FindingsView,
    FindingView,
    ProfileView,
    ResolutionsView,
)

urlpatterns: list[URLPattern] = [
    path("projects/<slug:slug>/agreement/", AgreementView.as_view()),
    path("projects/<slug:slug>/analyses/", AnalysesView.as_view()),
    path("projects/<slug:slug>/findings/", FindingsView.as_view()),
    path("findings/<finding_id>/", FindingView.as_view()),
    path("projects/<slug:slug>/annotators/<path:annotator>/profile/", ProfileView.as_view()),
    path("projects/<slug:slug>/resolutions/", ResolutionsView.as_view()),
    path("projects/<slug:slug>/campaigns/", CampaignsView.as_view()),
    path("projects/<slug:slug>/campaigns/preview/", PreviewView.as_view()),
    path("projects/<slug:slug>/campaigns/<campaign_id>/", CampaignView.as_view()),
    path("projects/<slug:slug>/campaigns/<campaign_id>/close/", CloseView.as_view()),
    path("projects/<slug:slug>/gold/", GoldImportView.as_view()),
    path("projects/<slug:slug>/items/<path:external_id>/", ItemView.as_view()),
]
