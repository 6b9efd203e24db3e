"""Deals for other programs. Reading only: an API never sends, votes or decides."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

from people.access import AUDITOR, COMPLIANCE, REVIEWERS, SALES, allow, has_role
from policy.api import FLOOR_CHOICES, OUTCOME_CHOICES
from screening import deriving
from screening.lifecycle import Status
from screening.models import Deal

LONGEST_ID = 19
JUDGES = (COMPLIANCE, *REVIEWERS, AUDITOR)
READERS = (SALES, *JUDGES)
TURNS = [(word, word) for word in ("sales", "compliance", "reviewers", "nobody", "closed")]
STRENGTHS = [(word, word) for word in ("same", "strong", "weak", "sound")]


class FindingSerializer(serializers.Serializer[Any]):
    rule = serializers.CharField()
    clause = serializers.CharField()
    outcome = serializers.ChoiceField(OUTCOME_CHOICES)
    because = serializers.CharField()


class DealSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    reference = serializers.CharField()
    title = serializers.CharField()
    status = serializers.ChoiceField(Status.choices)
    turn = serializers.ChoiceField(TURNS)
    sent_at = serializers.DateTimeField(allow_null=True)
    valid_until = serializers.DateTimeField(allow_null=True)


class NameSerializer(serializers.Serializer[Any]):
    """A party of the deal beside a listed one; see the review page for what the words mean."""

    role = serializers.CharField()
    typed = serializers.CharField()
    listed = serializers.CharField()
    country = serializers.CharField()
    score = serializers.FloatField()
    strength = serializers.ChoiceField(STRENGTHS)
    sentence = serializers.CharField()


class DealDetailSerializer(DealSerializer):
    """Of a draft, which was never screened, outcome and review_floor are empty."""

    outcome = serializers.ChoiceField(
        OUTCOME_CHOICES, source="screening.outcome", default="", allow_blank=True, read_only=True
    )
    review_floor = serializers.ChoiceField(
        FLOOR_CHOICES, source="screening.review_floor", default="", allow_blank=True, read_only=True
    )
    missing = serializers.ListField(
        child=serializers.CharField(), source="screening.missing", default=list, read_only=True
    )
    findings = FindingSerializer(
        source="screening.findings.all", many=True, default=list, read_only=True
    )
    names = serializers.SerializerMethodField()

    @extend_schema_field(NameSerializer(many=True))
    def get_names(self, deal: Deal) -> list[dict[str, Any]]:
        """Whom the names mean or resemble; empty for sales, as on the pages."""
        if deal.screening is None or not has_role(self.context["reader"], *JUDGES):
            return []
        return [one.plain for one in deriving.likenesses_of(deal.screening.revision)]


class DealPageSerializer(serializers.Serializer[Any]):
    """One page of the list; next and previous are whole addresses, null at the ends."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = DealSerializer(many=True)


class DealPages(CursorPagination):
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200
    ordering = "-id"

    def decode_cursor(self, request: Request) -> Any:
        """A cursor is ours or nothing is found; its position goes into a query as a number."""
        cursor = super().decode_cursor(request)
        if cursor and cursor.position and not _is_id(str(cursor.position)):
            raise NotFound(self.invalid_cursor_message)
        return cursor


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < LONGEST_ID


@extend_schema(
    operation_id="deals_list",
    parameters=[
        OpenApiParameter("cursor", str, description="Out of the address of another page."),
        OpenApiParameter(
            "page_size",
            int,
            description=f"At most {DealPages.max_page_size}, which a larger number counts as; "
            f"anything else counts as {DealPages.page_size}.",
        ),
    ],
    responses=DealPageSerializer,
)
@api_view(["GET"])
def deals_view(request: Request) -> Response:
    """The deals that the caller may see, newest first, in keyset pages."""
    pages = DealPages()
    deals = Deal.objects.visible_to(request.user).select_related("screening")
    rows = pages.paginate_queryset(deals, request)
    return pages.get_paginated_response(DealSerializer(rows, many=True).data)


@extend_schema(responses=DealDetailSerializer)
@api_view(["GET"])
def deal_view(request: Request, pk: int) -> Response:
    """One deal with the findings of its newest screening; 404 when the caller may not see it."""
    deal = get_object_or_404(Deal.objects.visible_to(request.user), pk=pk)
    return Response(DealDetailSerializer(deal, context={"reader": request.user}).data)


deals = allow(*READERS)(deals_view)
deal = allow(*READERS)(deal_view)
