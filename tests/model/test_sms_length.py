"""How long an SMS is: as the tables of 3GPP TS 23.038 and 23.040 have it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcli.model.sms_length import BASIC, EXTENDED, GSM, UCS2, in_words, measured, parted


@pytest.mark.parametrize(
    ("text", "alphabet", "units", "parts"),
    [
        ("", GSM, 0, 1),
        ("a" * 160, GSM, 160, 1),
        ("a" * 161, GSM, 161, 2),
        ("a" * 306, GSM, 306, 2),
        ("a" * 307, GSM, 307, 3),
        ("€" * 80, GSM, 160, 1),
        ("€" * 81, GSM, 162, 2),
        ("a" * 152 + "€" + "a" * 152, GSM, 306, 3),  # an escape is not parted from its letter
        ("naïve", UCS2, 5, 1),  # ï is not in the table, though é and ì are
        ("ÇàüÑ¿", GSM, 5, 1),
        ("ç", UCS2, 1, 1),
        ("`", UCS2, 1, 1),
        ("П" * 70, UCS2, 70, 1),
        ("П" * 71, UCS2, 71, 2),
        ("П" * 134, UCS2, 134, 2),
        ("П" * 135, UCS2, 135, 3),
        ("😀" * 35, UCS2, 70, 1),
        ("😀" * 36, UCS2, 72, 2),
        ("П" * 66 + "😀" + "П" * 66, UCS2, 134, 3),  # nor are halves of a pair
    ],
)
def test_length(text: str, alphabet: str, units: int, parts: int) -> None:
    found = measured(text)
    assert (found.alphabet, found.units, found.parts) == (alphabet, units, parts)


def test_the_table_has_128_places() -> None:
    """127 letters, and the escape by which the ten of the extension are reached."""
    assert len(BASIC) == 127
    assert len(EXTENDED) == 10
    assert not BASIC & EXTENDED.keys()


@given(st.text(st.sampled_from("ab€ПÇç😀\n "), max_size=700))
def test_parts_are_the_text_and_each_fits(text: str) -> None:
    pieces, length = parted(text), measured(text)
    assert "".join(pieces) == text
    assert len(pieces) == length.parts
    if length.parts == 1:
        return
    room = 153 if length.alphabet == GSM else 134
    for piece in pieces:
        octets = (
            len(piece.encode("utf-16-be"))
            if length.alphabet == UCS2
            else len(piece) + piece.count("€")
        )
        assert 0 < octets <= room


def test_in_words() -> None:
    assert in_words("abc") == "1 part: 3/160 characters, GSM-7"
    assert (
        in_words("П" * 71, "3.20 RUB")
        == "2 parts: 71 characters, UCS-2 because of 'П'; about RUB\u00a06.40"
    )
