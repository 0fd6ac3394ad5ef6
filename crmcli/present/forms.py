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

FORMS = [
    Column("id", "Form", keep=True), Column("title", "Title"), Column("fields", "Fields", whole=True),
    Column("duplicates", "If known", "word"), Column("page", "Page"),
]  # fmt: skip
FIELDS = [
    Column("name", "Name", keep=True), Column("field", "Field"), Column("label", "Label"),
    Column("type", "Type", "word"), Column("required", "Required", "bool"),
]  # fmt: skip
FACTS = [Column("what", "What", "word", keep=True), Column("value", "Value", whole=True)]
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
    return Listing(rows, FORMS, "no forms yet: write them in forms.yaml")


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
    return [Listing(rows, FACTS), Listing(fields, FIELDS)]


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
