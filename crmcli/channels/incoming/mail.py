"""E-mail that comes in: a letter of somebody, or word of one of ours that could not be delivered."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from crmcli.channels import incoming_mail
from crmcli.channels.incoming import Arrived, Incoming, Receiver, Unreadable
from crmcli.language import tr
from crmcli.matching.mail_domains import is_nobodys
from crmcli.matching.name_parts import split_name
from crmcli.model.addresses import email_in
from crmcli.model.event import BOUNCED
from crmcli.model.settings import Settings
from crmcli.model.values import fold, format_instant

if TYPE_CHECKING:
    from crmcli.channels.incoming_mail import IncomingMail, Person
    from crmcli.channels.incoming_mail.lead_facts import LeadFacts

LONGEST = 20_000
"""Letters of a text on the timeline; the message itself is kept whole."""
LONGEST_COMMENT = 4_000
MOST_NAMES = 50
OWN = "it is from one of us"
_KEY = re.compile(r"[0-9a-f]{32}")


class Mail(Receiver):
    """Messages as RFC 5322 has them."""

    def key(self, content: bytes) -> str:
        """Its Message-ID, by which it is the same in several mailboxes."""
        from crmcli.channels.incoming_mail.parts import Tree

        return next(iter(Tree(content).root.headers.ids("message-id")), "") if content else ""

    def read(self, arrived: Arrived) -> Incoming:
        """A message, read whole."""
        from crmcli.channels.incoming_mail.asking import wants_no_more
        from crmcli.channels.incoming_mail.lead_facts import lead_facts

        mail = incoming_mail.read(arrived.content)
        answers = [*_bounce_keys(self.settings, mail), *mail.answers]
        if mail.bounce:
            return _bounced(mail, answers)
        boxes = (mail.sender, *mail.reply_to)
        if not any(box.address for box in boxes):
            raise Unreadable(tr("no e-mail message: it says no sender"), "crm intake drop ID")
        facts = lead_facts(mail, self.settings.phone_country)
        if fold(mail.sender.address) in own_addresses(self.settings) and not facts.is_form:
            return _ours(self.settings, mail, answers)
        known = () if facts.is_form else (box.address for box in boxes)
        emails = [one for one in known if not is_nobodys(one)]
        emails += [facts.email] if facts.email else []
        return Incoming(
            "mail.in",
            _told(mail),
            answers=answers,
            emails=list(dict.fromkeys(filter(None, emails))),
            phones=facts.phones if facts.is_form else (),
            lead={} if wants_no_more(mail) else _lead(self.settings, mail, facts),
            why_automatic="" if facts.is_form else mail.automatic,
            refuses=("mail",) if wants_no_more(mail) else (),
        )


RECEIVER = Mail


def own_addresses(settings: Settings) -> set[str]:
    """The addresses of the company and of those who work there, folded."""
    users = (one for user in settings.users.values() for one in user.addresses)
    texts = (settings.us.email, email_in(settings.mail.sender), *users)
    return {fold(text) for text in texts if text}


def _bounce_keys(settings: Settings, mail: IncomingMail) -> Iterator[str]:
    """The ids of the messages of ours whose key stands in an address to which this one was delivered."""
    before, sign, after = settings.mail.bounces.partition("{key}")
    if not sign:
        return
    domains = dict.fromkeys(one.rpartition("@")[2] for one in sorted(own_addresses(settings)))
    for address in (*mail.envelope_to, *(box.address for box in mail.to)):
        key = address[len(before) : len(address) - len(after)].lower()
        if fold(address) == fold(f"{before}{key}{after}") and _KEY.fullmatch(key):
            yield from (f"<{key}@{domain}>" for domain in domains)


def _bounced(mail: IncomingMail, answers: Sequence[str]) -> Incoming:
    assert mail.bounce is not None
    bounce = mail.bounce
    about = {
        "bounce": bounce.kind,
        "status": bounce.status,
        "why": bounce.diagnostic,
        "subject": mail.subject,
        "from": mail.sender.address,
    }
    told = [{"address": one, **about} for one in bounce.addresses[:MOST_NAMES]] or [about]
    return Incoming(
        BOUNCED,
        told[0],
        also=told[1:],
        answers=[*filter(None, [bounce.original_id]), *answers],
        emails=bounce.addresses,
        why_automatic=mail.automatic or "bounce",
    )


def _told(mail: IncomingMail) -> Mapping[str, Any]:
    """What the timeline has of a message."""
    quoted = [[start, min(end, LONGEST)] for start, end in mail.quoted if start < LONGEST]
    return {
        "from": mail.sender.address,
        "name": mail.sender.name,
        "to": ", ".join(box.address for box in mail.to[:MOST_NAMES] if box.address),
        "subject": mail.subject,
        "text": mail.text[:LONGEST],
        "quoted": quoted or "",
        "attachments": [one.name for one in mail.attachments[:MOST_NAMES]] or "",
        "at": format_instant(mail.date) if mail.date else "",
    }


def _ours(settings: Settings, mail: IncomingMail, answers: Sequence[str]) -> Incoming:
    """A letter that one of us wrote in a mail program: it went to the clients among those whom it names."""
    from crmcli.channels.incoming_mail.asking import forwarded_from

    own = own_addresses(settings)
    clients = [box.address for box in mail.to if box.address and fold(box.address) not in own]
    if not (clients or mail.automatic) and (writer := forwarded_from(mail)):
        return _forwarded(mail, writer)
    if not clients or mail.automatic:
        return Incoming("mail.out", _told(mail), why_nothing=OWN)
    return Incoming("mail.out", _told(mail), answers=answers, emails=clients)


def _forwarded(mail: IncomingMail, writer: Person) -> Incoming:
    """A client's letter that one of us sent on to the others: it counts as the client's own."""
    from crmcli.channels.incoming_mail.asking import without_forward

    told = {**_told(mail), "from": writer.address, "name": writer.name}
    about = without_forward(mail.text)[:LONGEST_COMMENT]
    who = {name: [part] for name, part in split_name(writer.name).items() if part}
    lead = {
        **(who or {"name": [writer.name]}),
        "emails": [writer.address],
        "source": ["email"],
        "comment": ["\n\n".join(filter(None, (mail.subject, about)))],
    }
    return Incoming(
        "mail.in",
        told,
        emails=[writer.address],
        lead={name: texts for name, texts in lead.items() if texts != [""]},
        why_automatic="no-reply" if is_nobodys(writer.address) else "",
    )


def _lead(settings: Settings, mail: IncomingMail, facts: LeadFacts) -> Mapping[str, Sequence[str]]:
    """What a new lead has of it: who wrote, and what about."""
    about = (facts.text or mail.unquoted)[:LONGEST_COMMENT].strip()
    values = {
        **_who(mail, facts),
        "company_name": [facts.company],
        "phones": facts.phones,
        "emails": [facts.email],
        "source": ["email"],
        "owner": [] if facts.is_form else _addressee(settings, mail),
        "amount": [facts.fields.get("amount", "")],
        "comment": ["\n\n".join(filter(None, (mail.subject, about)))],
    }
    return {name: given for name, texts in values.items() if (given := [*filter(None, texts)])}


def _who(mail: IncomingMail, facts: LeadFacts) -> Mapping[str, Sequence[str]]:
    """The name of a new lead: in parts where it says which is which, else as it stands."""
    if parts := split_name(facts.name):
        return {name: [part] for name, part in parts.items() if part}
    is_own = facts.email == mail.sender.address  # else a site sent it, whose name is nobody's
    is_alone = is_own and not (facts.name or facts.company or facts.is_form)
    return {"name": [mail.sender.name if is_alone else facts.name]}


def _addressee(settings: Settings, mail: IncomingMail) -> list[str]:
    """The one of us to whom a letter was written, if it is one."""
    to = {fold(box.address) for box in mail.to}
    found = [user.id for user in settings.users.values() if to.intersection(user.addresses)]
    return found if len(found) == 1 else []
