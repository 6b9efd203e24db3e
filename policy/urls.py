"""Pages of the policy as data."""

from django.urls import URLPattern

app_name = "policy"
urlpatterns: list[URLPattern] = []
