"""Pages of reviewers, of the compliance desk, of auditors, and the list of conditions."""

from django.urls import path

from reviews import auditing, compliance, conditions, queue_page, views, voting

app_name = "reviews"
urlpatterns = [
    path("reviews/", queue_page.queue, name="queue"),
    path("reviews/next/", queue_page.take_next, name="next"),
    path("reviews/<int:pk>/", views.deal, name="deal"),
    path("reviews/<int:pk>/claim/", views.claim, name="claim"),
    path("reviews/<int:pk>/release/", views.release, name="release"),
    path("reviews/<int:pk>/screen-again/", views.screen_again, name="screen-again"),
    path("reviews/<int:pk>/skip/", views.skip, name="skip"),
    path("reviews/<int:pk>/take-over/", views.take_over, name="take-over"),
    path("reviews/<int:pk>/pass-up/", views.pass_up, name="pass-up"),
    path("reviews/<int:pk>/return/", views.reopen, name="reopen"),
    path("reviews/<int:pk>/ask/", views.ask, name="ask"),
    path("reviews/<int:pk>/assess/", voting.assess, name="assess"),
    path("reviews/<int:pk>/vote/", voting.vote, name="vote"),
    path("reviews/<int:pk>/confirm/", voting.confirm, name="confirm"),
    path("conditions/", conditions.conditions, name="conditions"),
    path("conditions/<int:pk>/settle/", conditions.settle, name="settle"),
    path("compliance/", compliance.desk, name="desk"),
    path("compliance/<int:pk>/", compliance.deal, name="compliance-deal"),
    path("compliance/<int:pk>/<slug:fact>/", compliance.rule_fact, name="rule-fact"),
    path("compliance/rulings/<int:pk>/take-back/", compliance.take_back, name="take-back"),
    path("audit/", auditing.decisions, name="decisions"),
    path("audit/export.csv", auditing.export, name="export"),
    path("audit/deals/<int:pk>/", auditing.deal, name="record"),
    path("audit/deals/<int:pk>/replay/", auditing.replay, name="replay"),
]
