"""What of a new version lets more through, asks less, or tells people something else.

Each kind of change has a name. The activator confirms it by that name on the page, and a policy
repository with a file of names and reasons on the command line.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from policy.engine.language.condition import RANK
from policy.engine.language.phrases import OUTCOMES
from policy.governance.report_data import Different, LabelledDeal, PromiseChange, Proofs, Reworded


@dataclass(frozen=True)
class Loosening:
    """A kind of change that is confirmed by its name."""

    name: str
    words: str


def of_rulebook(found: Proofs) -> list[Loosening]:
    """Milder outcomes, rules that are gone or fire for fewer deals, and what people read."""
    return [
        *_milder(found["differences"]),
        *(Loosening(one["name"], one["words"]) for one in found["fewer"]),
        *_other_words(found["reworded"]),
        *other_sentences(found["charter"]),
    ]


def _milder(differences: Iterable[Different]) -> list[Loosening]:
    return [
        Loosening(kind_name(kind), kind_words(kind))
        for kind in differences
        if is_looser(kind["before"], kind["after"])
    ]


def _other_words(reworded: Iterable[Reworded]) -> list[Loosening]:
    """One for each rule or fact whose words changed, with everything that changed."""
    words: dict[str, str] = {}
    for text in reworded:
        if not text["is_silent"]:
            change = f"{text['what']} “{text['before']}” becomes “{text['after']}”"
            name = f"words of {text['rule']}"
            words[name] = (
                f"{words[name]}; {change}" if name in words else f"{text['rule']}: {change}"
            )
    return [Loosening(name, change) for name, change in words.items()]


def other_sentences(charter: Iterable[PromiseChange]) -> list[Loosening]:
    """Promises that are kept, but a person reads another sentence.

    One that is not kept says so itself and waits for an executive reviewer.
    """
    return [
        Loosening(
            f"words of {promise['id']}",
            f"{promise['id']}: “{promise['says']}” becomes “{promise['says_now']}”",
        )
        for promise in charter
        if not promise["confirm"] and promise["says"] != promise["says_now"]
    ]


def of_labelled(changed: Iterable[LabelledDeal]) -> list[Loosening]:
    """Labelled deals that come out milder than the policy demands, and did not before."""
    return [
        Loosening(f"labelled {deal['id']}", labelled_words(deal))
        for deal in changed
        if deal["looser"]
    ]


def labelled_words(deal: LabelledDeal) -> str:
    demanded = OUTCOMES[deal["label"]].lower()
    return (
        f"{deal['id']} {deal['title']}: {from_to(deal['before'], deal['after'])}, and the policy"
        f" demands {demanded}"
    )


def is_looser(before: str, after: str) -> bool:
    return RANK[after] < RANK[before]


def kind_name(difference: Different) -> str:
    rules = " ".join(difference["rules"])
    return f"{difference['before']} to {difference['after']}" + (f" by {rules}" if rules else "")


def kind_words(difference: Different) -> str:
    """No rule fires otherwise where one that could not be decided made the difference."""
    rules = ", ".join(difference["rules"])
    change = from_to(difference["before"], difference["after"])
    return f"{change}, because of {rules}" if rules else f"{change}, where an answer is missing"


def from_to(before: str, after: str) -> str:
    return f"{OUTCOMES[before]} becomes {OUTCOMES[after].lower()}"
