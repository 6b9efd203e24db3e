"""Pages of reviewers, of the compliance desk, of auditors, and the list of conditions."""

from django.urls import path

from reviews import (
    audit_pages,
    compliance_pages,
    condition_pages,
    party_pages,
    queue_pages,
    review_pages,
    voting_pages,
)

app_name = "reviews"
urlpatterns = [
    path("reviews/", queue_pages.queue, name="queue"),
    path("reviews/next/", queue_pages.take_next, name="next"),
    path("reviews/<int:pk>/", review_pages.deal, name="deal"),
    path("reviews/<int:pk>/claim/", review_pages.claim, name="claim"),
    path("reviews/<int:pk>/release/", review_pages.release, name="release"),
    path("reviews/<int:pk>/screen-again/", review_pages.screen_again, name="screen-again"),
    path("reviews/<int:pk>/skip/", review_pages.skip, name="skip"),
    path("reviews/<int:pk>/take-over/", review_pages.take_over, name="take-over"),
    path("reviews/<int:pk>/pass-up/", review_pages.pass_up, name="pass-up"),
    path("reviews/<int:pk>/return/", review_pages.reopen, name="reopen"),
    path("reviews/<int:pk>/ask/", review_pages.ask, name="ask"),
    path("reviews/<int:pk>/assess/", voting_pages.assess, name="assess"),
    path("reviews/<int:pk>/vote/", voting_pages.vote, name="vote"),
    path("reviews/<int:pk>/confirm/", voting_pages.confirm, name="confirm"),
    path("conditions/", condition_pages.conditions, name="conditions"),
    path("conditions/<int:pk>/settle/", condition_pages.settle, name="settle"),
    path("compliance/", compliance_pages.desk, name="desk"),
    path("compliance/<int:pk>/", compliance_pages.deal, name="compliance-deal"),
    path("compliance/<int:pk>/<slug:fact>/", compliance_pages.rule_fact, name="rule-fact"),
    path("compliance/rulings/<int:pk>/take-back/", compliance_pages.take_back, name="take-back"),
    path("parties/", party_pages.party_list, name="parties"),
    path("parties/<int:pk>/", party_pages.party, name="party"),
    path("parties/<int:pk>/finding/", party_pages.raise_finding, name="raise-finding"),
    path("parties/<int:pk>/match/", party_pages.clear_match, name="clear-match"),
    path("parties/<int:pk>/same/", party_pages.merge, name="merge"),
    path("parties/<int:pk>/apart/<int:other>/", party_pages.apart, name="apart"),
    path("parties/<int:pk>/number/", party_pages.identifier, name="identifier"),
    path("parties/<int:pk>/owner/", party_pages.parent, name="parent"),
    path(
        "parties/numbers/<int:pk>/remove/", party_pages.remove_identifier, name="remove-identifier"
    ),
    path("parties/findings/<int:pk>/take-back/", party_pages.take_back, name="take-back-finding"),
    path("parties/merges/<int:pk>/split/", party_pages.split, name="split"),
    path("parties/easings/<int:pk>/", party_pages.easing, name="easing"),
    path("audit/", audit_pages.decision_history, name="decisions"),
    path("audit/export.csv", audit_pages.export, name="export"),
    path("audit/deals/<int:pk>/", audit_pages.deal, name="record"),
    path("audit/deals/<int:pk>/replay/", audit_pages.replay, name="replay"),
]
