"""What sales writes in its own words and the chosen products do not do: interception, surveillance.

No rule reads a text, so these words decide nothing: they ask compliance to read it. Words of what a
product of the deal does are explained by it, and the rules judge the product; of spying on
journalists no product is an explanation.
"""

import re
from collections.abc import Mapping
from functools import cache, lru_cache

from policy.reference.names.folding import fold
from policy.reference.names.lexicon import plainly

INTERCEPTION, INSPECTION, WATCHING = "interception", "inspection", "watching"
FACES, FOLLOWING, BLOCKING, PEOPLE = "faces", "following", "blocking", "people"
#: Beginnings of words in some thirty languages of tenders, by what a product has to do that
#: explains them. Whole phrases only where a word alone is common: "monitoring" of a network is
#: ordinary, and the same word is used of people.
WORDS: Mapping[str, tuple[str, ...]] = {
    INTERCEPTION: (
        *("intercept", "wiretap", "eavesdrop", "spyware", "imsi catch", "stingray", "decrypt"),
        *("call recording for", "deanonymi", "monitoring cent", "monitoring of commun"),
        *("monitor communications", "monitor calls", "phone tap", "telephone tap", "tapping of"),
        *("listen to call", "listen to phone", "listening to call", "listening to phone"),
        *("listen in on", "listening in on", "record all calls", "recording of all calls"),
        *("mirror all traffic", "copy of all traffic", "copies of all traffic", "bulk collection"),
        *("collection of metadata", "sms store", "store of all messages", "all messages stored"),
        *(
            "ecoutes",
            "ecoute telephon",
            "ecoute des app",
            "ecoute des conv",
            "sur ecoute",
            "espionn",
        ),
        *("abhor", "lausch", "mithor", "telekommunikationsuberwach", "vorratsdaten"),
        *("escucha", "interceptac", "intervencion de las comun", "intervencion telefon", "espiar"),
        *("escuta", "grampo telefon", "intercett", "afluister", "aftap", "onderschep"),
        *("перехват", "прослуш", "подслуш", "сорм", "перехоплен", "прослухов", "підслух"),
        *("podsluch", "podsłuch", "przechwyt", "odposlech", "odposluch", "odpocuv", "lehallgat"),
        *("ascultarea conv", "prislusk", "prisluh", "presretan", "прислушк", "пресретан"),
        *("dinleme", "salakuuntel", "telekuuntel", "televalvon", "avlyssn", "avlytt", "aflyt"),
        *("pealtkuul", "noklaus", "pasiklaus", "υποκλοπ", "nghe len", "penyadap", "menyadap"),
        *(
            "تنصت",
            "التنصت",
            "للتنصت",
            "اعتراض المكالمات",
            "تجسس",
            "التجسس",
            "للتجسس",
            "شنود",
            "جاسوسی",
        ),
        *("האזנת סתר", "האזנות סתר", "ציתות", "फोन टैपिंग", "আড়িপাতা", "আড়ি পাতা"),
    ),
    INSPECTION: ("deep packet inspection",),
    WATCHING: ("surveil", "uberwachung von", "слежк", "gozetleme"),
    FACES: ("facial recognition", "face recognition"),
    FOLLOWING: (
        *("track people", "track person", "tracking of person", "tracking of people"),
        *("monitoring of person", "monitoring of people"),
    ),
    BLOCKING: (
        *("block website", "blocking of website", "block sites", "blocking of sites"),
        *("shut down the network", "shut down the internet", "network shutdown", "kill switch"),
        *("internet shutdown", "keyword filter", "blocking of vpn", "block vpn"),
        *("blocking of telegram", "block telegram", "filter what people"),
    ),
    PEOPLE: (
        *("monitoring of citizen", "monitor citizen", "track citizen", "spy on", "spying"),
        *("journalist", "activist", "opposition part", "protester", "demonstrators", "dissident"),
        *("during protests", "censor", "who criticise", "who criticize", "critics of the gov"),
        *("rallies", "social media monitoring", "monitoring of social media"),
        *("opposition", "oposicion", "oposicao", "opposizion", "opozyc", "opozic", "ellenzek"),
        *("muhalif", "oposisi", "оппозиц", "опозиц", "αντιπολιτευ", "אופוזיצי"),
        *("المعارض", "للمعارض", "والمعارض", "المعارضة", "للمعارضة", "مخالفان"),
        *("periodista", "jornalista", "giornalist", "dziennikarz", "novinar", "ujsagiro"),
        *("gazeteci", "журналист", "журналіст", "δημοσιογραφ", "wartawan", "jurnalis", "nha bao"),
        *("الصحفي", "للصحفي", "الصحافي", "עיתונאי", "روزنامه نگار", "خبرنگار"),
        *("aktivist", "activista", "activiste", "attivist", "aktywist", "активист", "активіст"),
        *("ناشط", "الناشط", "للناشط", "فعالان", "פעילי זכויות", "eylemci", "ακτιβιστ"),
        *("disident", "dysydent", "диссидент", "инакомысл", "toisinajattel"),
        *("manifestant", "demonstrant", "протестующ", "gosterici", "المتظاهر", "للمتظاهر"),
        *("migrant", "refugee", "asylum seeker", "trade union", "union member", "uyghur", "uighur"),
        *("rohingya", "ethnic minorit", "human rights def", "theo doi nguoi", "theo doi cong dan"),
        *("vigilancia de ciudadan", "vigilancia de la oposicion", "inwigilac", "sledovani osob"),
    ),
}
#: Short forms of the trade, in capitals: in small letters they are words of other languages.
SHORT: Mapping[str, tuple[str, ...]] = {
    INTERCEPTION: ("LI", "IMSI", "SORM", "CALEA", "LEMF", "SIGINT", "COMINT"),
    INSPECTION: ("DPI",),
    PEOPLE: ("OSINT",),
}
#: Scripts without blanks between words: these stand anywhere.
RUNS: Mapping[str, tuple[str, ...]] = {
    INTERCEPTION: (
        *("监听", "監聽", "窃听", "竊聽", "拦截", "攔截", "傍受", "盗聴"),
        *("감청", "도청", "ดักฟัง", "สอดแนม"),
    ),
    PEOPLE: (
        *("记者", "記者", "异见", "異見", "维权", "維權", "反体制", "活動家", "活动人士"),
        *("반체제", "활동가", "นักข่าว", "ฝ่ายค้าน"),
    ),
}

#: Texts that are kept with what is heard in them: a deal is read several times on its way.
REMEMBERED = 4_096
#: Letters one by one, and hyphens inside a word.
_SPELT = re.compile(r"(?<!\S)\w(?: \w(?!\S)){3,}")
_HYPHENS = re.compile(r"(?<=\w)[-\u2010\u2011\u2013_\u00b7.](?=\w)")


@lru_cache(REMEMBERED)
def heard(text: str, explained: frozenset[str] = frozenset()) -> str:
    """The first word of a text that speaks of interception or surveillance; "" for none.

    Also with digits for letters, with hyphens inside its words, and letter by letter. Words that a
    product explains are passed over.
    """
    folded = fold(text)
    readings = dict.fromkeys((folded, *plainly(folded), fold(_HYPHENS.sub("", text))))
    spelt = [letters.replace(" ", "") for letters in _SPELT.findall(folded)]
    # In a text all in capitals "LI" may be a name; the longer ones still say what they say.
    least = 3 if text == text.upper() else 2
    for group in (one for one in WORDS if one not in explained):
        listens, run_together = _listens(group), _run_together(group)
        words = (
            *map(listens.search, readings),
            *map(run_together.search, spelt),
            _short(group, least).search(text),
        )
        if found := next(filter(None, words), None):
            return found[0]
    return ""


def without_heard(text: str) -> str:
    """What else a text says, folded."""
    folded = fold(text)
    for group in WORDS:
        folded = _listens(group).sub(" ", folded)
    return folded


@cache
def _listens(group: str) -> re.Pattern[str]:
    begins = "|".join(re.escape(fold(word)) for word in WORDS[group])
    anywhere = [re.escape(fold(word)) for word in RUNS.get(group, ())]
    return re.compile("|".join([rf"(?:(?<!\w)(?:{begins})\w*)", *anywhere]))


@cache
def _run_together(group: str) -> re.Pattern[str]:
    """Where letters stand one by one nobody sees where a word begins."""
    return re.compile("|".join(re.escape(fold(word).replace(" ", "")) for word in WORDS[group]))


@cache
def _short(group: str, least: int) -> re.Pattern[str]:
    """Short forms of at least so many letters."""
    forms = [form for form in SHORT.get(group, ()) if len(form) >= least]
    # Without forms it finds nothing.
    return re.compile(rf"(?<!\w)(?:{'|'.join(forms)})(?!\w)" if forms else r"(?!)")
