"""Countries by the names that people write, for the phones of their addresses."""

from __future__ import annotations

import re

from crmcli.model.values import fold

_NAMES = {
    "RU": "россия|российская федерация|рф|russia|russian federation|rus|rossija|russland|rosja",
    "BY": "беларусь|белоруссия|республика беларусь|рб|belarus|blr|białoruś",
    "KZ": "казахстан|республика казахстан|рк|kazakhstan|kaz|қазақстан",
    "UA": "украина|україна|ukraine|ukr|ukraina",
    "UZ": "узбекистан|uzbekistan|uzb|oʻzbekiston",
    "KG": "киргизия|кыргызстан|киргизстан|kyrgyzstan|kgz",
    "TJ": "таджикистан|tajikistan|tjk",
    "TM": "туркменистан|туркмения|turkmenistan|tkm",
    "AM": "армения|armenia|arm",
    "AZ": "азербайджан|azerbaijan|aze",
    "GE": "грузия|georgia (country)|geo|sakartvelo",
    "MD": "молдова|молдавия|moldova|mda",
    "US": "сша|соединенные штаты|соединенные штаты америки|usa|u.s.a.|u.s.|united states|"
    "united states of america|america|америка|vereinigte staaten|estados unidos|états-unis",
    "CA": "канада|canada|can|kanada",
    "GB": "великобритания|англия|шотландия|уэльс|соединенное королевство|uk|u.k.|united kingdom|"
    "great britain|england|scotland|wales|gbr|großbritannien|royaume-uni|wielka brytania",
    "IE": "ирландия|ireland|irl|éire",
    "DE": "германия|фрг|germany|deutschland|deu|ger|allemagne|niemcy|alemanha|alemania|brd",
    "AT": "австрия|austria|österreich|aut|autriche",
    "CH": "швейцария|switzerland|schweiz|suisse|svizzera|che|suíça",
    "FR": "франция|france|fra|frankreich|francja",
    "IT": "италия|italy|italia|ita|italien|italie|włochy",
    "ES": "испания|spain|españa|esp|spanien|espagne|hiszpania",
    "PT": "португалия|portugal|prt",
    "NL": "нидерланды|голландия|netherlands|the netherlands|holland|nederland|nld|niederlande",
    "BE": "бельгия|belgium|belgique|belgië|bel|belgien",
    "LU": "люксембург|luxembourg|lux|luxemburg",
    "PL": "польша|poland|polska|pol|polen|pologne|rzeczpospolita polska",
    "CZ": "чехия|чешская республика|czechia|czech republic|česko|česká republika|cze|tschechien",
    "SK": "словакия|slovakia|slovensko|svk|slowakei",
    "HU": "венгрия|hungary|magyarország|hun|ungarn",
    "RO": "румыния|romania|românia|rou|rumänien",
    "BG": "болгария|bulgaria|българия|bgr|bulgarien",
    "RS": "сербия|serbia|srbija|србија|srb|serbien",
    "HR": "хорватия|croatia|hrvatska|hrv|kroatien",
    "SI": "словения|slovenia|slovenija|svn|slowenien",
    "ME": "черногория|montenegro|crna gora|mne",
    "GR": "греция|greece|ελλάδα|hellas|grc|griechenland",
    "CY": "кипр|cyprus|cyp|zypern",
    "MT": "мальта|malta|mlt",
    "TR": "турция|turkey|türkiye|turkiye|tur|türkei",
    "IL": "израиль|israel|isr",
    "AE": "оаэ|эмираты|объединенные арабские эмираты|uae|united arab emirates|are|emirates",
    "SA": "саудовская аравия|saudi arabia|ksa|sau",
    "FI": "финляндия|finland|suomi|fin|finnland",
    "SE": "швеция|sweden|sverige|swe|schweden",
    "NO": "норвегия|norway|norge|nor|norwegen",
    "DK": "дания|denmark|danmark|dnk|dänemark",
    "IS": "исландия|iceland|ísland|isl",
    "EE": "эстония|estonia|eesti|est|estland",
    "LV": "латвия|latvia|latvija|lva|lettland",
    "LT": "литва|lithuania|lietuva|ltu|litauen",
    "CN": "китай|кнр|china|prc|chn|中国|people's republic of china",
    "HK": "гонконг|hong kong|hkg",
    "TW": "тайвань|taiwan|twn",
    "JP": "япония|japan|jpn|日本",
    "KR": "корея|южная корея|south korea|republic of korea|korea|kor|korea (south)",
    "IN": "индия|india|ind|bharat|भारत|indien",
    "PK": "пакистан|pakistan|pak",
    "BD": "бангладеш|bangladesh|bgd",
    "TH": "таиланд|тайланд|thailand|tha",
    "VN": "вьетнам|vietnam|viet nam|vnm",
    "ID": "индонезия|indonesia|idn",
    "MY": "малайзия|malaysia|mys",
    "SG": "сингапур|singapore|sgp",
    "PH": "филиппины|philippines|the philippines|phl",
    "MN": "монголия|mongolia|mng",
    "AU": "австралия|australia|aus|australien",
    "NZ": "новая зеландия|new zealand|nzl|neuseeland",
    "BR": "бразилия|brazil|brasil|bra|brasilien|brésil",
    "AR": "аргентина|argentina|arg",
    "MX": "мексика|mexico|méxico|mex",
    "CL": "чили|chile|chl",
    "CO": "колумбия|colombia|col",
    "PE": "перу|peru|perú|per",
    "EG": "египет|egypt|egy",
    "ZA": "юар|южная африка|south africa|zaf|rsa",
    "NG": "нигерия|nigeria|nga",
    "KE": "кения|kenya|ken",
    "MA": "марокко|morocco|maroc|mar",
}
_CODES = {fold(name): code for code, names in _NAMES.items() for name in names.split("|")}
_CUT = re.compile(r"[,;\n]")


def country_of(text: str) -> str:
    """The code of a country that a text names, in one of many languages or by its code; "" if it is none."""
    name = fold(text).strip(" .,")
    if re.fullmatch("[a-z]{2}", name):
        from crmcli.model.phones import is_country

        return name.upper() if is_country(name.upper()) else _CODES.get(name, "")
    return _CODES.get(name, "") or _CODES.get(f"{name}.", "")


def country_of_address(address: str) -> str:
    """The country that an address begins or ends with, by its name; a code may be that of a state."""
    pieces = [fold(piece).strip(" .") for piece in _CUT.split(address)]
    named = (piece for piece in (pieces[-1], pieces[0]) if len(piece) > 2 or piece in ("рф", "uk"))
    return next((code for piece in named if (code := _CODES.get(piece, ""))), "")
