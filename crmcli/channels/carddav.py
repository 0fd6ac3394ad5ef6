"""An address book on a CardDAV server: what changed there, cards, and writing them, all bounded."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote, urljoin, urlsplit
from xml.sax.saxutils import escape

from crmcli.channels.http_exchange import NoReply, Reply, endpoint_of, exchange, is_inner
from crmcli.channels.outcome import one_line
from crmcli.dataclass import dataclass
from crmcli.errors import InvalidData, ServiceFailed
from crmcli.language import tr

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

SECONDS = 30.0
"""How long one answer may take."""
MOST_HEARD = 64 * 1024 * 1024
AT_ONCE = 100
"""So many cards are asked for at once."""
_MOVES = 3
_TOKENS = 100
DAV, CARD = "{DAV:}", "{urn:ietf:params:xml:ns:carddav}"
_HEAD = '<?xml version="1.0" encoding="utf-8"?>'
_SPACES = 'xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:carddav"'
_UNKNOWN_REPORT = (400, 403, 405, 409, 415, 422, 501)
"""What servers answer to a report that they do not know, or to a token that is too old."""
CONFLICTS = (404, 409, 412)
"""What they answer where the card is not the one that is meant."""


class CardsFailed(ServiceFailed):
    """The server did not do what was asked of it."""


class ChangedThere(CardsFailed):
    """A card is no longer, or already, what it was to be."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed since a token: ETags by path, the paths that are gone, the token from here on. If
    `is_whole`, it is all that there is."""

    etags: Mapping[str, str]
    gone: frozenset[str]
    token: str
    is_whole: bool


class AddressBook:
    """One address book, found from the address in the settings."""

    def __init__(self, url: str, user: str, password: str, name: str = "") -> None:
        self._place = endpoint_of(url)
        if not self._place.tls and not _is_near(self._place.host):
            said = tr("{} would get the password unencrypted", self._place.host)
            raise InvalidData(said, "write https://")
        login = base64.b64encode(f"{user}:{password}".encode()).decode()
        self._secrets = (password, login)
        self.path = self._found(self._place.target, name)

    # --- reading -------------------------------------------------------------------------------

    def changes(self, token: str) -> Changes:
        """What changed since the token, or all that there is; by RFC 6578 where the server speaks that."""
        etags: dict[str, str] = {}
        gone: set[str] = set()
        is_whole = not token
        for number in range(_TOKENS):
            reply = self._ask("REPORT", self.path, _sync(token), {"Depth": "0"}, _UNKNOWN_REPORT)
            if reply.status in _UNKNOWN_REPORT:
                return self.changes("") if token else self._listed()
            root, is_more = _parsed(reply.text), False
            for path, status, element in self._responses(root):
                if status == 507 and path.rstrip("/") == self.path.rstrip("/"):
                    is_more = True
                elif status == 404:
                    gone.add(path)
                    etags.pop(path, None)
                elif path.rstrip("/") != self.path.rstrip("/"):
                    etags[path] = element.findtext(f".//{DAV}getetag", "")
            newer = root.findtext(f"{DAV}sync-token", "")
            if not newer or (number and newer == token):
                return self._listed()
            token = newer
            if not is_more:
                return Changes(etags, frozenset(gone), token, is_whole)
        raise CardsFailed(tr("{}: the list of cards does not end", self._place.host), "")

    def _listed(self) -> Changes:
        etags = {
            path: element.findtext(f".//{DAV}getetag", "")
            for path, element in self._properties(self.path, ("getetag", "resourcetype"), "1")
            if element.find(f".//{DAV}collection") is None
            and path.rstrip("/") != self.path.rstrip("/")
        }
        return Changes(etags, frozenset(), "", is_whole=True)

    def cards(self, paths: Sequence[str]) -> Iterator[tuple[str, str, bytes]]:
        """The path, the ETag and the text of each card that is there."""
        for at in range(0, len(paths), AT_ONCE):
            some = paths[at : at + AT_ONCE]
            reply = self._ask("REPORT", self.path, _multiget(some), {"Depth": "0"}, _UNKNOWN_REPORT)
            if reply.status in _UNKNOWN_REPORT:
                yield from self._one_by_one(some)
                continue
            for path, _, element in self._responses(_parsed(reply.text)):
                text = element.findtext(f".//{CARD}address-data")
                if text is not None:
                    yield path, element.findtext(f".//{DAV}getetag", ""), text.encode()

    def _one_by_one(self, paths: Sequence[str]) -> Iterator[tuple[str, str, bytes]]:
        for path in paths:
            reply = self._ask("GET", path, "", {"Accept": "text/vcard"}, (404, 410))
            if reply.status == 200:
                yield path, reply.etag, reply.text

    # --- writing -------------------------------------------------------------------------------

    def put(self, path: str, card: str, etag: str) -> str:
        """Write a card that still has this ETag, or that is not there yet if it is ""; its new ETag, if the
        server tells it. ChangedThere if it is not so."""
        only = {"If-Match": etag} if etag else {"If-None-Match": "*"}
        kind = {"Content-Type": "text/vcard; charset=utf-8"}
        reply = self._ask("PUT", path, card, {**only, **kind}, CONFLICTS)
        self._check(reply)
        return reply.etag

    def delete(self, path: str, etag: str) -> None:
        """Delete a card that still has this ETag; one that is gone is well."""
        only = {"If-Match": etag} if etag else {}
        reply = self._ask("DELETE", path, "", only, (*CONFLICTS, 410))
        if reply.status not in (404, 410):
            self._check(reply)

    def _check(self, reply: Reply) -> None:
        if reply.status in CONFLICTS:
            raise ChangedThere(tr("{} answered {}", self._place.host, reply.status), "")

    # --- finding the book ----------------------------------------------------------------------

    def _found(self, start: str, name: str) -> str:
        """The path of the address book: the address itself, or what it leads to."""
        wanted = ("resourcetype", "current-user-principal", "displayname")
        for path, element in self._properties(start, wanted, "0"):
            if element.find(f".//{CARD}addressbook") is not None:
                return path
            principal = _href(element, f"{DAV}current-user-principal") or start
            homes = self._properties(principal, ("c:addressbook-home-set",), "0")
            home = next((_href(one, f"{CARD}addressbook-home-set") for _, one in homes), "")
            return self._of_home(home or start, name)
        raise CardsFailed(tr("{} has no address book there", self._place.host), "check url:")

    def _of_home(self, home: str, name: str) -> str:
        books = {
            path: element.findtext(f".//{DAV}displayname", "") or path
            for path, element in self._properties(home, ("resourcetype", "displayname"), "1")
            if element.find(f".//{CARD}addressbook") is not None
        }
        ends = {path: unquote(path.rstrip("/").split("/")[-1]) for path in books}
        fit = [path for path, label in books.items() if name in ("", label, ends[path])]
        if len(fit) == 1:
            return fit[0]
        if not fit and not books:
            raise CardsFailed(tr("{} has no address book there", self._place.host), "check url:")
        known = ", ".join(one_line(label) for label in books.values())
        raise InvalidData(tr("which address book is meant: {}", known), "write addressbook: NAME")

    def _properties(self, path: str, names: Sequence[str], depth: str) -> list[tuple[str, Element]]:
        asked = "".join(f"<{n if ':' in n else f'd:{n}'}/>" for n in names)
        ask = f"{_HEAD}<d:propfind {_SPACES}><d:prop>{asked}</d:prop></d:propfind>"
        root = _parsed(self._ask("PROPFIND", path, ask, {"Depth": depth}).text)
        return [(found, element) for found, _, element in self._responses(root)]

    # --- the wire ------------------------------------------------------------------------------

    def _responses(self, root: Element) -> Iterator[tuple[str, int, Element]]:
        """Path, status and content of each answer of several; what lies elsewhere is left out."""
        for element in root.iterfind(f"{DAV}response"):
            parts = _split(element.findtext(f"{DAV}href", ""))
            if parts.hostname in (None, self._place.host) and parts.path.startswith("/"):
                said = re.search(r" (\d{3})", element.findtext(f"{DAV}status", ""))
                yield parts.path, int(said[1]) if said else 200, element

    def _ask(
        self, method: str, path: str, text: str, more: Mapping[str, str], well: Sequence[int] = ()
    ) -> Reply:
        """Ask, and follow where the same server moved to; CardsFailed for any other answer than those."""
        data = text.encode()
        for _ in range(_MOVES):
            reply = self._sent(method, path, data, more)
            if reply.status not in (301, 302, 307, 308):
                break
            path = self._moved(path, reply.location)
        if not (200 <= reply.status < 300 or reply.status in well):
            raise CardsFailed(self._words(reply), _HINTS.get(reply.status, ""))
        return reply

    def _sent(self, method: str, path: str, data: bytes, more: Mapping[str, str]) -> Reply:
        scheme = "https" if self._place.tls else "http"
        place = endpoint_of(f"{scheme}://{self._place.name}{path}")
        kind = {"Content-Type": "application/xml; charset=utf-8"} if data else {}
        sent = {"Authorization": f"Basic {self._secrets[1]}", **kind, **more}
        try:
            return exchange(method, place, sent, data, (place.name,), SECONDS, whole=MOST_HEARD)
        except NoReply as error:
            hint = "nothing is lost; the next sync goes on"
            raise CardsFailed(one_line(str(error)), hint) from None

    def _moved(self, path: str, location: str) -> str:
        scheme = "https" if self._place.tls else "http"
        to = _split(location, f"{scheme}://{self._place.name}{path}")
        try:
            port = to.port or (443 if to.scheme == "https" else 80)
        except ValueError:
            port = 0
        if (to.scheme, to.hostname, port) != (scheme, self._place.host, self._place.port):
            where = one_line(location[:200])
            told = tr("{} points to {}, which is not asked", self._place.host, where)
            raise CardsFailed(told, "write that under url:, if it is right")
        return to.path or "/"

    def _words(self, reply: Reply) -> str:
        said = tr("{} answered {}", self._place.host, reply.status)
        plain = re.sub(r"<[^>]*>", " ", reply.text[:2000].decode("utf-8", "replace"))
        for secret in filter(None, self._secrets):
            plain = plain.replace(secret, "…")
        words = one_line(plain)[:120]
        return f"{said}: {words}" if words else said


_HINTS = {
    401: "check user: and password: under channels: cards: in settings.yaml",
    403: "the user may not do that there",
    404: "check url: under channels: cards: in settings.yaml",
    507: "the server has no room left",
}


def _is_near(host: str) -> bool:
    """Whether a host is this machine, or one of the own network."""
    try:
        return is_inner(host)
    except ValueError:
        return "." not in host


def _split(url: str, base: str = "") -> SplitResult:
    """A web address taken apart; what is none is empty."""
    try:
        return urlsplit(urljoin(base, url.strip()))
    except ValueError:
        return urlsplit("")


def _href(element: Element, name: str) -> str:
    return _split(element.findtext(f".//{name}/{DAV}href", "")).path


def _parsed(text: bytes) -> Element:
    """An answer in XML; one with a document type, which bombs need, is none."""
    from xml.etree.ElementTree import ParseError, fromstring

    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise CardsFailed("the server's answer is not understood", "")
    try:
        return fromstring(text)
    except (ParseError, ValueError):
        raise CardsFailed("the server's answer is not understood", "") from None


def _sync(token: str) -> str:
    return (
        f"{_HEAD}<d:sync-collection {_SPACES}><d:sync-token>{escape(token)}</d:sync-token>"
        "<d:sync-level>1</d:sync-level><d:prop><d:getetag/></d:prop></d:sync-collection>"
    )


def _multiget(paths: Sequence[str]) -> str:
    hrefs = "".join(f"<d:href>{escape(path)}</d:href>" for path in paths)
    return (
        f"{_HEAD}<c:addressbook-multiget {_SPACES}><d:prop><d:getetag/><c:address-data/></d:prop>"
        f"{hrefs}</c:addressbook-multiget>"
    )
