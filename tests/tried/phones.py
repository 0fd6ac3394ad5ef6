"""Phone numbers as files have them."""

from __future__ import annotations

import re
from pathlib import Path

from crmcli.model.phones import parse_phones
from tests.tried import Tried


def comes_out(form: str, folder: Path) -> str:
    """`RU: 8 916…`: the country and the cell; the numbers, those that fit no plan as text."""
    country, _, text = form.partition(": ")
    try:
        phones = parse_phones(text, country, keep=True)
    except ValueError:
        return "no number"
    return ", ".join(str(p) if re.fullmatch(r"\+[0-9]+", p.value) else f"kept: {p}" for p in phones)


FORMS = {
    "RU: 8 916 123-45-67": "+79161234567",
    "RU: 9161234567": "+79161234567",
    "RU: 8 (441) 954-51-72": "+74419545172",
    "RU: (441) 954-5172": "kept: (441) 954-5172",
    "RU: 1234567890": "kept: 1234567890",
    "RU: (212) 555-0147": "kept: (212) 555-0147",
    "RU: +7 916 123-45-6": "kept: +7 916 123-45-6",
    "RU: 123-45-67": "kept: 123-45-67",
    "RU: 112": "kept: 112",
    "RU: 0911": "kept: 0911",
    "RU: *100#": "kept: *100#",
    "RU: 123-45-67 доб. 12": "kept: 123-45-67 x12",
    "RU: 8 916 123-45-67, 310-00-00": "+79161234567, kept: 310-00-00",
    "RU: 00 49 30 901820": "+4930901820",
    "RU: 380441234567": "+380441234567",
    "RU: 12.03.2026": "no number",
    "RU: звонить вечером": "no number",
    "US: (212) 555-0147": "+12125550147",
    "US: 555-123-4567 x12": "+15551234567 x12",
    "US: 911": "kept: 911",
    "US: 8-495-123-45-67": "kept: 8-495-123-45-67",
    "DE: 089/1234-567": "+49891234567",
    "DE: (030) 901820": "+4930901820",
    "DE: 0151 23456789": "+4915123456789",
    "PL: 600 700 800": "+48600700800",
    "PL: 22 123 45 67": "+48221234567",
    "IN: 098765 43210": "+919876543210",
    "BR: (11) 98765-4321": "+5511987654321",
    "GB: 07700 900123": "+447700900123",
    "FR: 06 12 34 56 78": "+33612345678",
    "CH: 079 123 45 67": "+41791234567",
    "KZ: 8 701 123 45 67": "+77011234567",
    "BY: 8 029 123-45-67": "+375291234567",
    "UA: 050 123 45 67": "+380501234567",
}

CHAPTER = [Tried("Phones in files, by the country of the row", FORMS, comes_out)]
