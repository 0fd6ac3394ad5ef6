"""Forms of a site: is what was sent what a form asks for, and keeping it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from crmcli.channels.incoming import Arrived
from crmcli.channels.incoming.form import CONSENT, posted
from crmcli.dataclass import replace
from crmcli.errors import CrmError, InvalidData, NotFound, Problem
from crmcli.language import tr
from crmcli.model.form import REACHES, Form, FormField
from crmcli.model.kinds.numbers import TRUTHS
from crmcli.model.listed import allowed_hint
from crmcli.model.values import fold
from crmcli.sales.intake import kept
from crmcli.sales.intake.kept import Taken
from crmcli.sales.intake.taking import take
from crmcli.sales.records.given_values import field_named, read_value
from crmcli.store.layout import FORMS
from crmcli.workspace import Workspace

CHANNEL = "form"
SAME_FOR = 300
"""Seconds for which the same content is the same submission, where nothing else tells."""
_WRONG = {
    "tel": "Check the phone number",
    "email": "Check the e-mail address",
    "url": "Check the address of the site",
    "number": "Write a number",
    "date": "Write a date",
    "select": "Choose one of the list",
}


class FieldsWrong(InvalidData):
    """What was sent is not what the form asks for; `wrong` says why, by field."""

    def __init__(self, wrong: Mapping[str, str]) -> None:
        problems = [Problem(name, 0, why) for name, why in wrong.items()]
        super().__init__("the form is not filled in right", "nothing was kept", problems)
        self.wrong = wrong


def form_named(ws: Workspace, name: str) -> Form:
    """A form by its name; NotFound if there is none."""
    form = ws.forms.forms.get(name)
    if form is None:
        known = [*ws.forms.forms]
        hint = allowed_hint(name, known, tr("there are")) if known else tr("write it in {}", FORMS)
        raise NotFound(tr("no form {!r}", name), hint)
    return form


def arrived(
    ws: Workspace,
    form: Form,
    content: bytes,
    token: str = "",
    more: Mapping[str, Any] | None = None,
) -> Arrived:
    """What was sent, to be kept; Unreadable, or FieldsWrong if the form asks for something else.

    A `token` can be used once; without one the same content is the same for some minutes. `more` are facts.
    """
    said = posted(content)
    if wrong := faults(ws, form, said):
        raise FieldsWrong(wrong)
    fields = {one.name: [one.field, one.label] for one in form.fields if said.get(one.name)}
    facts: dict[str, Any] = {"form": form.id, "title": form.title, "fields": fields}
    consent = form.consent
    if consent.text and is_agreed(said):
        agreed = {"text": consent.text, "version": consent.version}
        facts["consent"] = agreed | ({"channels": [*consent.channels]} if consent.channels else {})
    facts |= {"given": form.given} if form.given else {}
    facts |= {"duplicates": form.duplicates} if form.duplicates else {}
    if not token:
        content_sum = hashlib.sha256(content).hexdigest()[:32]
        token = f"{content_sum}-{int(ws.now.timestamp()) // SAME_FOR}"
    return Arrived(content, f"form:{form.id}:{token}", {**facts, **(more or {})})


def held(one: Arrived, why: str) -> Arrived:
    """The same, for quarantine."""
    return replace(one, facts={**one.facts, kept.HELD: why})


def faults(ws: Workspace, form: Form, said: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with what was filled in, by field, in words for the client."""
    wrong = {one.name: why for one in form.fields if (why := _fault(ws, one, said))}
    if form.consent.required and not is_agreed(said):
        wrong[CONSENT] = tr("We need your consent")
    ways = [one.name for one in form.fields if one.field in REACHES]
    if not any(said.get(name) for name in ways):
        wrong.setdefault(ways[0], tr("Tell us how to reach you"))
    return wrong


def is_agreed(said: Mapping[str, str]) -> bool:
    """Whether what was sent says yes to the consent: on, yes, 1, …; any other word is none."""
    return TRUTHS.get(fold(said.get(CONSENT, ""))) == "yes"


def _fault(ws: Workspace, field: FormField, said: Mapping[str, str]) -> str:
    text = said.get(field.name, "")
    if not text:
        return tr("Fill in this field") if field.required else ""
    most = field.longest
    if len(text) > most:
        return tr("At most {:,} letters", most)
    if field.options and text not in field.options:
        return tr(_WRONG["select"])
    known = field_named(ws, "lead", field.field)
    try:
        read_value(ws, known, [text])
    except CrmError:
        return tr(_WRONG.get(field.type, "Check this field"))
    if known.kind.is_phone and not is_phone(ws, text):
        return tr(_WRONG["tel"])
    return ""


def is_phone(ws: Workspace, text: str) -> bool:
    """Whether a text is one number that can be called."""
    from crmcli.model.phones import parse_phones

    try:
        return all(
            one.value.startswith("+") for one in parse_phones(text, ws.settings.phone_country)
        )
    except ValueError:
        return False


def submit(
    ws: Workspace, form: Form, content: bytes, more: Mapping[str, Any] | None = None
) -> Taken:
    """Keep what was sent, and take it up at once; what came before is told again."""
    one = arrived(ws, form, content, more=more)
    new = kept.keep(ws, CHANNEL, [one])
    if new:
        return take(ws, new[0])
    before = kept.named(ws, one.key)
    return Taken(before, ws.get(before.record) if before.record else None, why=tr("it came before"))


def said_in(ws: Workspace, one: kept.Kept) -> str:
    """What was filled in, in one line; "" of what cannot be read."""
    try:
        said = posted(kept.content(ws, one))
    except CrmError:
        return ""
    return ", ".join(text for name in one.facts.get("fields") or () if (text := said.get(name)))


def quarantined(ws: Workspace) -> list[kept.Kept]:
    """What waits in quarantine, the oldest first."""
    return [one for one in kept.listed(ws, ["quarantined"]) if one.channel == CHANNEL]
