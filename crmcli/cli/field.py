"""crm field: the fields of your own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from crmcli.cli.params import ChangingVerb, Noun
from crmcli.cli.session import Session
from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.model.entities import ENTITIES
from crmcli.model.kinds import declarable
from crmcli.present.cells import Column, Listing, attributes
from crmcli.present.changes import reshaped
from crmcli.present.told import Told
from crmcli.sales.settings import fields

COLUMNS = [
    Column("entity", "Of", "word"), Column("name", "Field", keep=True), Column("type", "Type"),
    Column("label", "Label"), Column("required", "Required", "bool"), Column("default", "Default"),
    Column("choices", "Choices"), Column("directory", "Directory"), Column("to", "Links to"),
]  # fmt: skip
ENTITY = click.Choice(ENTITIES)

field = Noun("field", help="Custom fields, as declared in settings.yaml.")


@field.command("list")
@click.argument("entity", type=ENTITY, required=False)
def list_(session: Session, entity: str | None) -> Listing:
    """List custom fields.

    Example: crm field list deal
    """
    rows = [
        {
            "entity": of,
            "type": f.kind.declared_as,
            "choices": list(f.choices),
            "to": list(f.entities),
        }
        | attributes(f, "name", "label", "required", "default", "directory")
        for of, declared in session.workspace.schema.custom.items()
        for f in declared
        if entity in (None, of)
    ]
    return Listing(rows, COLUMNS, "no custom fields yet: crm field add deal …")


@field.command(cls=ChangingVerb)
@click.argument("entity", type=ENTITY)
@click.argument("name")
@click.option(
    "--type", "kind", type=click.Choice([*declarable()]), default="text", help="Type of value."
)
@click.option("--label", default="", help="Label for people.")
@click.option("--required", is_flag=True, help="Required for new records.")
@click.option("--default", default="", help="Default for new records.")
@click.option("--choice", "choices", multiple=True, help="An allowed value; may be repeated.")
@click.option("--directory", default="", metavar="NAME", help="Directory of allowed values.")
@click.option("--to", "targets", type=ENTITY, multiple=True, help="What a link points to.")
def add(
    session: Session, /, entity: str, name: str, kind: str, choices: Sequence[str], **given: Any
) -> Told:
    """Add a custom field to an entity.

    With --directory and a new name, the choices go into a new directory: --choice id=Label.

    Example: crm field add deal roof --type choice --choice 'Flat roof' --choice 'Pitched roof'
    """
    directory, targets = given["directory"], given["targets"]
    values: dict[str, Any] = {}
    labelled = next((choice for choice in choices if "=" in choice), "")
    if labelled and not directory:
        told = tr("--choice {}: only a directory has values with labels", labelled)
        raise BadUsage(told, "add --directory NAME, or leave the label out")
    if directory and choices:
        if directory in session.workspace.settings.directories:
            hint = tr("leave out --choice; add values with crm directory add {}", directory)
            raise BadUsage(tr("directory {!r} already exists", directory), hint)
        pairs = [choice.partition("=") for choice in choices]
        values = {key.strip(): label.strip() or key.strip() for key, _, label in pairs}
    facts = {
        "type": kind,
        "label": given["label"],
        "required": "yes" if given["required"] else "",
        "default": given["default"],
        "choices": [] if directory else list(choices),
        "directory": directory,
        "to": targets[0] if len(targets) == 1 else list(targets),
    }
    kept = {key: value for key, value in facts.items() if value}
    fields.add(session.workspace, entity, name, kept, values)
    told = tr("Added field {} ({}) to {}.", name, kind, tr(ENTITIES[entity].plural))
    return Told(told, {"entity": entity, "name": name})


@field.command(cls=ChangingVerb)
@click.argument("entity", type=ENTITY)
@click.argument("old")
@click.argument("new")
def rename(session: Session, entity: str, old: str, new: str) -> Told:
    """Rename a custom field, in all records and conditions too, in one transaction.

    Example: crm field rename deal area roof_area
    """
    done = fields.rename(session.workspace, entity, old, new)
    text = tr("Renamed {}.{} to {}", entity, old, new)
    return reshaped(session.workspace, text, done, {"entity": entity, "name": new})


@field.command(cls=ChangingVerb)
@click.argument("entity", type=ENTITY)
@click.argument("name")
@click.option("--drop-data", is_flag=True, help="Remove the values too.")
def rm(session: Session, entity: str, name: str, drop_data: bool) -> Told:
    """Remove a custom field; refused while records have values in it.

    Example: crm field rm deal roof --drop-data
    """
    done = fields.remove(session.workspace, entity, name, drop_data=drop_data)
    text = tr("Removed field {} from {}", name, tr(ENTITIES[entity].plural))
    return reshaped(session.workspace, text, done, {"entity": entity, "name": name})
