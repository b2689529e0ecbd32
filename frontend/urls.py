"""Every page and fragment, grouped by screen."""

from django.urls import path

from frontend.views import account, home, workbench

urlpatterns = [
    path("", home.home, name="home"),
    # about oneself
    path("me/", account.me, name="me"),
    path("me/tokens/<int:token_id>/revoke/", account.revoke, name="token-revoke"),
    path("health/", account.health, name="health"),
    # workbench
    path("p/<slug:slug>/label/", workbench.workbench, name="workbench"),
    path("p/<slug:slug>/label/claim/", workbench.claim, name="workbench-claim"),
    path("p/<slug:slug>/label/skip/", workbench.skip, name="workbench-skip"),
    path("p/<slug:slug>/label/undo/", workbench.undo, name="workbench-undo"),
    path("p/<slug:slug>/label/pause/", workbench.pause, name="workbench-pause"),
    path("p/<slug:slug>/label/<uuid:lease_id>/submit/", workbench.submit, name="workbench-submit"),
    path("p/<slug:slug>/label/<uuid:lease_id>/draft/", workbench.draft, name="workbench-draft"),
    path("p/<slug:slug>/label/<uuid:lease_id>/renew/", workbench.renew, name="workbench-renew"),
]
