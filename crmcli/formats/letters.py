"""The letters of European languages beyond ASCII, and the encodings in which each is written."""

from __future__ import annotations

from crmcli.words import rows

_LANGUAGES = [(language, *said.split("|")) for language, said in rows("languages")]
_COUNTRIES = {language: countries.split() for language, countries, _ in _LANGUAGES}
PER_MILLE = {
    language: {word[0]: float(word[1:]) for word in letters.split()}
    for language, _, letters in _LANGUAGES
}
"""How many of a thousand letters each is, by language."""

SMALL = frozenset(["ca", "ga", "sq", "et", "is", "be"])
"""Languages that few files are in."""

_ENCODINGS = {encoding: said.split() for encoding, said in rows("encodings")}
WRITTEN_IN = {encoding: languages for encoding, (_, *languages) in _ENCODINGS.items()}
"""The encodings, and the languages that are written in each."""

RARITY = {encoding: int(rarity) for encoding, (rarity, *_) in _ENCODINGS.items()}
"""How seldom an encoding is met."""


def languages_of(language: str, country: str) -> frozenset[str]:
    """The languages that a workspace of this language and country is likely to have files in."""
    there = {name for name, countries in _COUNTRIES.items() if country in countries}
    return frozenset({language, *there} & PER_MILLE.keys())
