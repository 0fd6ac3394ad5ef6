"""By what a record is known elsewhere: ids of other systems, names in networks."""

from __future__ import annotations

from typing import Any

from crmcli.language import tr
from crmcli.model.kinds.base import Field, InputContext, Key, texts
from crmcli.model.kinds.texts import Many, Text
from crmcli.model.values import Raw, fold

UNNAMED = "import:"
"""Begins ids of a file that does not say of which system they are: another file may have the same."""


class External(Many):
    """Ids that other systems have for a record, `hubspot:123`; in files a map of systems."""

    def parse(self, raw: Raw) -> tuple[str, ...]:
        if isinstance(raw, dict):
            return tuple(f"{system}:{one}" for system, ids in raw.items() for one in texts(ids))
        if not isinstance(raw, list):
            return texts(raw)
        return tuple(one for item in raw for one in self.parse(item))

    def _dump(self, value: Any) -> Raw:
        found: dict[str, list[Raw]] = {}
        for item in value:
            system, _, one = item.partition(":")
            found.setdefault(system, []).append(one)
        return {system: ids[0] if len(ids) == 1 else ids for system, ids in found.items()}

    def items(self, raw: Raw) -> list[Raw]:
        return list(self.parse(raw))

    def write_cell(self, raw: Any) -> str:
        return super().write_cell(self.parse(raw))

    def shortcut(self, raw: Raw) -> list[Key] | None:
        return [*self.keys(self.parse(raw))]


class ExternalId(Text):
    """One id of another system."""

    def read(self, field: Field, text: str, ctx: InputContext) -> Raw:
        system, _, one = (part.strip() for part in text.replace("=", ":", 1).partition(":"))
        if not (system and one):
            raise ValueError(tr("{!r} is not like hubspot:123", text))
        return f"{fold(system)}:{one}"


class Handle(Text):
    """A name in a network, compared without case and @."""

    def read(self, field: Field, text: str, ctx: InputContext) -> Raw:
        from crmcli.model.handles import read_handle

        return read_handle(text)

    def key(self, value: Any) -> Key | None:
        from crmcli.model.handles import handle_key

        return handle_key(str(value)) if value else None

    def literal(self, text: str, country: str) -> Key:
        from crmcli.model.handles import handle_key, read_handle

        if text.startswith("@"):
            return fold(text)
        try:
            return handle_key(read_handle(text))
        except ValueError:
            return fold(text)


def is_bare(key: str) -> bool:
    """Whether a key of a handle is without its network, by which somebody is found and not known for sure."""
    return key[:1] in ("@", "#")


class Handles(Many):
    """Names in networks; each is also found without its network: @anna, a phone number by its digits."""

    def keys(self, value: Any) -> tuple[Key, ...]:
        from crmcli.model.handles import name_key, number_key

        numbers = filter(None, map(number_key, value))
        return (*super().keys(value), *(name_key(item) for item in value), *numbers)


HANDLES = Handles(
    "handles",
    of=Handle("handle"),
    apart=r"[,;\n]+",
    found_by="handle",
    searched_in="rest",
    metavar="NETWORK:NAME",
)
EXTERNAL = External(
    "external",
    of=ExternalId("external_id"),
    apart=r"[,;\n]+",
    found_by="external",
    metavar="SYSTEM:ID",
    is_sorted=True,
)
