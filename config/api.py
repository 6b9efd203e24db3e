"""The routes of the HTTP API, version 1."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView

from people.access import signed_in
from policy import api as policy_api
from screening import api as screening_api

urlpatterns = [
    path("schema", signed_in(SpectacularAPIView.as_view()), name="api-schema"),
    path("deals", screening_api.deals, name="api-deals"),
    path("deals/<int:pk>", screening_api.deal, name="api-deal"),
    path("rulebook", policy_api.rulebook, name="api-rulebook"),
    path("screen", policy_api.screen, name="api-screen"),
]
