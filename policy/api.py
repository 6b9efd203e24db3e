"""The policy for other programs: the active rulebook, and screening facts without a deal."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from people.access import AUDITOR, COMPLIANCE, POLICY_OWNER, REVIEWERS, allow, signed_in
from policy import active
from policy.engine.language.condition import OUTCOMES, REVIEWS
from policy.engine.language.facts import FactError
from policy.engine.readings.assessment import Assessment
from policy.facts import in_text
from policy.facts.declared import (
    ABILITIES,
    CHOICES,
    GIVEN,
    NAMES,
    NOT_KNOWN,
    NOTED,
    REMARKS,
    SENTENCES,
    DeclaredError,
    given_faults,
)

OUTCOME_CHOICES = [(outcome, outcome) for outcome in OUTCOMES]
FLOOR_CHOICES = [(outcome, outcome) for outcome in REVIEWS]
EXAMPLE = {
    "facts": {
        "country": "FI",
        "end_user_name": "Elisa",
        "end_user_type": "commercial_operator",
        "customer_name": "Elisa",
        "capabilities": ["monitoring_centre"],
        "services": ["supply"],
        "purpose": "commercial_service",
        "intermediaries": [],
        "legal_obligation": None,
        "legal_basis": None,
    }
}


class RuleSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    title = serializers.CharField()
    clause = serializers.CharField()
    outcome = serializers.ChoiceField(OUTCOME_CHOICES)
    because = serializers.CharField()


class RulebookSerializer(serializers.Serializer[Any]):
    # A serializer has a label and a source of its own; declared fields are not attributes of it.
    label = serializers.CharField()  # type: ignore[assignment]
    digest = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    rules = RuleSerializer(many=True)


def _json(*types: str, **more: Any) -> dict[str, Any]:
    return {"type": list(types), **more}


def _list_of(*types: str) -> dict[str, Any]:
    return _json("array", "null", items=_json(*types))


#: The JSON types of declared facts that are not plain text; policy/facts/declared.py says more.
JSON_TYPES: dict[str, Any] = {
    **{name: _list_of("string") for name in ("purposes", *SENTENCES)},
    **{name: _list_of("string", "object") for name in ("products", "intermediaries", "laws")},
    **{
        name: _json("array", "object", "null")
        for name in ("capabilities", "linked_capabilities", "services")
    },
    **{name: {"enum": [*values, NOT_KNOWN, None]} for name, values in CHOICES.items()},
    **{name: _json("boolean", "string", "null") for name in NOTED},
    "abilities_declared": _json("array", "object", "null", items={"enum": list(ABILITIES)}),
    "destinations": _list_of("object"),
    "legal_obligation": _json("boolean", "null"),
    "other_systems": _json("array", "string", "null", items=_json("string")),
    "territories": _json("object", "null"),
}
TEXT = _json("string", "null")


@extend_schema_field(
    {
        "type": "object",
        "properties": {name: JSON_TYPES.get(name, TEXT) for name in sorted(NAMES)},
        "additionalProperties": False,
    }
)
class DeclaredField(serializers.DictField):
    """What sales declares; policy/facts/declared.py says what each name may hold."""


@extend_schema_field(
    {
        "type": "object",
        "properties": {name: {} for name in sorted(GIVEN | REMARKS)},
        "additionalProperties": False,
    }
)
class DerivedField(serializers.DictField):
    """Values that replace derived ones."""


class FactsSerializer(serializers.Serializer[Any]):
    """Declared facts, and values that replace derived ones."""

    facts = DeclaredField()
    derived = DerivedField(required=False)


class ScreenedFindingSerializer(serializers.Serializer[Any]):
    rule = serializers.CharField()
    clause = serializers.CharField()
    outcome = serializers.ChoiceField(OUTCOME_CHOICES)
    because = serializers.CharField()
    facts = serializers.DictField()


class NamedRulebookSerializer(serializers.Serializer[Any]):
    label = serializers.CharField()  # type: ignore[assignment]
    digest = serializers.CharField()


class AssessmentSerializer(serializers.Serializer[Any]):
    outcome = serializers.ChoiceField(OUTCOME_CHOICES)
    review_floor = serializers.ChoiceField(FLOOR_CHOICES, allow_null=True)
    missing = serializers.ListField(child=serializers.CharField())
    findings = ScreenedFindingSerializer(many=True)
    rulebook = NamedRulebookSerializer()


@extend_schema(responses=RulebookSerializer)
@api_view(["GET"])
def rulebook_view(request: Request) -> Response:
    """The active rulebook: every rule with its clause and reason."""
    book = active.reference_data().rulebook
    rules = [
        {
            "id": rule.id,
            "title": rule.title,
            "clause": rule.clause,
            "outcome": rule.outcome,
            "because": rule.because,
        }
        for rule in book.rules
    ]
    return Response(
        {"label": book.label, "digest": book.digest, "source": book.source, "rules": rules}
    )


@extend_schema(
    request=FactsSerializer,
    responses=AssessmentSerializer,
    examples=[OpenApiExample("A monitoring centre", value=EXAMPLE, request_only=True)],
)
@api_view(["POST"])
def screen_view(request: Request) -> Response:
    """Screen facts without a deal. It stores nothing, so repeating it is harmless.

    Sales does not get this: trying out answers would teach how to pass.
    """
    asked = FactsSerializer(data=request.data)
    asked.is_valid(raise_exception=True)
    unknown = sorted(set(request.data) - set(asked.fields))
    if unknown:
        raise serializers.ValidationError(dict.fromkeys(unknown, "This field is not known."))
    declared, given = asked.validated_data["facts"], asked.validated_data.get("derived", {})
    if faults := given_faults(declared, given):
        raise serializers.ValidationError({"derived": faults})
    data = active.reference_data()
    try:
        variants = in_text.traced(declared, data, given=given, on=timezone.localdate())
    except (DeclaredError, FactError) as error:
        raise serializers.ValidationError({"facts": list(error.problems)}) from error
    assessment = active.assess(data, [variant.facts for variant in variants])
    return Response(as_json(assessment, data.rulebook.label, data.rulebook.digest))


def as_json(assessment: Assessment, label: str, digest: str) -> dict[str, Any]:
    """The assessment in the form that the command line prints."""
    return {
        "outcome": assessment.outcome,
        "review_floor": assessment.review_floor,
        "missing": list(assessment.missing),
        "findings": [
            {
                "rule": f.rule,
                "clause": f.clause,
                "outcome": f.outcome,
                "because": f.because,
                "facts": dict(f.facts),
            }
            for f in assessment.findings
        ],
        "rulebook": {"label": label, "digest": digest},
    }


rulebook = signed_in(rulebook_view)
screen = allow(COMPLIANCE, *REVIEWERS, POLICY_OWNER, AUDITOR)(screen_view)
