"""What the customer's words say that the chosen products do not do: interception, surveillance.

No rule reads a text, so these words decide nothing: they ask compliance to read it. They count only
where no product of the deal relates to surveillance; where one does, the rules judge the deal.
"""

import re
from functools import cache

from policy.reference.names.folding import fold
from policy.reference.names.lexicon import plainly

#: Beginnings of words, folded, in the languages of tenders that we see most. Whole phrases only
#: where a word alone is common: "monitoring" of a network is ordinary.
WORDS = (
    *("intercept", "wiretap", "eavesdrop", "surveil", "spyware", "imsi catch", "stingray"),
    *("call recording for", "deep packet inspection", "decrypt", "deanonymi"),
    *("monitoring cent", "monitoring of commun", "monitor communications", "monitor calls"),
    *("monitoring of citizen", "monitoring of person", "monitoring of people", "monitor citizen"),
    *("track people", "track person", "tracking of person", "tracking of people", "track citizen"),
    *(
        "spy on",
        "spying",
        "journalist",
        "activist",
        "opposition part",
        "protester",
        "demonstrators",
    ),
    *("shut down the network", "shut down the internet", "network shutdown", "during protests"),
    *("facial recognition", "face recognition"),
    *("block website", "blocking of website", "block sites", "blocking of sites", "censor"),
    *("internet shutdown", "kill switch", "dissident"),
    *("ecoutes", "ecoute telephon", "uberwachung von", "abhor", "telekommunikationsuberwach"),
    *("escucha", "interceptacion", "escuta", "intercettazion"),
    *("перехват", "прослуш", "слежк", "сорм", "перехоплен", "прослухов"),
    *("dinleme", "gozetleme", "salakuuntel", "telekuuntel", "avlyssn", "podsluch"),
    *("تنصت", "التنصت", "اعتراض المكالمات", "شنود"),
)
#: Short forms of the trade, in capitals: in small letters they are words of other languages.
SHORT = ("LI", "DPI", "IMSI", "SORM", "CALEA", "LEMF", "OSINT", "SIGINT", "COMINT")
#: Scripts without blanks between words: these stand anywhere.
RUNS = ("监听", "監聽", "窃听", "竊聽", "拦截", "攔截", "傍受", "盗聴", "감청", "도청")

#: Letters one by one, and hyphens inside a word.
_SPELT = re.compile(r"(?<!\S)\w(?: \w(?!\S)){3,}")
_HYPHENS = re.compile(r"(?<=\w)[-\u2010\u2011\u2013_\u00b7.](?=\w)")


@cache
def _listens() -> re.Pattern[str]:
    begins = "|".join(re.escape(fold(word)) for word in WORDS)
    anywhere = "|".join(map(re.escape, RUNS))
    return re.compile(rf"(?:(?<!\w)(?:{begins})\w*)|(?:{anywhere})")


@cache
def _run_together() -> re.Pattern[str]:
    """Where letters stand one by one nobody sees where a word begins."""
    return re.compile("|".join(re.escape(fold(word).replace(" ", "")) for word in WORDS))


@cache
def _short(least: int) -> re.Pattern[str]:
    """Short forms of at least so many letters."""
    forms = [form for form in SHORT if len(form) >= least]
    return re.compile(rf"(?<!\w)(?:{'|'.join(forms)})(?!\w)")


def heard(text: str) -> str:
    """The first word of a text that speaks of interception or surveillance; "" for none.

    Also with digits for letters, with hyphens inside its words, and letter by letter.
    """
    folded = fold(text)
    for heard_as in dict.fromkeys((folded, *plainly(folded), fold(_HYPHENS.sub("", text)))):
        if found := _listens().search(heard_as):
            return found[0]
    for letters in _SPELT.findall(folded):
        if found := _run_together().search(letters.replace(" ", "")):
            return found[0]
    # In a text all in capitals "LI" may be a name; the longer ones still say what they say.
    capitals = _short(3 if text == text.upper() else 2).search(text)
    return capitals[0] if capitals else ""
