"""Every page and fragment, grouped by screen."""

from django.urls import path

from frontend.views import account, guideline_editor, guideline_publishing, guidelines, home, workbench

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
    # guidelines
    path("g/", guidelines.guidelines, name="guidelines"),
    path("g/new/", guidelines.guideline_new, name="guideline-new"),
    path("g/<slug:slug>/", guidelines.guideline, name="guideline"),
    path("g/<slug:slug>/versions/", guidelines.guideline_versions, name="guideline-versions"),
    path(
        "g/<slug:slug>/versions/<str:number>/restore/", guideline_publishing.guideline_restore, name="guideline-restore"
    ),
    path("g/<slug:slug>/diff/", guidelines.guideline_diff, name="guideline-diff"),
    path("g/<slug:slug>/publish/", guideline_publishing.guideline_publish, name="guideline-publish"),
    path("g/<slug:slug>/discard/", guideline_publishing.guideline_discard, name="guideline-discard"),
    path("g/<slug:slug>/edit/", guideline_editor.guideline_edit, name="guideline-edit"),
    path("g/<slug:slug>/edit/new/<str:kind>/", guideline_editor.guideline_part_new, name="guideline-part-new"),
    path("g/<slug:slug>/edit/<str:kind>/<str:key>/", guideline_editor.guideline_part, name="guideline-part"),
    path(
        "g/<slug:slug>/edit/<str:kind>/<str:key>/move/",
        guideline_editor.guideline_part_move,
        name="guideline-part-move",
    ),
    path(
        "g/<slug:slug>/edit/<str:kind>/<str:key>/remove/",
        guideline_editor.guideline_part_remove,
        name="guideline-part-remove",
    ),
    path(
        "g/<slug:slug>/edit/<str:kind>/<str:key>/preview/", guideline_editor.guideline_preview, name="guideline-preview"
    ),
]
