"""The letters of European languages beyond ASCII, and the encodings in which each is written."""

from __future__ import annotations

_CYRILLIC = (
    "о110 а80 и70 н67 т60 с50 р47 в45 л40 к35 м32 д30 п28 у28 я19 ь15 г16 з18 б16 ч13 й11 х10 ж8 ш7 ю7 "
    "ц6 щ4 ф3"
)
_PER_MILLE = {
    "ru": "о110 е84 а80 и74 н67 т63 с55 р47 в45 л44 к35 м32 д30 п28 у26 я20 ы19 ь17 г17 з17 б16 ч14 й12 х10 "
    "ж9 ш7 ю6 ц5 щ4 э3 ф3 ъ0.4 ё0.6",
    "uk": f"{_CYRILLIC} е50 і58 ї7 є5 ґ0.2",
    "be": f"{_CYRILLIC} е45 і60 ў12 ы35 э13 ё7",
    "bg": f"{_CYRILLIC} е85 ъ15",
    "sr": f"{_CYRILLIC} е85 ј40 љ5 њ7 ћ7 ђ2 џ0.5",
    "el": "α100 ο90 ι70 ε75 τ75 σ50 ν65 η45 υ35 ρ42 π42 κ42 μ33 λ30 ς45 ά20 ό18 έ17 ί22 ή14 ώ9 ύ9 ω14 θ12 "
    "δ18 γ18 χ12 φ9 β8 ξ5 ζ5 ψ2 ϊ1 ϋ0.3 ΐ0.3 ΰ0.1",
    "de": "ä9 ö7 ü11 ß5",
    "fr": "é22 è8 à5 ê4 ç4 ë3 ï2 î3 ô3 û1 ù0.5 â2 œ0.5 ÿ0.02",
    "es": "á12 é11 í14 ó14 ú4 ñ8 ü0.5",
    "pt": "ã14 á10 é9 í8 ó8 ú4 â4 ê7 ô3 õ3 ç11 à1 ü0.1",
    "it": "à10 è7 é2 ì4 ò7 ù4",
    "ca": "à5 è3 é4 í3 ï1 ò3 ó4 ú1 ü0.5 ç2",
    "sv": "å13 ä17 ö13 é1",
    "da": "æ13 ø16 å14 é0.5",
    "fi": "ä35 ö5 å0.5",
    "is": "á18 é6 í15 ó10 ú6 ý2 þ10 ð30 æ9 ö9",
    "nl": "ë1.5 é1 ï1 ö0.3 ü0.3 è0.3",
    "ga": "á8 é7 í9 ó8 ú6",
    "sq": "ë60 ç6",
    "et": "õ10 ä10 ü6 ö3 š0.2 ž0.2",
    "pl": "ą10 ć5 ę11 ł18 ń4 ó9 ś7 ź1 ż8",
    "cs": "á22 č10 ď0.5 é13 ě14 í30 ň1 ó1 ř12 š9 ť1 ú2 ů4 ý11 ž10",
    "sk": "á16 ä1 č12 ď2 é8 í12 ĺ0.3 ľ4 ň2 ó2 ô2 ŕ0.3 š9 ť5 ú6 ý8 ž8",
    "hu": "á34 é33 í6 ó9 ö8 ő8 ú3 ü5 ű2",
    "ro": "ă24 â8 î10 ş13 ţ11 ș13 ț11",
    "hr": "č11 ć9 đ4 š9 ž7",
    "tr": "ç11 ğ12 ı45 ö8 ş18 ü18 â0.3",
    "lt": "ą4 č6 ę2 ė17 į5 š11 ų10 ū5 ž9",
    "lv": "ā40 č3 ē17 ģ2 ī18 ķ2 ļ4 ņ5 š11 ū7 ž4",
    "en": "é0.5 ï0.1",
}
PER_MILLE = {
    language: {word[0]: float(word[1:]) for word in text.split()}
    for language, text in _PER_MILLE.items()
}
"""How many of a thousand letters each is, by language."""

SMALL = frozenset(["ca", "ga", "sq", "et", "is", "be"])
"""Languages that few files are in."""

_WEST = ["en", "de", "fr", "es", "pt", "it", "ca", "sv", "da", "fi", "is", "nl", "ga", "sq", "et"]
_CENTRAL = ["pl", "cs", "sk", "hu", "ro", "hr"]
WRITTEN_IN = {
    "cp1251": ["ru", "uk", "be", "bg", "sr"],
    "cp1252": _WEST,
    "cp1250": _CENTRAL,
    "cp1253": ["el"],
    "cp1254": ["tr"],
    "cp1257": ["lt", "lv", "et"],
    "koi8-r": ["ru"],
    "koi8-u": ["uk"],
    "cp866": ["ru", "uk", "be"],
    "mac-cyrillic": ["ru", "uk", "be", "bg", "sr"],
    "iso8859-5": ["ru", "be", "bg", "sr"],
    "mac-roman": _WEST,
    "cp850": _WEST,
    "iso8859-2": _CENTRAL,
    "cp852": _CENTRAL,
    "mac-latin2": _CENTRAL,
    "iso8859-15": _WEST,
    "iso8859-7": ["el"],
    "iso8859-13": ["lt", "lv", "et"],
}
"""The encodings, and the languages that are written in each."""

RARITY = {
    "koi8-r": 1, "koi8-u": 1, "cp866": 1, "mac-cyrillic": 1, "iso8859-5": 2, "mac-roman": 1, "cp1257": 2,
    "cp850": 2, "iso8859-2": 1, "cp852": 3, "mac-latin2": 4, "iso8859-15": 1, "iso8859-7": 1, "iso8859-13": 1,
}  # fmt: skip
"""How seldom an encoding is met."""

_COUNTRIES = {
    "uk": {"UA"}, "be": {"BY"}, "sr": {"RS", "ME", "BA"}, "el": {"GR", "CY"}, "cs": {"CZ"},
    "de": {"DE", "AT", "CH", "LI", "LU"}, "da": {"DK", "NO"}, "fr": {"FR", "BE", "CH", "LU", "CA", "MC"},
    "es": {"ES", "MX", "AR", "CO", "CL", "PE", "VE", "EC", "UY", "BO", "PY", "CR", "DO"}, "pt": {"PT", "BR"},
    "sv": {"SE", "FI"}, "it": {"IT", "CH", "SM"}, "ca": {"ES", "AD"}, "nl": {"NL", "BE"}, "ga": {"IE"},
    "sq": {"AL", "XK"}, "et": {"EE"}, "ru": {"RU", "BY", "KZ", "KG"}, "hr": {"HR", "SI", "BA", "ME", "RS"},
    "bg": {"BG", "MK"}, "ro": {"RO", "MD"}, "lv": {"LV"}, "tr": {"TR"},
}  # fmt: skip
"""Where a language is written; that of PL is called pl."""


def languages_of(language: str, country: str) -> frozenset[str]:
    """The languages that a workspace of this language and country is likely to have files in."""
    there = {name for name, countries in _COUNTRIES.items() if country in countries}
    return frozenset({language, *there, country.lower()} & PER_MILLE.keys())
