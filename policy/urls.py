"""Pages of the policy as data."""

from django.urls import path

from policy import comparing, governing, lists, places, promising, views, withdrawing

app_name = "policy"
urlpatterns = [
    path("policy/", views.policy, name="policy"),
    path("policy/glossary/", views.words, name="glossary"),
    path("policy/rules/<str:rule_id>/", views.rule, name="rule"),
    path("countries/", places.countries, name="countries"),
    path("countries/<str:code>/", places.country, name="country"),
    path("catalogue/", lists.catalogue, name="catalogue"),
    path("registry/", lists.registry, name="registry"),
    path("catalogue/export.xlsx", lists.catalogue_export, name="catalogue-export"),
    path("registry/export.xlsx", lists.registry_export, name="registry-export"),
    path("versions/", views.kinds, name="kinds"),
    path("versions/<int:pk>/", governing.version, name="version"),
    path("versions/<int:pk>/check/", governing.check, name="check"),
    path("versions/<int:pk>/report/", governing.report, name="report"),
    path("versions/<int:pk>/activate/", governing.activate, name="activate"),
    path("versions/<int:pk>/cancel/", governing.cancel, name="cancel"),
    path("versions/<int:pk>/withdraw/", withdrawing.withdraw, name="withdraw"),
    path("versions/<int:pk>/promises/", promising.confirm, name="promises"),
    path("versions/<str:kind>/", views.versions, name="versions"),
    path("versions/<str:kind>/difference/", comparing.difference, name="difference"),
    path("versions/<str:kind>/propose/", governing.propose, name="propose"),
]
