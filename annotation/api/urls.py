from django.urls import URLPattern, path

from annotation.api.acknowledgements import (
    AcknowledgementView,
    MyAcknowledgementView,
    MyProofView,
    MyReadView,
    WaiversView,
)
from annotation.api.bulk import AnnotatorImportView, GoldImportView, LabelImportView
from annotation.api.by_hand import AssignmentsView, ReleaseByHandView, ReservationView
from annotation.api.clarifications import (
    AnswersView,
    ClarificationsView,
    CountsView,
    DismissView,
    GroupView,
    RuleView,
    ServiceLevelView,
    UngroupView,
    WithdrawView,
)
from annotation.api.control_room import ControlRoomView, RoundsView, RoundView
from annotation.api.desk import (
    DeskView,
    FlagView,
    NoteCloseView,
    ParkedView,
    ParkView,
    TakeBackView,
    TaskDecisionView,
)
from annotation.api.imports import ImportErrorsView, ImportsView
from annotation.api.item import ItemView
from annotation.api.items import ItemsView
from annotation.api.jobs import JobCancelView, JobView
from annotation.api.leases import LeasesView
from annotation.api.members import MembersView, MemberView
from annotation.api.predictions import PredictionsView
from annotation.api.projects import MeView, ProjectDetailView, ProjectsView
from annotation.api.qualification import (
    AttemptsView,
    MemberQualificationView,
    MyQualificationView,
    QualificationView,
)
from annotation.api.queue import (
    AmendView,
    ClaimView,
    DraftView,
    ReleaseView,
    RenewView,
    SkipView,
    SubmitView,
    UndoView,
)

urlpatterns: list[URLPattern] = [
    path("me/", MeView.as_view()),
    path("jobs/<str:job_id>/", JobView.as_view()),
    path("jobs/<str:job_id>/cancel/", JobCancelView.as_view()),
    path("projects/", ProjectsView.as_view()),
    path("projects/<slug:slug>/", ProjectDetailView.as_view()),
    path("projects/<slug:slug>/members/", MembersView.as_view()),
    path("projects/<slug:slug>/members/<str:member_id>/", MemberView.as_view()),
    path("projects/<slug:slug>/assignments/claim/", ClaimView.as_view()),
    path("projects/<slug:slug>/assignments/undo/", UndoView.as_view()),
    path("projects/<slug:slug>/assignments/", AssignmentsView.as_view()),
    path("projects/<slug:slug>/assignments/<str:seat_id>/", ReservationView.as_view()),
    path("projects/<slug:slug>/leases/", LeasesView.as_view()),
    path("projects/<slug:slug>/leases/<str:lease_id>/release/", ReleaseByHandView.as_view()),
    path("projects/<slug:slug>/control-room/", ControlRoomView.as_view()),
    path("projects/<slug:slug>/rounds/", RoundsView.as_view()),
    path("projects/<slug:slug>/rounds/<str:key>/", RoundView.as_view()),
    path("assignments/<str:assignment_id>/submit/", SubmitView.as_view()),
    path("assignments/<str:assignment_id>/renew/", RenewView.as_view()),
    path("assignments/<str:assignment_id>/release/", ReleaseView.as_view()),
    path("assignments/<str:assignment_id>/skip/", SkipView.as_view()),
    path("assignments/<str:assignment_id>/draft/", DraftView.as_view()),
    path("assignments/<str:assignment_id>/park/", ParkView.as_view()),
    path("assignments/<str:assignment_id>/flag/", FlagView.as_view()),
    path("annotations/<str:annotation_id>/amend/", AmendView.as_view()),
    path("projects/<slug:slug>/acknowledgement/", MyAcknowledgementView.as_view()),
    path("projects/<slug:slug>/acknowledgement/read/", MyReadView.as_view()),
    path("projects/<slug:slug>/acknowledgement/answers/", MyProofView.as_view()),
    path("guidelines/<slug:slug>/versions/<str:number>/acknowledgement/", AcknowledgementView.as_view()),
    path("guidelines/<slug:slug>/versions/<str:number>/acknowledgement/waivers/", WaiversView.as_view()),
    path("projects/<slug:slug>/parked/", ParkedView.as_view()),
    path("projects/<slug:slug>/parked/<str:note_id>/take_back/", TakeBackView.as_view()),
    path("projects/<slug:slug>/desk/", DeskView.as_view()),
    path("projects/<slug:slug>/desk/notes/<str:note_id>/close/", NoteCloseView.as_view()),
    path("projects/<slug:slug>/desk/tasks/<str:task_id>/", TaskDecisionView.as_view()),
    path("guidelines/<slug:slug>/clarifications/", ClarificationsView.as_view()),
    path("guidelines/<slug:slug>/clarifications/counts/", CountsView.as_view()),
    path("guidelines/<slug:slug>/clarifications/service-level/", ServiceLevelView.as_view()),
    path("guidelines/<slug:slug>/clarifications/answers/", AnswersView.as_view()),
    path("guidelines/<slug:slug>/clarifications/answers/<str:notice_id>/dismiss/", DismissView.as_view()),
    path("guidelines/<slug:slug>/clarifications/<str:number>/rule/", RuleView.as_view()),
    path("guidelines/<slug:slug>/clarifications/<str:number>/group/", GroupView.as_view()),
    path("guidelines/<slug:slug>/clarifications/<str:number>/ungroup/", UngroupView.as_view()),
    path("guidelines/<slug:slug>/clarifications/<str:number>/withdraw/", WithdrawView.as_view()),
    path("projects/<slug:slug>/qualification/", QualificationView.as_view()),
    path("projects/<slug:slug>/qualification/mine/", MyQualificationView.as_view()),
    path("projects/<slug:slug>/members/<str:member_id>/qualification/", MemberQualificationView.as_view()),
    path("projects/<slug:slug>/members/<str:member_id>/qualification/attempts/", AttemptsView.as_view()),
    path("projects/<slug:slug>/items/", ItemsView.as_view()),
    path("projects/<slug:slug>/items/<path:external_id>/", ItemView.as_view()),
    path("projects/<slug:slug>/annotators/", AnnotatorImportView.as_view()),
    path("projects/<slug:slug>/labels/", LabelImportView.as_view()),
    path("projects/<slug:slug>/gold/", GoldImportView.as_view()),
    path("projects/<slug:slug>/predictions/", PredictionsView.as_view()),
    path("projects/<slug:slug>/imports/", ImportsView.as_view()),
    path("projects/<slug:slug>/imports/<int:batch_id>/errors/", ImportErrorsView.as_view()),
]
