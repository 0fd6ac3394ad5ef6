"""Whose a card is that nobody linked yet: a known contact's, a new one's, or to be asked."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

from crmcli.dataclass import dataclass, field
from crmcli.errors import BadUsage, CrmError
from crmcli.formats.vcard_lines import CardLine
from crmcli.language import tr
from crmcli.model.masking import contacts_of
from crmcli.sales.cards.contacts import Contacts, Edited
from crmcli.sales.consent.block_list import check_welcome
from crmcli.sales.duplicates.known import MadeEarlier, known_to
from crmcli.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Answers:
    """What somebody said of cards in doubt: the contact of each by its file's name; "" for a new one."""

    of_cards: Mapping[str, str] = field(default_factory=dict)
    paths: frozenset[str] = frozenset()
    contacts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Whose:
    """The contact, `ids` of it or of those that it may be where it `asks`, or a new one."""

    ids: tuple[str, ...] = ()
    asks: str = ""
    new: Edited | None = None


def read_answers(ws: Workspace, links: Sequence[str], new: Sequence[str]) -> Answers:
    """Answers as people write them: CARD=CONTACT, and cards that are new contacts."""
    found = dict.fromkeys(new, "")
    for text in links:
        card, equals, ref = text.rpartition("=")
        if not equals or not card:
            hint = "like --link 4f2a.vcf=contact-7k3qf2m9"
            raise BadUsage(tr("{!r} is not CARD=CONTACT", text), hint)
        found[card] = ws.resolve(ref, "contact")
    return Answers(found, contacts=frozenset(filter(None, found.values())))


def whose(
    contacts: Contacts,
    path: str,
    lines: Sequence[CardLine],
    answers: Answers,
    linked: Container[str],
    earlier: MadeEarlier,
) -> Whose:
    """Whose a card is, by sales' own verdict; a doubt is told with all that it may be. `earlier` are the
    contacts that other cards became in the same run."""
    ws = contacts.ws
    said = answers.of_cards.get(path.split("/")[-1])
    uid = next((line.text.strip() for line in lines if line.name == "UID"), "")
    if said or (
        said is None and ws.exists(uid) and uid.startswith("contact-") and uid not in linked
    ):
        return Whose((said or uid,))
    try:
        new = contacts.new(lines)
        check_welcome(ws, new.record)
    except CrmError as error:
        return Whose((), tr("left alone: {}", error.message))
    if ws.trail is not None:
        ws.trail.named(contacts_of(ws.schema.write(new.record), ws.schema.contacts("contact")))
    known = [] if said == "" else list(known_to(ws, new.record, ["contact"]))
    if said is None:
        known += [one for _, one in earlier.same_as(ws, {"contact": new.record})]
    sure = [one for one in known if one.surely]
    if not known:
        return Whose(new=new)
    if len(sure) == 1 and sure[0].record.id not in linked:
        return Whose((sure[0].record.id,))
    about = "; ".join(map(str, (sure or known)[:3]))
    told = tr("may be {}: --link {}=CONTACT or --new {}", about, *(path.split("/")[-1],) * 2)
    if sure and all(one.record.id in linked for one in sure):
        told = tr("a second card of {}", about)
    return Whose(tuple(one.record.id for one in known if one.record.id not in linked), told)
