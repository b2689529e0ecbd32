from django.urls import path

from accounts.api import views

urlpatterns = [
    path("users/", views.UsersView.as_view(), name="api-users"),
    path("users/<str:user_id>/", views.UserView.as_view(), name="api-user"),
    path("tokens/", views.TokensView.as_view(), name="api-tokens"),
    path("tokens/<str:token_id>/", views.TokenView.as_view(), name="api-token"),
]
