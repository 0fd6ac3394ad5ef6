"""SMPP 3.4, the protocol of operators' message centres, by smpplib (the [smpp] extra)."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from secrets import token_hex
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from crmcli.channels.base import Queued
from crmcli.channels.incoming import Arrived
from crmcli.channels.outcome import Failed, Outcome, Sending, Unknown, one_line, taken_sms
from crmcli.channels.providers.fetching import Fetching
from crmcli.channels.providers.smpp_text import Coding, Joiner, encoded, text_of
from crmcli.errors import ServiceFailed
from crmcli.language import tr

if TYPE_CHECKING:
    from smpplib.smpp import PDU

    from crmcli.channels.providers.smpp_line import Line

PORTS = {False: 2775, True: 3550}
SECONDS, QUIET = 10, 1
"""How long an answer may take, and how long nothing comes until all has come."""
MOST = 1000
_RECEIPT = re.compile(r"id:(\S+).*?stat:(\w+)(?:.*?err:(\S+))?", re.DOTALL | re.IGNORECASE)
_DELIVERED, _FAILED = ("DELIVRD",), ("EXPIRED", "DELETED", "UNDELIV", "REJECTD")
_STATES = {2: "DELIVRD", 3: "EXPIRED", 4: "DELETED", 5: "UNDELIV", 8: "REJECTD"}
_IS_RECEIPT = 0x04


class SmppFailed(ServiceFailed):
    """The message centre cannot be reached, or lets nobody in."""


class Smpp(Fetching):
    """An account at a message centre."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._client: Line | None = None
        self._unanswered: dict[str, list[PDU]] = {}

    def prepared(self, message: Queued, given: Mapping[str, Any], now: datetime) -> Sending:
        """Its parts are handed over one after the other; the last one's report tells of all."""
        parts = encoded(str(given["text"]), hashlib.sha256(message.key.encode()).digest()[0])
        self.secret("password")
        return partial(self._submit, str(given["to"]), parts)

    def _submit(self, to: str, parts: Sequence[Coding]) -> Outcome:
        has_begun = False
        try:
            client = self._bound("transmitter")
            try:
                for number, part in enumerate(parts, 1):
                    has_begun = True
                    answer = _handed_over(client, self._addressed(to), part, number == len(parts))
                    if answer.is_error():
                        told = tr("the message centre refused it: {}", answer.status)
                        failed = Failed(told, again=answer.status in _LATER)
                        return Unknown(told) if number > 1 else failed
            finally:
                _left(client)
        except ServiceFailed as error:
            return Failed(error.message)
        except Exception as error:
            if not _is_of_line(error):
                raise
            return (Unknown if has_begun else Failed)(_words(error))
        return taken_sms(f"smpp:{_text(answer.message_id)}")

    def fetch(self) -> Iterator[Arrived]:
        """What the message centre has for us, until nothing comes for a moment; the parts of a message
        joined. It is answered only once it is kept."""
        try:
            client = self._client = self._bound("receiver")
            client.quiet_for(QUIET)
            joiner = Joiner()
            for pdu in _delivered(client):
                if pdu.esm_class & _IS_RECEIPT:
                    yield from self._receipt(pdu)
                elif (whole := joiner.put(_text(pdu.source_addr), pdu)) is not None:
                    yield self._message(whole)
            if (left := joiner.left()) and not client.is_late:
                self.troubles.append(tr("parts of a message from {} are missing", ", ".join(left)))
        except Exception as error:
            if not _is_of_line(error):
                raise
            raise SmppFailed(_words(error)) from None

    def acknowledge(self, arrived: Sequence[Arrived]) -> None:
        """The message centre need not deliver these again."""
        from smpplib import smpp

        client = self._client
        if client is None:
            return
        for one in arrived:
            for pdu in self._unanswered.pop(one.key, []):
                answer = smpp.make_pdu("deliver_sm_resp", client=client, status=0)
                answer.sequence = pdu.sequence
                try:
                    client.send_pdu(answer)
                except Exception as error:
                    if not _is_of_line(error):  # where the line broke it comes again
                        raise

    def close(self) -> None:
        """Say goodbye."""
        if self._client is not None:
            _left(self._client)
            self._client = None

    def _message(self, pdus: Sequence[PDU]) -> Arrived:
        number = _text(pdus[0].source_addr)
        number = f"+{number}" if pdus[0].source_addr_ton == 1 and number.isdecimal() else number
        given = {"from": number, "to": _text(pdus[0].destination_addr),
                 "text": "".join(map(text_of, pdus))}  # fmt: skip
        return self._arrived(given, pdus)

    def _receipt(self, pdu: PDU) -> Iterator[Arrived]:
        said = _RECEIPT.search(text_of(pdu))
        name = _text(pdu.receipted_message_id) or (said[1] if said else "")
        state = said[2].upper()[:7] if said else _STATES.get(pdu.message_state or 0, "")
        if not name or state not in (*_DELIVERED, *_FAILED):
            given = {"id": name or "?", "status": state or "?"}
        else:
            is_delivered = state in _DELIVERED
            given = {"id": f"smpp:{name}", "status": "delivered" if is_delivered else "failed"}
            why = f"{state} {said[3] or '' if said else ''}".strip()
            given |= {} if is_delivered else {"why": why}
        yield self._arrived(given, [pdu])

    def _arrived(self, given: Mapping[str, str], pdus: Sequence[PDU]) -> Arrived:
        content = json.dumps(given, ensure_ascii=False).encode()
        # Nothing in a message tells it from the same words of another day: rather twice than not at all.
        is_report = "status" in given
        name = f"{given['id']}:{given['status']}" if is_report else f"smpp:in:{token_hex(16)}"
        key = f"sms:{name}"
        self._unanswered[key] = [*self._unanswered.get(key, []), *pdus]
        return Arrived(content, key)

    def _bound(self, how: str) -> Line:
        try:
            from smpplib import exceptions

            from crmcli.channels.providers.smpp_line import Line
        except ImportError:
            raise SmppFailed("SMPP needs smpplib", "pip install 'crmcli[smpp]'") from None
        parts = urlsplit(self.told("server"))
        is_tls = parts.scheme == "smpps"
        client = Line(parts.hostname or "", parts.port or PORTS[is_tls], SECONDS, tls=is_tls)
        password = self.secret("password")
        try:
            client.connect()
            bind = client.bind_transmitter if how == "transmitter" else client.bind_receiver
            bind(system_id=self.told("login"), password=password)
        except (exceptions.ConnectionError, exceptions.PDUError, OSError) as error:
            with contextlib.suppress(Exception):
                client.disconnect()
            told = _words(error).replace(password or "\0", "…")
            raise SmppFailed(tr("{}: {}", parts.hostname, told)) from None
        return client

    def _addressed(self, to: str) -> dict[str, Any]:
        sender = self.told("from")
        is_number = sender.lstrip("+").isdecimal()
        return {
            "source_addr_ton": 1 if is_number else 5, "source_addr_npi": 1 if is_number else 0,
            "source_addr": sender.lstrip("+"), "dest_addr_ton": 1, "dest_addr_npi": 1,
            "destination_addr": to.lstrip("+"),
        }  # fmt: skip


PROVIDER = Smpp
_LATER = (0x14, 0x58)
"""Its queue is full; too much at once."""


def _handed_over(client: Line, addressed: Mapping[str, Any], part: Coding, is_last: bool) -> PDU:
    client.send_message(
        **addressed, data_coding=part.coding, esm_class=part.esm_class, short_message=part.octets,
        registered_delivery=1 if is_last else 0,
    )  # fmt: skip
    while True:
        pdu = client.read_pdu()
        if pdu.command == "submit_sm_resp" or pdu.is_error():
            return pdu
        if pdu.command == "enquire_link":
            client._enquire_link_received(pdu)


def _delivered(client: Line) -> Iterator[PDU]:
    """What is delivered, until it is quiet or enough for this time."""
    for _ in range(MOST):
        if client.is_late:
            return
        try:
            pdu = client.read_pdu()
        except TimeoutError:
            return
        if pdu.command == "enquire_link":
            client._enquire_link_received(pdu)
        elif pdu.command == "deliver_sm":
            yield pdu
        elif pdu.command == "unbind":
            return


def _left(client: Line) -> None:
    with contextlib.suppress(Exception):  # the other side may be gone
        client.unbind()
    with contextlib.suppress(Exception):
        client.disconnect()


def _is_of_line(error: Exception) -> bool:
    """Whether an error is of the line or of what came over it, and not our own."""
    return isinstance(error, OSError | ValueError) or type(error).__module__.startswith("smpplib")


def _words(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return tr("no reply in time")
    return one_line(str(next(iter(error.args), ""))) or tr("the connection was closed")


def _text(octets: bytes | None) -> str:
    return (octets or b"").rstrip(b"\0").decode("latin-1")
