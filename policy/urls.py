"""Pages of the policy as data."""

from django.urls import path

from policy.pages import (
    comparing,
    countries,
    laws,
    lists,
    promising,
    rulebook,
    versions,
    withdrawing,
)

app_name = "policy"
urlpatterns = [
    path("policy/", rulebook.policy, name="policy"),
    path("policy/glossary/", rulebook.words, name="glossary"),
    path("policy/rules/<str:rule_id>/", rulebook.rule, name="rule"),
    path("countries/", countries.countries, name="countries"),
    path("countries/restricted.xlsx", countries.restricted_export, name="restricted-export"),
    path("countries/<str:code>/", countries.country, name="country"),
    path("catalogue/", lists.catalogue, name="catalogue"),
    path("registry/", lists.registry, name="registry"),
    path("catalogue/export.xlsx", lists.catalogue_export, name="catalogue-export"),
    path("registry/export.xlsx", lists.registry_export, name="registry-export"),
    path("laws/", laws.laws, name="laws"),
    path("laws/export.xlsx", laws.export, name="laws-export"),
    path("laws/<slug:law_id>/", laws.law, name="law"),
    path("versions/", rulebook.kinds, name="kinds"),
    path("versions/<int:pk>/", versions.version, name="version"),
    path("versions/<int:pk>/check/", versions.check, name="check"),
    path("versions/<int:pk>/report/", versions.report, name="report"),
    path("versions/<int:pk>/activate/", versions.activate, name="activate"),
    path("versions/<int:pk>/cancel/", versions.cancel, name="cancel"),
    path("versions/<int:pk>/withdraw/", withdrawing.withdraw, name="withdraw"),
    path("versions/<int:pk>/promises/", promising.confirm, name="promises"),
    path("versions/<str:kind>/", rulebook.versions, name="versions"),
    path("versions/<str:kind>/difference/", comparing.difference, name="difference"),
    path("versions/<str:kind>/propose/", versions.propose, name="propose"),
]
