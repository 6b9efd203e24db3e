"""The policy for other programs: the active rulebook, and screening facts without a deal."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from people.access import AUDITOR, COMPLIANCE, POLICY_OWNER, REVIEWERS, allow, signed_in
from policy import active
from policy.engine.language.facts import FactError
from policy.engine.readings.assessment import Assessment
from policy.facts.declared import DeclaredError, given_faults
from policy.facts.derive import derive


class RuleSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    title = serializers.CharField()
    clause = serializers.CharField()
    outcome = serializers.CharField()
    because = serializers.CharField()


class RulebookSerializer(serializers.Serializer[Any]):
    # A serializer has a label and a source of its own; declared fields are not attributes of it.
    label = serializers.CharField()  # type: ignore[assignment]
    digest = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    rules = RuleSerializer(many=True)


class FactsSerializer(serializers.Serializer[Any]):
    """Declared facts, and values that replace derived ones."""

    facts = serializers.DictField()
    derived = serializers.DictField(required=False)


class ScreenedFindingSerializer(serializers.Serializer[Any]):
    rule = serializers.CharField()
    clause = serializers.CharField()
    outcome = serializers.CharField()
    because = serializers.CharField()
    facts = serializers.DictField()


class AssessmentSerializer(serializers.Serializer[Any]):
    outcome = serializers.CharField()
    review_floor = serializers.CharField(allow_null=True)
    missing = serializers.ListField(child=serializers.CharField())
    findings = ScreenedFindingSerializer(many=True)
    rulebook = serializers.DictField()


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


@extend_schema(request=FactsSerializer, responses=AssessmentSerializer)
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
        variants = derive(declared, data, given=given, on=timezone.localdate())
    except (DeclaredError, FactError) as error:
        raise serializers.ValidationError({"facts": list(error.problems)}) from error
    return Response(
        as_json(active.assess(data, variants), data.rulebook.label, data.rulebook.digest)
    )


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
