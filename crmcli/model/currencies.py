"""Currencies: the codes of ISO 4217, the signs and words that stand for one, and their hundredths."""

from __future__ import annotations

CODES = frozenset((
    "AED", "AFN", "ALL", "AMD", "ANG", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BGN", "BHD",
    "BIF", "BMD", "BND", "BOB", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHF", "CLP", "CNY",
    "COP", "CRC", "CUP", "CVE", "CZK", "DJF", "DKK", "DOP", "DZD", "EGP", "ERN", "ETB", "EUR", "FJD", "FKP",
    "GBP", "GEL", "GHS", "GIP", "GMD", "GNF", "GTQ", "GYD", "HKD", "HNL", "HTG", "HUF", "IDR", "ILS", "INR",
    "IQD", "IRR", "ISK", "JMD", "JOD", "JPY", "KES", "KGS", "KHR", "KMF", "KPW", "KRW", "KWD", "KYD", "KZT",
    "LAK", "LBP", "LKR", "LRD", "LSL", "LYD", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP", "MRU", "MUR",
    "MVR", "MWK", "MXN", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR", "NZD", "OMR", "PAB", "PEN", "PGK",
    "PHP", "PKR", "PLN", "PYG", "QAR", "RON", "RSD", "RUB", "RWF", "SAR", "SBD", "SCR", "SDG", "SEK", "SGD",
    "SHP", "SLE", "SOS", "SRD", "SSP", "STN", "SVC", "SYP", "SZL", "THB", "TJS", "TMT", "TND", "TOP", "TRY",
    "TTD", "TWD", "TZS", "UAH", "UGX", "USD", "UYU", "UZS", "VES", "VND", "VUV", "WST", "XAF", "XCD", "XOF",
    "XPF", "YER", "ZAR", "ZMW", "ZWG",
))  # fmt: skip
_SIGNS = {
    "RUB": "₽|руб|руб.|р|р.|рубль|рубля|рубли|рублей|российский рубль|rur|rub.",
    "USD": "$|us$|доллар|доллара|доллары|долларов|долл|долл.|доллар сша|us dollar|dollar|dollars|usd.",
    "EUR": "€|евро|euro|euros|eur.",
    "GBP": "£|pound|pounds|фунт|фунта|фунтов",
    "CHF": "fr.|sfr|sfr.|chf.|франк|франка|франков",
    "JPY": "¥|円|иена|иены|иен|yen",
    "CNY": "元|юань|юаня|юаней|китайский юань|rmb|cn¥",
    "INR": "₹|rs|rs.|рупия|рупии|рупий|rupees|rupee",
    "BRL": "r$|reais|real",
    "PLN": "zł|zl|zł.|złoty|złote|złotych|злотый|злотых",
    "UAH": "₴|грн|грн.|гривна|гривны|гривен",
    "KZT": "₸|тг|тг.|тенге|казахстанский тенге",
    "BYN": "br|белорусский рубль|бел. руб.|byr",
    "CZK": "kč|kc|крона чешская",
    "HUF": "ft|ft.",
    "BGN": "лв|лв.",
    "RON": "lei|leu",
    "TRY": "₺|tl",
    "GEL": "₾|лари",
    "AMD": "֏|драм|драмов",
    "AZN": "₼|манат|манатов",
    "KGS": "сом|сомов",
    "UZS": "сум|so'm",
    "TJS": "сомони",
    "ILS": "₪",
    "KRW": "₩",
    "VND": "₫",
    "THB": "฿",
    "NGN": "₦",
    "PHP": "₱",
    "MNT": "₮",
    "GHS": "₵",
    "CRC": "₡",
    "PYG": "₲",
    "LAK": "₭",
    "KHR": "៛",
    "AUD": "a$|au$",
    "CAD": "c$|ca$|cad$",
    "HKD": "hk$",
    "NZD": "nz$",
    "SGD": "s$|sg$",
    "MXN": "mx$|mex$",
    "TWD": "nt$",
    "ZAR": "r",
}
CURRENCY_SIGNS = {
    **{code.lower(): code for code in CODES},
    **{sign: code for code, signs in _SIGNS.items() for sign in signs.split("|")},
}
"""Codes, signs, and the names by which other systems write a currency, in small letters."""

HUNDREDTHS = {
    "коп": "RUB", "копейка": "RUB", "копейки": "RUB", "копеек": "RUB", "тиын": "KZT",
    "gr": "PLN", "grosz": "PLN", "grosze": "PLN", "groszy": "PLN", "cent": "", "cents": "", "ct": "",
    "цент": "", "цента": "", "центов": "", "pence": "GBP", "rp": "CHF", "paise": "INR", "centavos": "BRL",
}  # fmt: skip
"""Words for a hundredth, and the currency whose it is where only one has it."""
