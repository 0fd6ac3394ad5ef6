"""What an import row says of the records that it links to: their ids, names, and other facts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from crmcli.model.fields import Field
from crmcli.model.schema import own_fields
from crmcli.model.values import Raw, entity_of, fold
from crmcli.sales.exports.sheet_rows import facts_of, read_list, read_names
from crmcli.sales.imports.cells import CellReader
from crmcli.sales.imports.draft import Draft, Mention
from crmcli.sales.imports.mapping import Column, Target, Vocabulary
from crmcli.sales.imports.mention_text import read_mentions, split_cell


class MentionReader:
    """Collects what the columns of one row say of its links; `label_of` names a field's column."""

    def __init__(
        self, vocabulary: Vocabulary, cells: CellReader, label_of: Callable[[str, str], str]
    ) -> None:
        self._vocabulary = vocabulary
        self._cells = cells
        self._label_of = label_of

    def take(self, draft: Draft, column: Column, spec: Field, cell: Raw) -> None:
        """A cell of a link field: ids to the letter, or names; ValueError for what is neither."""
        if isinstance(cell, dict):
            found = [_mention(cell)]
        else:
            try:
                raw = read_list(spec, str(cell), self._cells.ctx)
                found = [_mention(item) for item in (raw if isinstance(raw, list) else [raw])]
            except ValueError:
                if not self._vocabulary.may_name(spec) or entity_of(str(cell)):
                    raise
                part = "names" if spec.is_many else "name"
                self.take_part(draft, column, Target(spec.name, part), str(cell))
                return
        links = draft.links.setdefault(spec.name, [])
        links += found if spec.is_many or not links else []

    def take_part(self, draft: Draft, column: Column, target: Target, text: str) -> None:
        """A cell with one fact about a linked record: its name, its INN, the role there."""
        said = draft.named.setdefault((target.field, target.part), [])
        if fold(text) in map(fold, said):
            return
        if said and not self._vocabulary.takes_several(target):
            draft.conflicts.append(column.label)
        else:
            said.append(text)

    def finish(self, draft: Draft) -> None:
        """Put together what several columns have said of one link."""
        for (name, part), said in sorted(
            draft.named.items(), key=lambda item: item[0][1] not in _NAMES
        ):
            links = draft.links.setdefault(name, [])
            if part in _NAMES:
                self._name(draft, name, links, self._named(name, said, links))
            elif not links and part == "role":  # in a company that nobody names
                if not draft.faults:
                    draft.conflicts.append(self._label_of(name, part))
            else:
                if not links:
                    links.append(Mention())
                each = [text for cell in said for text in split_cell(cell)]
                texts = each if len(each) == len(links) else ["; ".join(said)]
                for link, text in zip(links, texts, strict=False):
                    self._add_fact(draft, link, name, part, text)

    def _named(self, name: str, said: Sequence[str], links: Sequence[Mention]) -> list[Mention]:
        """What cells name that stand for a link: `Name (e-mail)`, several of a field that has several.

        Beside our own ids, as exports have them, names are taken to the letter.
        """
        spec = self._vocabulary.fields[name]
        if len(said) == 1 and links and all(entity_of(link.id) for link in links):
            names = read_names(said[0]) if spec.is_many else [said[0]]
            if len(names) == len(links):
                return [Mention(name=text) for text in names]
        entity = spec.entities[0]
        own = {field.name: field for field in own_fields(entity)}
        found = [m for text in said for m in read_mentions(text, entity, several=spec.is_many)]
        for mention in found:
            texts = {n: str(text) for n, text in mention.facts.items() if n in own}
            mention.facts = {n: self._cells.read(own[n], t, exact=False) for n, t in texts.items()}
        return found

    def _name(self, draft: Draft, name: str, links: list[Mention], found: list[Mention]) -> None:
        """Name the links that are there by id, one after the other, or those that are not."""
        if not links:
            links += found
        elif len(found) == len(links):
            for link, said in zip(links, found, strict=True):
                link.name = link.name or said.name
                link.facts = {**said.facts, **link.facts}
        else:
            draft.conflicts.append(self._label_of(name, "names"))

    def _add_fact(self, draft: Draft, link: Mention, name: str, part: str, text: str) -> None:
        if part == "role":
            link.role = text
            return
        entity = self._vocabulary.fields[name].entities[0]
        spec = next(f for f in own_fields(entity) if f.name == facts_of(entity)[part])
        try:
            column = self._label_of(name, part)
            link.facts[spec.name] = self._cells.read(spec, text, exact=False, column=column)
        except ValueError as error:
            draft.faults.append((self._label_of(name, part), str(error)))


_NAMES = ("name", "names")


def _mention(item: Raw) -> Mention:
    if isinstance(item, dict):
        name, role = str(item.get("name", "")), str(item.get("role", ""))
        return Mention(id=str(item.get("company", "")), name=name, role=role)
    return Mention(id=str(item))
