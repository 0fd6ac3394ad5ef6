"""Contacts and an address book, brought to say the same: reading there, writing there, then here."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence

from crmcli.channels import secrets
from crmcli.channels.carddav import AddressBook, ChangedThere
from crmcli.dataclass import replace
from crmcli.errors import CrmError, Refused
from crmcli.formats.card_source import read_source, source_text
from crmcli.formats.vcard import card_text
from crmcli.language import counted, tr
from crmcli.model.fields import Record
from crmcli.sales.cards.batch import Batch, Settled, SyncLine, notes_of
from crmcli.sales.cards.card_lines import rewritten
from crmcli.sales.cards.contacts import Contacts
from crmcli.sales.cards.facts import SCALARS, Facts, Merge, facts_of, merged, remembered
from crmcli.sales.cards.links import CARD_GONE, CONTACT_GONE, Link, fingerprint, read_links
from crmcli.sales.cards.there import ThereCard
from crmcli.sales.cards.whose import Answers, Whose, whose
from crmcli.sales.duplicates.known import MadeEarlier
from crmcli.sales.exports.vcard_fields import NAMES
from crmcli.workspace import Workspace, fetch_places

FEW = 3
"""Fewer linked cards may all be gone at once without anybody being asked."""


def sync(
    ws: Workspace, answers: Answers, *, anyway: bool = False, seconds: float = math.inf
) -> list[SyncLine]:
    """Bring both sides together; what was done, and what is asked. CardsFailed where the server fails: what
    was done until then is written. After so many seconds the rest is left for the next time."""
    told = ws.settings.channels.get("cards", {})
    if not told.get("url"):
        hint = "channels: {cards: {url: https://…, user: …}}"
        raise Refused("settings.yaml names no address book", hint)
    where = ws.condition(told["where"], "contact") if told.get("where") else None
    user, password = told.get("user", ""), secrets.read(told.get("password", ""))
    book = AddressBook(told["url"], user, password, told.get("addressbook", ""))
    run = _Sync(ws, book, answers, told["url"], time.monotonic() + seconds)
    try:
        ids = {str(row["id"]) for row in ws.rows("contact", where)} if where else None
        run.all(ids, anyway=anyway)
    finally:
        run.batch.flush()
    run.keep_place()
    return [*run.batch.told, *run.asked]


class _Sync:
    """One run."""

    def __init__(
        self, ws: Workspace, book: AddressBook, answers: Answers, url: str, until: float
    ) -> None:
        self.ws, self.book, self.answers, self.url = ws, book, answers, url
        self.contacts = Contacts(ws)
        self.name = f"{url.partition('://')[2].partition('/')[0]}{book.path}"
        self.batch = Batch(ws, self.name)
        self.asked: list[SyncLine] = []
        self.earlier = MadeEarlier()
        self.links = read_links(ws, self.name)
        self.place = fetch_places.place_of(ws, url)
        self.token = ""
        self.until, self.has_put, self.is_cut = until, False, False
        self.seen: dict[str, str] = {}

    def all(self, chosen: set[str] | None, *, anyway: bool) -> None:
        """All of it, in the order in which nothing is doubled: known pairs, new cards, new contacts."""
        is_same = self.place.get("links") == fingerprint(self.links.values())
        since = str(self.place.get("token") or "") if is_same else ""
        changes = self.book.changes(since)
        self.token = changes.token
        records = {record.id: record for record in self.ws.select("contact")}
        live = {link.path: link for link in self.links.values() if not link.why}
        gone = set(changes.gone) & set(live)
        if changes.is_whole:
            gone |= set(live) - set(changes.etags)
        if len(live) >= FEW and len(gone) == len(live) and not anyway:
            told = "all {} that are linked are gone from the address book"
            hint = "if that is right: crm contact sync --anyway"
            raise Refused(tr(told, counted(len(gone), "card")), hint)
        lost = (link for link in self.links.values() if link.why)
        left = {link.path for link in lost if link.record not in records}
        new = {path for path in changes.etags if path not in live and path not in left}
        new |= {str(path) for path in self.place.get("asked", ())} - set(live) - gone
        new |= self.answers.paths & left
        stirred = {
            link.path for link in live.values()
            if link.record in records and link.path not in gone
            and (changes.etags.get(link.path, link.etag) != link.etag
                 or self._is_edited(records[link.record], link))
        }  # fmt: skip
        cards = self._read(sorted(stirred | new))
        moved = self._moved(live, gone, cards)
        for path in sorted(stirred & set(cards)):
            self._pair(records[live[path].record], cards[path], live[path])
        for path in sorted(gone - moved):
            self._card_gone(live[path], records.get(live[path].record))
        self._contacts_gone(records, live, gone, changes.etags)
        free = new - set(self._taken())
        self._new(records, {p: c for p, c in cards.items() if p in free}, chosen)
        if self.is_cut:  # what was left is told of once more
            self.token = since

    def _is_edited(self, record: Record, link: Link) -> bool:
        """Whether a contact says something else than when both were alike; what was looked at before and is
        as it was needs no second look."""
        seen = self.contacts.digest(record, link.ours)
        is_known = self.place.get("seen", {}).get(record.id) == seen
        if not is_known and set(remembered(self.contacts.facts(record))) != set(link.ours):
            return True
        self.seen[record.id] = seen
        return False

    def _taken(self) -> set[str]:
        return {link.path for link in self.links.values() if not link.why}

    def _read(self, paths: Sequence[str]) -> dict[str, ThereCard]:
        """The cards of these paths; one that cannot be read is told of, and left alone."""
        found: dict[str, ThereCard] = {}
        for path, etag, content in self.book.cards(paths):
            try:
                found[path] = ThereCard(path, etag, read_source(content))
            except (ValueError, CrmError) as error:
                name = path.split("/")[-1]
                self.asked.append(SyncLine(tr("cannot be read"), "", name, path, [str(error)]))
        return found

    # --- pairs ---------------------------------------------------------------------------------

    def _pair(self, record: Record, card: ThereCard, link: Link, *, is_first: bool = False) -> None:
        """Bring a contact and its card together."""
        if self._is_over():
            return
        ctx = self.ws.inputs
        ours, theirs = self.contacts.facts(record), facts_of(card.lines, ctx)
        merge = merged(ours, theirs, None if is_first else (link.ours, link.theirs))
        done = self.contacts.edited(record, merge)
        final = self.contacts.facts(done.record)
        _follow(merge, final, theirs)
        etag, said = card.etag, theirs
        if merge.to_card or merge.from_card:
            lines = self.contacts.lines(done.record)
            source = rewritten(card.source, lines, merge.from_card, merge.to_card, ctx)
            said = facts_of([one.line for one in source], ctx)
            if said != theirs:
                try:
                    etag = self._put(card.path, source_text(source), card.etag)
                except ChangedThere:
                    return  # changed there at this moment: the next sync sees both
        alike = replace(link, path=card.path, etag=etag, ours=tuple(remembered(final)),
                        theirs=tuple(remembered(said)))  # fmt: skip
        has_come, has_gone = done.record != record, said != theirs
        what = tr("both ways") if has_come and has_gone else tr("from the card") if has_come else ""
        what = what or (tr("to the card") if has_gone else tr("linked") if is_first else "")
        notes = notes_of(merge.yielded, done.refused)
        told = SyncLine(what, record.id, str(done.record.get("name")), card.path, notes)
        self.links[record.id] = alike
        after = done.record if has_come else None
        self.batch.add(Settled(alike, told, record, after, done.made, merge.yielded))

    def _is_over(self) -> bool:
        """Whether it took its time, so that the rest waits; each time something goes on."""
        self.is_cut = self.is_cut or (self.has_put and time.monotonic() > self.until)
        return self.is_cut

    def _put(self, path: str, text: str, etag: str) -> str:
        self.has_put = True
        return etag if self.ws.dry_run else self.book.put(path, text, etag)

    # --- what is gone on one side --------------------------------------------------------------

    def _moved(
        self, live: Mapping[str, Link], gone: set[str], cards: Mapping[str, ThereCard]
    ) -> set[str]:
        """Follow linked cards that now lie elsewhere; the paths where they lay."""
        by_uid = {live[path].uid: path for path in gone if live[path].uid}
        moved: set[str] = set()
        for card in cards.values():
            path = by_uid.get(card.said("UID"), "")
            link = live.get(path)
            if link and card.path not in live and self.ws.exists(link.record):
                moved.add(path)
                self._pair(self.ws.get(link.record), card, link)
        return moved

    def _card_gone(self, link: Link, record: Record | None) -> None:
        name = str(record.get("name")) if record else link.record
        self._unlink(link, CARD_GONE, tr("the card is gone, the contact stays"), name)

    def _unlink(self, link: Link, why: str, what: str, name: str) -> None:
        self.links[link.record] = replace(link, why=why)
        told = SyncLine(what, link.record, name, link.path)
        self.batch.add(Settled(self.links[link.record], told))

    def _contacts_gone(
        self, records: Mapping[str, Record], live: Mapping[str, Link], gone: set[str],
        etags: Mapping[str, str],
    ) -> None:  # fmt: skip
        """Of contacts that were removed, or merged into another one, the card that we made goes."""
        for path, link in live.items():
            if link.record in records or path in gone or self.ws.exists(link.record):
                continue
            heir = self.ws.heir(link.record)
            other = self.links.get(heir)
            if heir in records and (other is None or other.why):
                self._unlink(link, CONTACT_GONE, "", "")
                self.links[heir] = replace(link, record=heir, ours=())
                told = SyncLine(tr("the card goes on with the contact it was merged into"), heir,
                            str(records[heir].get("name")), path)  # fmt: skip
                self.batch.add(Settled(self.links[heir], told))
                continue
            what = tr("the contact was removed, the card stays: it was not ours")
            if link.is_made:
                what = tr("the contact was removed, its card too")
                try:
                    if not self.ws.dry_run:
                        self.book.delete(path, link.etag)
                except ChangedThere:
                    what = tr("the contact was removed, the card stays: it was changed there")
            self._unlink(link, CONTACT_GONE, what, path.split("/")[-1])

    # --- what is new on one side -----------------------------------------------------------------

    def _new(
        self, records: Mapping[str, Record], cards: Mapping[str, ThereCard], chosen: set[str] | None
    ) -> None:
        doubted: set[str] = set()
        waiting: list[str] = []
        for card in cards.values():
            if not card.is_of_person:
                continue
            linked = self._linked()
            found = whose(self.contacts, card.path, card.lines, self.answers, linked, self.earlier)
            if found.asks:
                waiting.append(card.path)
                doubted |= set(found.ids)
                told = SyncLine(tr("asks"), "", card.said("FN"), card.path, [found.asks])
                self.asked.append(told)
            else:
                self._take(card, found)
        self.place["asked"] = waiting
        refused = {link.record for link in self.links.values() if link.why == CARD_GONE}
        refused -= self.answers.contacts
        others = {*self._linked(), *doubted, *refused}
        for record in records.values():
            if record.id not in others and (chosen is None or record.id in chosen):
                self._push(record)

    def _linked(self) -> dict[str, Link]:
        return {record: link for record, link in self.links.items() if not link.why}

    def _take(self, card: ThereCard, found: Whose) -> None:
        """Link a card to the contact that it surely is, or add one."""
        uid = card.said("UID")
        if found.ids:
            record = self.ws.get(found.ids[0])
            link = Link(record.id, card.path, uid, card.etag, (), (), is_made=uid == record.id)
            self._pair(record, card, link, is_first=True)
            return
        new = found.new
        assert new is not None
        record = new.record
        facts = tuple(remembered(self.contacts.facts(record)))
        theirs = tuple(remembered(facts_of(card.lines, self.ws.inputs)))
        link = Link(record.id, card.path, uid, card.etag, facts, theirs, is_made=False)
        self.links[record.id] = link
        name = str(record.get("name"))
        told = SyncLine(tr("new contact"), record.id, name, card.path, new.refused)
        self.batch.add(Settled(link, told, None, new.record, new.made))
        self.earlier.add(self.ws, [new.record])
        if new.made:  # the next card may name the same company
            self.batch.flush()
            self.ws.look_again()

    def _push(self, record: Record) -> None:
        """Make a card of a contact."""
        if self._is_over():
            return
        lines = self.contacts.lines(record, with_kept=True)
        uid = next((line.text for line in lines if line.name == "UID"), record.id)
        path = f"{self.book.path.rstrip('/')}/{record.id}.vcf"
        try:
            etag = self._put(path, card_text(lines, "3.0"), "")
        except ChangedThere:
            return  # it lies there already: the next sync reads and links it
        said = tuple(remembered(facts_of(lines, self.ws.inputs)))
        facts = tuple(remembered(self.contacts.facts(record)))
        link = Link(record.id, path, uid, etag, facts, said, is_made=True)
        self.links[record.id] = link
        told = SyncLine(tr("new card"), record.id, str(record.get("name")), path)
        self.batch.add(Settled(link, told, record))

    # --- until the next time ---------------------------------------------------------------------

    def keep_place(self) -> None:
        """Remember how far the server was read, as long as the links are those of now."""
        links = fingerprint(read_links(self.ws, self.name).values())
        self.place |= {"token": self.token, "links": links, "seen": self.seen}
        fetch_places.keep(self.ws, self.url, self.place)


def _follow(merge: Merge, final: Facts, theirs: Facts) -> None:
    """Single fields that move to the card go there as the contact has them in the end; a name that follows
    its parts too."""
    touched = {name for name, _ in (*merge.to_card, *merge.from_card, *merge.to_contact)}
    fields = {name for name, _ in (*merge.to_card, *merge.from_card) if name in SCALARS}
    fields |= {"name"} if touched & set(NAMES) else set()
    merge.to_card = [fact for fact in merge.to_card if fact[0] not in fields]
    merge.from_card = [fact for fact in merge.from_card if fact[0] not in fields]
    for name in fields:
        now, was = ([f for f in side if f[0] == name] for side in (final, theirs))
        if now != was:
            merge.to_card += now
            merge.from_card += was
