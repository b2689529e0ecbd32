from django.urls import path

from operations.api import people

urlpatterns = [
    path("users/", people.UsersView.as_view(), name="api-users"),
    path("users/<str:user_id>/", people.UserView.as_view(), name="api-user"),
    path("tokens/", people.TokensView.as_view(), name="api-tokens"),
    path("tokens/<str:token_id>/", people.TokenView.as_view(), name="api-token"),
]
