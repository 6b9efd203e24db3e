"""Rulebooks that people tried to hollow out, as changes of the shipped text."""

from policy.facts import shipped

#: The premise of the promises on active surveillance made impossible, their sentences unchanged.
EMPTIED = (
    (
        "    surely: active_surveillance\n    only: [bar]",
        "    surely: {all: [active_surveillance, {country_risk: [low]}, {country_risk: [high]}]}\n"
        "    only: [bar]",
    ),
    (
        "    possibly: active_surveillance\n    only: [needs_information, bar]",
        "    surely: {all: [active_surveillance, {country_risk: [low]}, {country_risk: [high]}]}\n"
        "    only: [needs_information, bar]",
    ),
)
#: A promise of the rulebook's own that allows more than before; the charter's says the same still.
LOOSENED = (
    "possibly: intelligence\n    only: [executive_review,",
    "possibly: intelligence\n    only: [senior_review, executive_review,",
)
#: What the first step was for: monitoring centres are reviewed.
REVIEWED = (
    "title: Active surveillance is excluded\n    clause: C2b\n    outcome: bar",
    "title: Active surveillance is excluded\n    clause: C2b\n    outcome: senior_review",
)


def rulebook(*changes: tuple[str, str], label: str = "9.1") -> str:
    """The text of the shipped rulebook with these texts replaced, under another label."""
    text = shipped.text(shipped.RULEBOOK)
    own = f'label: "{shipped.rulebook().label}"'
    for old, new in (*changes, (own, f'label: "{label}"')):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text
