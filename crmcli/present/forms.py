"""Forms of a site, as tables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from crmcli.language import tr
from crmcli.model.values import format_instant
from crmcli.present.cells import Column, Listing, attributes

if TYPE_CHECKING:
    from crmcli.model.form import Form, Forms
    from crmcli.sales.intake.kept import Kept
    from crmcli.workspace import Workspace

_KNOWN = {
    "attach": "told on the timeline", "merge": "filled in too", "skip": "nothing is done",
    "new": "a new record",
}  # fmt: skip
"""What becomes of who is known, by what forms.yaml says."""
FORMS = [
    Column("id", "Form", keep=True), Column("title", "Title"), Column("fields", "Fields", whole=True),
    Column("duplicates", "If known", whole=True), Column("page", "Page"),
]  # fmt: skip
FIELDS = [
    Column("name", "Name", keep=True), Column("field", "Field"), Column("label", "Label"),
    Column("type", "Type", "word"), Column("required", "Required", "bool"),
]  # fmt: skip
_FACTS = {
    "title": "Title", "thanks": "Thank-you text", "redirect": "Leads to", "owner": "Owner", "stage": "Stage",
    "duplicates": "If known", "hidden": "Hidden fields", "consent": "Consent text", "version": "Its version",
}  # fmt: skip
QUARANTINE = [
    Column("id", "Id", keep=True), Column("at", "When", "datetime"), Column("form", "Form"),
    Column("said", "Filled in"), Column("why", "Why", whole=True),
]  # fmt: skip


def forms(found: Forms) -> Listing:
    """Each form with what it asks for."""
    rows = [
        attributes(one, "id", "title", "duplicates")
        | {"fields": [field.name for field in one.fields], "page": f"/f/{one.id}"}
        for one in found.forms.values()
    ]
    known = {word: tr(told) for word, told in _KNOWN.items()}
    columns = [one.named(known) if one.name == "duplicates" else one for one in FORMS]
    return Listing(rows, columns, "no forms yet: write them in forms.yaml, see crm help forms")


def form(one: Form) -> list[Listing]:
    """The fields of a form, and what is made of it."""
    fields = [
        attributes(field, "name", "field", "label", "type", "required") for field in one.fields
    ]
    facts: dict[str, Any] = attributes(
        one, "title", "thanks", "redirect", "owner", "stage", "duplicates"
    )
    facts |= {"hidden": ", ".join(f"{name}={value}" for name, value in one.hidden.items())}
    facts |= {"consent": one.consent.text}
    if one.consent.text:
        facts["version"] = one.consent.version
    rows = [{"what": what, "value": value} for what, value in facts.items() if value]
    known = {f"duplicates/{word}": tr(told) for word, told in _KNOWN.items()}
    columns = [
        Column("what", "What", labels={what: tr(told) for what, told in _FACTS.items()}, keep=True),
        Column("value", "Value", labels=known, within="what", whole=True),
    ]
    return [Listing(rows, columns), Listing(fields, FIELDS)]


def quarantine(ws: Workspace, found: Iterable[Kept]) -> Listing:
    """What waits in quarantine."""
    from crmcli.sales.forms import said_in

    rows = [
        attributes(one, "id")
        | {"at": format_instant(one.at), "form": one.facts.get("form", ""), "why": tr(one.why)}
        | {"said": said_in(ws, one)}
        for one in found
    ]
    return Listing(rows, QUARANTINE, "nothing is in quarantine")
