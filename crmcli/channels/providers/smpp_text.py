"""Texts of SMS as SMPP carries them: alphabets, and the headers of parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from crmcli.model.sms_length import EXTENDED, GSM, TABLE, measured, parted

if TYPE_CHECKING:
    from smpplib.smpp import PDU

_HAS_HEADER = 0x40
_LETTERS = {code: letter for letter, code in EXTENDED.items()}


class Coding(NamedTuple):
    """A part as it goes over the line."""

    octets: bytes
    coding: int
    esm_class: int


def encoded(text: str, reference: int) -> list[Coding]:
    """The parts of a text; where there are several each begins with a header that has the reference."""
    is_gsm = measured(text).alphabet == GSM
    pieces = [_gsm(one) if is_gsm else one.encode("utf-16-be") for one in parted(text)]
    coding = 0 if is_gsm else 8
    if len(pieces) == 1:
        return [Coding(pieces[0], coding, 0)]
    heads = (bytes((5, 0, 3, reference, len(pieces), n + 1)) for n in range(len(pieces)))
    whole = (head + one for head, one in zip(heads, pieces, strict=True))
    return [Coding(octets, coding, _HAS_HEADER) for octets in whole]


def _gsm(text: str) -> bytes:
    codes: list[int] = []
    for letter in text:
        codes += [0x1B, EXTENDED[letter]] if letter in EXTENDED else [TABLE.index(letter)]
    return bytes(codes)


def text_of(pdu: PDU) -> str:
    """The text of a message that was delivered, or of one part of it."""
    octets = _octets(pdu)
    if pdu.esm_class & _HAS_HEADER and octets:
        octets = octets[1 + octets[0] :]
    if pdu.data_coding == 8:
        return octets.decode("utf-16-be", "replace")
    if pdu.data_coding == 3:
        return octets.decode("latin-1")
    return _read_gsm(octets)


def _octets(pdu: PDU) -> bytes:
    return bytes(pdu.short_message or pdu.message_payload or b"")


def _read_gsm(octets: bytes) -> str:
    text, codes = "", iter(octets)
    for code in codes:
        if code == 0x1B:
            text += _LETTERS.get(next(codes, 0), " ")
        else:
            text += TABLE[code] if code < len(TABLE) else bytes((code,)).decode("latin-1")
    return text


class Joiner:
    """Parts that belong together, as long as one is missing."""

    def __init__(self) -> None:
        self._groups: dict[tuple[str, int, int], dict[int, PDU]] = {}

    def put(self, number: str, pdu: PDU) -> Sequence[PDU] | None:
        """Another message: all of it in order, once no part is missing."""
        head = _part_of(pdu)
        if head is None:
            return [pdu]
        reference, count, which = head
        group = self._groups.setdefault((number, reference, count), {})
        group[which] = pdu
        if len(group) < count:
            return None
        del self._groups[number, reference, count]
        return [group[one] for one in sorted(group)]

    def left(self) -> list[str]:
        """The numbers from which parts are missing."""
        return sorted({number for number, _, _ in self._groups})


def _part_of(pdu: PDU) -> tuple[int, int, int] | None:
    """Reference, number of parts, and which one it is, by its header or its parameters."""
    octets = _octets(pdu)
    if pdu.esm_class & _HAS_HEADER and octets:
        header, at = octets[1 : 1 + octets[0]], 0
        while at + 2 <= len(header):
            kind, length = header[at], header[at + 1]
            value = header[at + 2 : at + 2 + length]
            if kind in (0, 8) and len(value) == (3 if kind == 0 else 4):
                reference = int.from_bytes(value[:-2], "big")
                return _sound(reference, value[-2], value[-1])
            at += 2 + length
    if pdu.sar_msg_ref_num is not None and pdu.sar_total_segments and pdu.sar_segment_seqnum:
        return _sound(pdu.sar_msg_ref_num, pdu.sar_total_segments, pdu.sar_segment_seqnum)
    return None


def _sound(reference: int, count: int, which: int) -> tuple[int, int, int] | None:
    return (reference, count, which) if 1 <= which <= count and count > 1 else None
