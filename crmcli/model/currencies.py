"""Currencies: the codes of ISO 4217, the signs and words that stand for one, and their hundredths."""

from __future__ import annotations

from crmcli.words import joined

_TABLE = joined("currencies")
CODES = frozenset(_TABLE.pop("codes").split("|"))
WITHOUT_CENTS = frozenset(_TABLE.pop("whole").split("|"))
"""Currencies that have no hundredths, as the yen."""
CURRENCY_SIGNS = {
    **{code.lower(): code for code in CODES},
    **{sign: code for code, signs in _TABLE.items() for sign in signs.split("|")},
}
"""Codes, signs, and the names by which other systems write a currency, in small letters."""

HUNDREDTHS = {
    "коп": "RUB", "копейка": "RUB", "копейки": "RUB", "копеек": "RUB", "тиын": "KZT",
    "gr": "PLN", "grosz": "PLN", "grosze": "PLN", "groszy": "PLN", "cent": "", "cents": "", "ct": "",
    "цент": "", "цента": "", "центов": "", "pence": "GBP", "rp": "CHF", "paise": "INR", "centavos": "BRL",
}  # fmt: skip
"""Words for a hundredth, and the currency whose it is where only one has it."""
