"""Outcomes and tiers in words: one table each, with a column for those who read otherwise."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy

from policy.engine.language.phrases import OUTCOMES
from policy.reference.ratings import TIER_WORDS, UNRATED

__all__ = ("OUTCOMES", "OUTCOMES_TO_SALES", "RISKS", "TIERS")

#: Sales is told what an outcome means for the deal, not what the rulebook calls it.
OUTCOMES_TO_SALES: Mapping[str, Any] = {
    "clear": gettext_lazy("Clear"),
    "senior_review": gettext_lazy("Senior review"),
    "executive_review": gettext_lazy("Executive review"),
    "needs_information": gettext_lazy("More information needed"),
    "bar": gettext_lazy("Stopped by the policy"),
}
#: A tier in a column of tiers, and as a badge beside a country.
TIERS: Mapping[str, str] = {tier: words.capitalize() for tier, words in TIER_WORDS.items()}
RISKS: Mapping[str, str] = {
    tier: words if tier == UNRATED else f"{words} risk" for tier, words in TIERS.items()
}
