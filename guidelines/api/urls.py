from django.urls import path

from guidelines.api import comments, files, views

urlpatterns = [
    path("guidelines/", views.GuidelinesView.as_view(), name="api-guidelines"),
    path("guidelines/<slug:slug>/draft/", views.DraftView.as_view(), name="api-guideline-draft"),
    path("guidelines/<slug:slug>/draft/file/", files.DraftFileView.as_view(), name="api-guideline-draft-file"),
    path(
        "guidelines/<slug:slug>/versions/<str:number>/file/",
        files.VersionFileView.as_view(),
        name="api-guideline-version-file",
    ),
    path("guidelines/<slug:slug>/comments/", comments.CommentsView.as_view(), name="api-guideline-comments"),
    path(
        "guidelines/<slug:slug>/comments/<int:comment_id>/resolve/",
        comments.ResolveCommentView.as_view(),
        name="api-guideline-comment-resolve",
    ),
    path(
        "guidelines/<slug:slug>/comments/<int:comment_id>/reopen/",
        comments.ReopenCommentView.as_view(),
        name="api-guideline-comment-reopen",
    ),
    path("guidelines/<slug:slug>/publish/", views.PublishView.as_view(), name="api-guideline-publish"),
    path("guidelines/<slug:slug>/versions/", views.VersionsView.as_view(), name="api-guideline-versions"),
    path("guidelines/<slug:slug>/versions/<str:number>/", views.VersionView.as_view(), name="api-guideline-version"),
    path("guidelines/<slug:slug>/diff/", views.DiffView.as_view(), name="api-guideline-diff"),
]
