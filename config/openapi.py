"""What the OpenAPI document says of every operation beside its own answer: how it refuses."""

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers

PROBLEM_TYPE = "application/problem+json"
BODY_METHODS = {"POST", "PUT", "PATCH"}


class ProblemSerializer(serializers.Serializer[Any]):
    """Problem details, RFC 9457."""

    type = serializers.CharField()
    title = serializers.CharField(help_text="The words of the status.")
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="What is wrong, in a sentence for people.")
    instance = serializers.CharField(required=False, help_text="The path that was asked for.")
    # A serializer has errors of its own; declared fields are not attributes of it.
    errors = serializers.DictField(  # type: ignore[assignment]
        required=False, help_text="Of a body that cannot be used: what is wrong with each field."
    )


#: Every operation may answer so: the edge refuses before a view is asked (config/middleware.py).
ALWAYS = {
    400: "The address or the body cannot be read, or holds a value that cannot be used.",
    401: "Nobody is signed in.",
    403: "This is for another role, or the CSRF token is missing.",
    404: "There is nothing here, or the caller may not see it.",
    406: "The answer is JSON, and the request accepts no JSON.",
    503: "PostgreSQL does not answer. Try again later.",
}
WITH_BODY = {415: "The body is not application/json."}


class Schema(AutoSchema):
    """REST_FRAMEWORK's DEFAULT_SCHEMA_CLASS."""

    def get_override_parameters(self) -> list[Any]:
        parameters = list(super().get_override_parameters())
        if self.method in BODY_METHODS:
            parameters.append(
                OpenApiParameter(
                    "X-CSRFToken",
                    str,
                    OpenApiParameter.HEADER,
                    required=True,
                    description="The token of the session, as a page's form holds it.",
                )
            )
        return parameters

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        problems = ALWAYS | (WITH_BODY if self.method in BODY_METHODS else {})
        for status, description in problems.items():
            problem = OpenApiResponse(ProblemSerializer, description=description)
            bodies[str(status)] = self._get_response_for_code(  # type: ignore[no-untyped-call]
                problem, str(status), [PROBLEM_TYPE], direction
            )
        return dict(sorted(bodies.items()))
