"""Whether the facts that a deal was last screened with are still what would be derived now.

They are when nothing they come from changed: the answers, the reference data other than the
rulebook, the vocabulary, rulings, what is known of the parties, the day up to which a law of the
register counts, and other deals of the same end user, or of somebody else who is named. A deal that
somebody ruled on, or that names somebody of whom anything was ever known, is derived again; so is a
copy.
"""

import json
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from django.db import connection
from django.utils import timezone

from policy.engine.language.facts import Vocabulary
from policy.models import ReferenceVersion
from policy.reference.names.outlines import PART, WHOLE
from screening import deriving, rows_read
from screening.lifecycle import CLOSED
from screening.models import DealRevision, Screening
from screening.parties import known

# The deals and their newest screenings, found by their numbers: left to itself, PostgreSQL reads
# every screening there is, because it expects few of them to pass what follows.
NEWEST = """
(SELECT id, screening_id, status, review_level, end_user_key, predecessor_id, copied_from_id
 FROM screening_deal
 WHERE id = ANY(%(deals)s) OFFSET 0) AS deal
CROSS JOIN LATERAL (
    SELECT * FROM screening_screening WHERE id = deal.screening_id OFFSET 0) AS screening"""
# Conditions on these. A deal that was linked with others, or would be now, is derived again: what
# is linked changes with the other deals.
HOLDS = """
    screening.rulebook_id = ANY(%(same_words)s)
    AND screening.countries_id IS NOT DISTINCT FROM %(countries)s
    AND screening.catalogue_id = %(catalogue)s
    AND screening.registry_id = %(registry)s
    AND screening.laws_id IS NOT DISTINCT FROM %(laws)s
    AND coalesce(screening.laws_until >= %(today)s, true)
    AND screening.revision_id = (SELECT id FROM screening_dealrevision AS revision
        WHERE revision.deal_id = deal.id ORDER BY revision.number DESC LIMIT 1)
    AND deal.predecessor_id IS NULL AND deal.copied_from_id IS NULL
    AND NOT EXISTS (SELECT FROM screening_factruling AS ruling WHERE ruling.deal_id = deal.id)
    AND NOT EXISTS (SELECT FROM screening_dealparty AS part
        JOIN screening_party AS party ON party.id = part.party_id
        WHERE part.deal_id = deal.id AND party.key = ANY(%(known)s))
    AND (deal.end_user_key = '' OR NOT EXISTS (SELECT FROM screening_deal AS other
        WHERE other.end_user_key = deal.end_user_key AND other.id <> deal.id
        AND other.screening_id IS NOT NULL AND other.status <> ALL(%(closed)s)
        AND (other.status <> 'lapsed' OR other.valid_until > now() OR EXISTS (
            SELECT FROM screening_screening AS its
            JOIN screening_dealrevision AS sent ON sent.id = its.revision_id
            WHERE its.id = other.screening_id
            AND sent.created_at > now() - interval '365 days'))))
    AND NOT EXISTS (SELECT FROM screening_dealparty AS part
        JOIN screening_party AS party ON party.id = part.party_id
        JOIN screening_deal AS other ON other.end_user_key = party.key
        WHERE part.deal_id = deal.id AND other.id <> deal.id
        AND other.screening_id IS NOT NULL AND other.status <> ALL(%(closed)s))
    AND NOT screening.linked"""
HELD = f"SELECT deal.id FROM {NEWEST} WHERE {HOLDS}"  # noqa: S608  written above
#: Revisions whose facts come from themselves alone, so that nothing that happened elsewhere since
#: can have changed them: no other deal ever named one of theirs, in whatever spelling, nobody owns
#: those, is owned by them or has a number of theirs, and no law was picked. Their facts, and
#: whether none of these rows of the countries was read. Another program may derive otherwise.
FACTS = f"""
SELECT screening.revision_id, screening.facts_text,
    NOT string_to_array(screening.rows_text, ' ') && %(rows)s
FROM {NEWEST} WHERE {HOLDS} AND screening.revision_id = ANY(%(revisions)s)
    AND split_part(screening.rows_text, ' ', 1) = %(program)s AND screening.laws_text = '{{}}'
    AND NOT EXISTS (SELECT FROM screening_dealparty AS part
        JOIN screening_party AS named ON named.id = part.party_id
        CROSS JOIN LATERAL (
            SELECT id, parent_id FROM screening_party WHERE key = named.key OFFSET 0) AS party
        WHERE part.deal_id = deal.id AND (party.parent_id IS NOT NULL
            OR EXISTS (SELECT FROM screening_dealparty AS elsewhere
                WHERE elsewhere.party_id = party.id AND elsewhere.deal_id <> deal.id)
            OR EXISTS (SELECT FROM screening_party AS owned WHERE owned.parent_id = party.id)
            OR EXISTS (SELECT FROM screening_partyidentifier AS number
                WHERE number.party_id = party.id)
            OR EXISTS (SELECT FROM (
                    SELECT translate(left(outline, 1), '{WHOLE}{PART}', '{PART}{WHOLE}')
                        || substr(outline, 2) AS outline
                    FROM screening_partyoutline WHERE party_id = party.id OFFSET 0) AS own
                CROSS JOIN LATERAL (SELECT party_id FROM screening_partyoutline
                    WHERE outline = own.outline OFFSET 0) AS alike
                JOIN screening_party AS other ON other.id = alike.party_id
                WHERE other.key <> named.key)))"""  # noqa: S608  written above


class Held(NamedTuple):
    """The stored facts of a revision, and whether they are the same where some rows differ."""

    facts: list[dict[str, Any]]
    is_same_there: bool


def held(deals: Collection[int], versions: Mapping[str, ReferenceVersion]) -> frozenset[int]:
    """Those of the deals whose stored facts hold under these versions."""
    with connection.cursor() as cursor:
        cursor.execute(HELD, {"deals": list(deals), **names(versions)})
        return frozenset(pk for (pk,) in cursor.fetchall())


def facts_of(
    revisions: Collection[DealRevision],
    versions: Mapping[str, ReferenceVersion],
    differing: Collection[str] | None,
) -> dict[int, Held]:
    """By its number what each revision was last screened with, where it would be derived today
    under these versions; ``differing`` are the rows of the countries in which alone others differ.
    """
    numbers = {revision.pk: revision.deal_id for revision in revisions}
    wanted: dict[str, Any] = {
        **names(versions),
        "deals": list(numbers.values()),
        "revisions": list(numbers),
        "program": rows_read.program(),
        "rows": list(differing or ()),
    }
    with connection.cursor() as cursor:
        cursor.execute(FACTS, wanted)
        return {
            revision: Held(json.loads(facts), differing is not None and read_none)
            for revision, facts, read_none in cursor.fetchall()
        }


def names(versions: Mapping[str, ReferenceVersion]) -> dict[str, Any]:
    """The parameters of HOLDS."""
    countries, laws = versions.get("countries"), versions.get("laws")
    return {
        "same_words": same_words(versions["rulebook"].pk),
        "countries": countries.pk if countries else None,
        "catalogue": versions["catalogue"].pk,
        "registry": versions["registry"].pk,
        "laws": laws.pk if laws else None,
        "today": timezone.localdate(),
        "closed": sorted(CLOSED),
        "known": sorted(known.remarkable()),
    }


def stored(screening: Screening, end_user_key: str, vocabulary: Vocabulary) -> deriving.Found:
    """The facts of a screening once more; FactError when the vocabulary cannot read them."""
    return deriving.Found(
        variants=[vocabulary.parse(plain) for plain in screening.facts],
        sources_text=screening.sources_text,
        text=screening.facts_text,
        end_user_key=end_user_key,
        linked=screening.linked,
        laws_text=screening.laws_text,
        laws_until=screening.laws_until,
        rows_text=screening.rows_text,
    )


def same_words(rulebook: int) -> list[int]:
    """The rulebooks that call every fact and value what this one calls it."""
    words = _words(rulebook)
    known = ReferenceVersion.objects.of("rulebook").exclude(activated_at=None)
    return [pk for pk in known.values_list("pk", flat=True) if _words(pk) == words]


@lru_cache(maxsize=64)
def _words(rulebook: int) -> str:
    content = ReferenceVersion.objects.values_list("content", flat=True).get(pk=rulebook)
    return json.dumps(json.loads(content)["vocabulary"])
