"""What the customer's words say that the chosen products do not do: interception, surveillance.

No rule reads a text, so these words decide nothing: they ask compliance to read it. They count only
where no product of the deal relates to surveillance; where one does, the rules judge the deal.
"""

import re
from functools import cache

from policy.reference.names.folding import fold

#: Beginnings of words, folded, in the languages of tenders that we see most. Whole phrases only
#: where a word alone is common: "monitoring" of a network is ordinary.
WORDS = (
    *("intercept", "wiretap", "eavesdrop", "surveil", "spyware", "imsi catch", "stingray"),
    *("call recording for", "deep packet inspection", "decrypt", "deanonymi"),
    *("monitoring cent", "monitoring of commun", "monitor communications", "monitor calls"),
    *("monitoring of citizen", "monitoring of person", "monitoring of people", "monitor citizen"),
    *("track people", "track person", "tracking of person", "tracking of people", "track citizen"),
    *("facial recognition", "face recognition"),
    *("block website", "blocking of website", "block sites", "blocking of sites", "censor"),
    *("internet shutdown", "kill switch", "dissident"),
    *("ecoutes", "ecoute telephon", "uberwachung von", "abhor", "telekommunikationsuberwach"),
    *("escucha", "interceptacion", "escuta", "intercettazion"),
    *("перехват", "прослуш", "слежк", "сорм", "перехоплен", "прослухов"),
    *("dinleme", "gozetleme", "salakuuntel", "telekuuntel", "avlyssn", "podsluch"),
    *("تنصت", "التنصت", "اعتراض المكالمات", "شنود"),
)
#: Scripts without blanks between words: these stand anywhere.
RUNS = ("监听", "監聽", "窃听", "竊聽", "拦截", "攔截", "傍受", "盗聴", "감청", "도청")


@cache
def _listens() -> re.Pattern[str]:
    begins = "|".join(re.escape(fold(word)) for word in WORDS)
    anywhere = "|".join(map(re.escape, RUNS))
    return re.compile(rf"(?:(?<!\w)(?:{begins})\w*)|(?:{anywhere})")


def heard(text: str) -> str:
    """The first word of a text that speaks of interception or surveillance; "" for none."""
    found = _listens().search(fold(text))
    return found[0] if found else ""
