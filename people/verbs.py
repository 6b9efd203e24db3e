"""A verb is something that people do, told once: who may, what has to hold, how it is recorded.

Each room has a table of its verbs (`verbs.py`). The action asks it whether it may go on and what to
record, the page which button to show and what it says. So no page says anything else than the
action does, and a sentence of a refusal is the same wherever it is read.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from audit.refusals import Conflict, NotAllowed
from people import access


class Who(NamedTuple):
    """Roles, and what everybody else is told."""

    roles: tuple[str, ...]
    refusal: str


@dataclass(frozen=True)
class Verb[Subject, Result]:
    """``name`` is that of the function in the room's actions.py."""

    name: str
    who: Who
    #: What else has to hold for the subject and the person; raises NotAllowed or Conflict.
    holds: Callable[[Subject, Any], Result]
    #: The verb in the ledger.
    event: str
    button: str

    def check(self, subject: Subject, user: Any) -> Result:
        """What ``holds`` found. Raises NotAllowed or Conflict with the sentence of the refusal."""
        if not access.has_role(user, *self.who.roles):
            raise NotAllowed(self.who.refusal)
        return self.holds(subject, user)

    def why_not(self, subject: Subject, user: Any) -> str:
        """The sentence of the refusal; empty when this person may do it now."""
        try:
            self.check(subject, user)
        except (NotAllowed, Conflict) as refusal:
            return str(refusal)
        return ""

    def may(self, subject: Subject, user: Any) -> bool:
        return not self.why_not(subject, user)


class Offers(dict[str, Verb[Any, Any] | None]):
    """For templates: ``may.claim_deal`` is the verb when its check passes, and None when not.

    Each check is made when a template first asks for it.
    """

    def __init__(self, verbs: Iterable[Verb[Any, Any]], subject: Any, user: Any) -> None:
        super().__init__()
        self._verbs = {verb.name: verb for verb in verbs}
        self._about = (subject, user)

    def __missing__(self, name: str) -> Verb[Any, Any] | None:
        verb = self._verbs[name]
        self[name] = verb if verb.may(*self._about) else None
        return self[name]


def does(*verbs: Verb[Any, Any]) -> Callable[[access.View], access.View]:
    """The view on which these verbs are done: open to those who may do one of them."""
    roles = dict.fromkeys(role for verb in verbs for role in verb.who.roles)

    def decorate(view: access.View) -> access.View:
        guarded = access.allow(*roles, refusal=verbs[0].who.refusal)(view)
        guarded.verbs = verbs  # type: ignore[attr-defined]
        return guarded

    return decorate
