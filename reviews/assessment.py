"""What a reviewer weighs before a vote, and in which words. Pure.

Severity is the highest of its three scores, never their mean, and no arithmetic turns scores into
a verdict (UN Guiding Principles 14 and 24; OECD guidance on due diligence, 2018).
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

LEAST_REASON = 30


class Choice(NamedTuple):
    """One thing to choose: ``options`` maps the stored value to its words."""

    name: str
    question: str
    hint: str
    options: Mapping[str, str]


class Criterion(NamedTuple):
    """One or more choices that share a reason."""

    name: str
    title: str
    choices: tuple[Choice, ...]

    @property
    def reason(self) -> str:
        return f"{self.name}_because"


CRITERIA: tuple[Criterion, ...] = (
    Criterion(
        "severity",
        "Severity",
        (
            Choice(
                "scale",
                "How grave is the harm, if it happens?",
                "Think of the right that is hit hardest.",
                {
                    "1": "Minor: an inconvenience",
                    "2": "Serious: a right is restricted",
                    "3": "Grave: a right is taken away",
                    "4": "Gravest: life, liberty or bodily integrity",
                },
            ),
            Choice(
                "scope",
                "How many people would it reach?",
                "",
                {"1": "Individuals", "2": "A group", "3": "Many people", "4": "A whole population"},
            ),
            Choice(
                "remedy",
                "Can the harm be put right?",
                "",
                {"1": "Yes, fully", "2": "Mostly", "3": "Hardly", "4": "No, never"},
            ),
        ),
    ),
    Criterion(
        "likelihood",
        "Likelihood",
        (
            Choice(
                "likelihood",
                "How likely is it here, with this end user?",
                "Look at the country, the record of the end user and what the system can do.",
                {"1": "Unlikely", "2": "Possible", "3": "Likely", "4": "To be expected"},
            ),
        ),
    ),
    Criterion(
        "link",
        "Our link",
        (
            Choice(
                "link",
                "What part would our product play?",
                "",
                {
                    "none": "None: the harm needs nothing from us",
                    "present": "It is only present in the same network",
                    "contributes": "It makes the harm easier",
                    "causes": "It does the harm itself",
                },
            ),
        ),
    ),
    Criterion(
        "safeguards",
        "Safeguards",
        (
            Choice(
                "safeguards",
                "What do the safeguards change?",
                "Count only what is really in the offer.",
                {
                    "prevent": "They prevent the harm",
                    "reduce": "They reduce it clearly",
                    "little": "They change little",
                    "none": "There are none",
                },
            ),
        ),
    ),
    Criterion(
        "conflict",
        "Law and human rights",
        (
            Choice(
                "conflict",
                "Does local law conflict with human-rights standards?",
                "Clause C5: a conflict is written down and settled in the way that respects "
                "rights best.",
                {
                    "none": "No conflict",
                    "settled": "A conflict, settled so that rights are respected best",
                    "open": "A conflict that is not settled",
                },
            ),
        ),
    ),
)


class Line(NamedTuple):
    """One criterion of a stored assessment in words."""

    title: str
    chosen: list[tuple[str, str]]
    because: str


def in_words(assessment: Mapping[str, Any]) -> list[Line]:
    """The lines of a stored assessment; what was not weighed is left out."""
    lines = []
    for criterion in CRITERIA:
        chosen = [
            (choice.question, choice.options.get(assessment[choice.name], assessment[choice.name]))
            for choice in criterion.choices
            if assessment.get(choice.name)
        ]
        if chosen:
            lines.append(Line(criterion.title, chosen, assessment.get(criterion.reason, "")))
    return lines


def severity(assessment: Mapping[str, Any]) -> str:
    """The highest of scale, scope and remedy, "1" to "4"; empty when none was weighed."""
    return max((assessment.get(name) or "" for name in ("scale", "scope", "remedy")), default="")
