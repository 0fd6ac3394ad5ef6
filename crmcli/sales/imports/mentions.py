"""What an import row says of the records that it links to: their ids, names, and other facts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from crmcli.model.fields import Field
from crmcli.model.values import Raw, entity_of, fold
from crmcli.sales.exports.sheet_rows import NAMES, read_list, read_names
from crmcli.sales.imports.cells import CellReader
from crmcli.sales.imports.draft import Draft, Mention
from crmcli.sales.imports.mapping import Column
from crmcli.workspace import Workspace

FACTS = {"inn": ("company", "inn"), "phone": ("contact", "phones"), "email": ("contact", "emails")}
"""What a row may say of a linked record beside its name: the entity and its field."""

LINK_PARTS = ("name", "names", "role", *FACTS)


class MentionReader:
    """Collects what the columns of one row say of its links; `label_of` names a field's column."""

    def __init__(
        self, ws: Workspace, entity: str, cells: CellReader, label_of: Callable[[str, str], str]
    ) -> None:
        self._ws = ws
        self._entity = entity
        self._cells = cells
        self._label_of = label_of

    def take(self, draft: Draft, spec: Field, cell: Raw) -> None:
        """A cell of a link field: ids to the letter, or names; ValueError for what is neither."""
        if isinstance(cell, dict):
            found = [_mention(cell)]
        else:
            try:
                raw = read_list(spec, str(cell), self._cells.ctx)
                found = [_mention(item) for item in (raw if isinstance(raw, list) else [raw])]
            except ValueError:
                if (self._entity, spec.name) not in NAMES or entity_of(str(cell)):
                    raise
                names = [str(cell)] if not spec.is_many else read_names(str(cell))
                found = [Mention(name=name) for name in names]
        if found:
            draft.links.setdefault(spec.name, []).extend(found)

    def take_part(self, draft: Draft, column: Column, spec: Field, text: str) -> None:
        """A cell with one fact about a linked record: its name, its INN, the role there."""
        assert column.target is not None
        part = column.target.part
        if part != "name":
            said = draft.named.setdefault((spec.name, part), text)
            if part in ("phone", "email") and text not in said:
                draft.named[(spec.name, part)] = f"{said}; {text}"  # of several columns
            elif text not in said:
                draft.conflicts.append(column.label)
            return
        known = [fold(link.name) for link in draft.links.get(spec.name, []) if link.name]
        if fold(text) in known:
            return
        if known and not spec.is_many:
            draft.conflicts.append(column.label)
        else:
            draft.links.setdefault(spec.name, []).append(Mention(name=text))

    def finish(self, draft: Draft) -> None:
        """Put together what several columns have said of one link."""
        for (name, part), text in draft.named.items():
            links = draft.links.setdefault(name, []) if part else []
            if part == "names":
                self._name(draft, name, links, read_names(text))
            elif part:
                if not links:
                    links.append(Mention())
                self._add_fact(draft, links[0], name, part, text)
        for name, links in list(draft.links.items()):
            if len(links) > 1 and not self._ws.schema.field(self._entity, name).is_many:
                draft.links[name] = [_one_of(links)]
            if not all(link.is_known for link in links):  # a role in a company that nobody names
                if not draft.faults:
                    draft.conflicts.append(self._label_of(name, "role"))
                draft.links[name] = [link for link in links if link.is_known]
            if not draft.links[name]:
                del draft.links[name]

    def _name(self, draft: Draft, name: str, links: list[Mention], names: Sequence[str]) -> None:
        if not links:
            links += [Mention(name=text) for text in names]
        elif len(names) == len(links):
            for link, text in zip(links, names, strict=True):
                link.name = text
        else:
            draft.conflicts.append(self._label_of(name, "names"))

    def _add_fact(self, draft: Draft, link: Mention, name: str, part: str, text: str) -> None:
        if part == "role":
            link.role = text
            return
        entity, field_name = FACTS[part]
        spec = self._ws.schema.field(entity, field_name)
        try:
            link.facts[field_name] = self._cells.read(spec, text, exact=False)
        except ValueError as error:
            draft.faults.append((self._label_of(name, part), str(error)))


def _mention(item: Raw) -> Mention:
    if isinstance(item, dict):
        name, role = str(item.get("name", "")), str(item.get("role", ""))
        return Mention(id=str(item.get("company", "")), name=name, role=role)
    return Mention(id=str(item))


def _one_of(links: Sequence[Mention]) -> Mention:
    """The id that one column gives with the name that another does."""
    first = next((link for link in links if link.id), links[0])
    first.name = first.name or next((link.name for link in links if link.name), "")
    return first
