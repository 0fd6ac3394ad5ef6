"""Links to somebody who is not there yet: whoever names a new client may have it added as well."""

from __future__ import annotations

from collections.abc import Sequence

from crmcli.dataclass import replace
from crmcli.errors import NotFound
from crmcli.language import tr
from crmcli.model.entities import may_be_created
from crmcli.model.fields import Record
from crmcli.model.kinds import InputContext
from crmcli.model.schema import has_field
from crmcli.model.values import entity_of, fold
from crmcli.sales.records.given_values import Given, read_values
from crmcli.sales.records.new_record import build
from crmcli.workspace import Workspace

LEAST_DIGITS = 4
"""More digits than these, and no letter, are a phone number."""


def linking(ws: Workspace, made: list[Record], *, create: bool) -> InputContext:
    """How values are read where a link finds the record that it names, or makes one by its name, e-mail or
    phone, if it may; those go into `made`."""

    def found(text: str, *entities: str) -> str:
        try:
            return ws.resolve(text, *entities, exactly=True)
        except NotFound as error:
            like = [known.id for known in made if fold(str(known.get("name"))) == fold(text)]
            if like:
                return like[0]
            is_odd = create and (":" in text or entity_of(fold(text)))  # a role, or an id
            if is_odd or not may_be_created(entities):
                raise
            if not create:
                hint = tr("{}, or add it with --create", error.hint)
                raise NotFound(error.message, hint) from None
            made.append(
                build(ws, entities[0], read_values(ws, entities[0], _named_by(text, entities[0])))
            )
            return made[-1].id

    return replace(ws.inputs, resolve=found)


def told(made: Sequence[Record]) -> list[str]:
    """What is said of those that were made."""
    return [tr("also added: {} {}", one.id, one.get("name")) for one in made]


def _named_by(text: str, entity: str) -> Given:
    """What a reference says of somebody: `Anna Hill <anna@example.com>`, an address, a number, a name."""
    from email.utils import parseaddr

    name, address = parseaddr(text) if "@" in text else ("", "")
    if address:
        return {"emails": [address], **(_called(name, entity) if name else {})}
    is_number = sum(map(str.isdecimal, text)) > LEAST_DIGITS and not any(map(str.isalpha, text))
    return {"phones": [text.strip()]} if is_number else _called(text.strip(), entity)


def _called(name: str, entity: str) -> Given:
    """A name, and a person's with its parts, where they can be told."""
    from crmcli.matching.name_parts import split_name

    parts = split_name(name) if has_field(entity, "last_name") else {}
    return {"name": [name], **{part: [word] for part, word in parts.items()}}
