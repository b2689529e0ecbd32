from django.urls import URLPattern, path

from quality.api.campaigns import CampaignsView, CampaignView, CloseView, PreviewView
from quality.api.clauses import ClauseHealthView, ClausesView
from quality.api.contracts import ContractsView, ContractView
from quality.api.impact import (
    ImpactView,
    JudgementView,
    PublishAndRelabelView,
    SamplesView,
    SampleView,
    TryView,
)
from quality.api.quality import (
    AgreementView,
    AnalysesView,
    AnalysisScheduleView,
    AnchoringView,
    FindingsView,
    FindingView,
    ProfileView,
    ResolutionsView,
)
from quality.api.snapshots import (
    SnapshotDiffView,
    SnapshotFileView,
    SnapshotRowsView,
    SnapshotsView,
    SnapshotVerifyView,
    SnapshotView,
)

urlpatterns: list[URLPattern] = [
    path("projects/<slug:slug>/agreement/", AgreementView.as_view()),
    path("guidelines/<slug:slug>/clauses/", ClausesView.as_view()),
    path("guidelines/<slug:slug>/clauses/<str:key>/health/", ClauseHealthView.as_view()),
    path("projects/<slug:slug>/analyses/", AnalysesView.as_view()),
    path("projects/<slug:slug>/analyses/schedule/", AnalysisScheduleView.as_view()),
    path("projects/<slug:slug>/findings/", FindingsView.as_view()),
    path("findings/<str:finding_id>/", FindingView.as_view()),
    path("projects/<slug:slug>/annotators/<path:annotator>/profile/", ProfileView.as_view()),
    path("projects/<slug:slug>/anchoring/", AnchoringView.as_view()),
    path("projects/<slug:slug>/resolutions/", ResolutionsView.as_view()),
    path("projects/<slug:slug>/campaigns/", CampaignsView.as_view()),
    path("projects/<slug:slug>/campaigns/preview/", PreviewView.as_view()),
    path("projects/<slug:slug>/campaigns/<str:campaign_id>/", CampaignView.as_view()),
    path("projects/<slug:slug>/campaigns/<str:campaign_id>/close/", CloseView.as_view()),
    path("guidelines/<slug:slug>/draft/try/", TryView.as_view()),
    path("guidelines/<slug:slug>/draft/impact/", ImpactView.as_view()),
    path("guidelines/<slug:slug>/draft/impact/samples/", SamplesView.as_view()),
    path("guidelines/<slug:slug>/publish-and-relabel/", PublishAndRelabelView.as_view()),
    path("impact-samples/<str:sample_id>/", SampleView.as_view()),
    path("impact-samples/<str:sample_id>/judgements/<int:position>/", JudgementView.as_view()),
    path("projects/<slug:slug>/contracts/", ContractsView.as_view()),
    path("projects/<slug:slug>/contracts/<str:number>/", ContractView.as_view()),
    path("projects/<slug:slug>/snapshots/", SnapshotsView.as_view()),
    path("snapshots/<uuid:snapshot_id>/", SnapshotView.as_view()),
    path("snapshots/<uuid:snapshot_id>/files/<str:name>", SnapshotFileView.as_view()),
    path("snapshots/<uuid:snapshot_id>/rows/", SnapshotRowsView.as_view()),
    path("snapshots/<uuid:snapshot_id>/verify/", SnapshotVerifyView.as_view()),
    path("snapshots/<uuid:snapshot_id>/diff/<uuid:other_id>/", SnapshotDiffView.as_view()),
]
