"""What an import row says of the records that it links to: their ids, names, and other facts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from crmcli.language import tr
from crmcli.model.entities import ENTITIES
from crmcli.model.fields import Field
from crmcli.model.schema import own_fields
from crmcli.model.values import Raw, entity_of, fold
from crmcli.sales.exports.sheet_rows import ID_PART, facts_of, read_list, read_names
from crmcli.sales.imports.cells import CellReader
from crmcli.sales.imports.draft import Draft, Mention
from crmcli.sales.imports.mapping import Column, Target, Vocabulary
from crmcli.sales.imports.mention_text import (
    EXTERNAL,
    is_id,
    plain_id,
    read_mentions,
    says_id,
    split_cell,
)


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
                part = ID_PART if says_id(column.label) else part
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
        for name in dict.fromkeys(name for name, _ in draft.named):
            parts = {part: said for (field, part), said in draft.named.items() if field == name}
            links = draft.links.setdefault(name, [])
            entity, own = self._of_one(draft, self._vocabulary.fields[name], parts)
            for part in sorted(own, key=lambda part: _fact(part) not in _NAMES):
                self._finish_part(draft, Target(name, part), links, own[part])
            for link in links:
                link.entity = link.entity or entity

    def _of_one(
        self, draft: Draft, spec: Field, parts: Mapping[str, Sequence[str]]
    ) -> tuple[str, Mapping[str, Sequence[str]]]:
        """What is said of the one record to which a link leads, if it may lead to several nouns: of one
        that stands in stages, if there is any. What is said of others goes to the comment."""
        nouns = sorted(spec.entities, key=lambda noun: "staged" not in ENTITIES[noun].traits)
        said = {part: part.rpartition(".")[0] for part in parts}
        one = next((noun for noun in ("", *nouns) if noun in said.values()), "")
        if draft.links[spec.name] or not any(said.values()):
            one = ""
        for part, noun in said.items():
            if noun != one:
                label = self._label_of(spec.name, part)
                draft.comment.append(f"{label}: {'; '.join(parts[part])}")
        return one, {part: parts[part] for part, noun in said.items() if noun == one}

    def _finish_part(
        self, draft: Draft, target: Target, links: list[Mention], said: Sequence[str]
    ) -> None:
        name, part = target.field, _fact(target.part)
        label = self._label_of(name, target.part)
        if part in _NAMES:
            self._name(draft, name, links, self._named(target, said, links))
        elif part == ID_PART:
            self._take_ids(draft, target, links, said)
        elif not links and part == "role":  # in a company that nobody names
            if not draft.faults:
                draft.conflicts.append(label)
        else:
            if not links:
                links.append(Mention())
            each = [text for cell in said for text in split_cell(cell)]
            texts = each if len(each) == len(links) else ["; ".join(said)]
            for link, text in zip(links, texts, strict=False):
                self._add_fact(draft, link, target, text)

    def _take_ids(
        self, draft: Draft, target: Target, links: list[Mention], said: Sequence[str]
    ) -> None:
        """Ids in whatever system, of those who are named in the same order, or of nobody named."""
        label = self._label_of(target.field, target.part)
        ids = [text for cell in said for text in split_cell(cell)]
        if not self._vocabulary.fields[target.field].is_many and len(ids) > 1:
            draft.comment.append(f"{label}: {'; '.join(ids[1:])}")
            del ids[1:]
        if not links:
            links += [Mention() for _ in ids]
        if len(ids) != len(links):
            draft.conflicts.append(label)
            return
        for link, text in zip(links, ids, strict=True):
            if entity_of(text):
                link.id = link.id or text
            else:
                link.facts[EXTERNAL] = self._external(label, text)

    def _external(self, label: str, text: str) -> dict[str, Raw]:
        """An id by its system: as it says itself, or its column, or its file."""
        system, colon, one = text.partition(":")
        if colon and is_id(text) and plain_id(text) == text:
            return {fold(system): one}
        return {self._vocabulary.system_of(label): plain_id(text)}

    def _noun(self, target: Target) -> str:
        """Of what noun a part of a link speaks."""
        return target.part.rpartition(".")[0] or self._vocabulary.fields[target.field].entities[0]

    def _named(
        self, target: Target, said: Sequence[str], links: Sequence[Mention]
    ) -> list[Mention]:
        """What cells name that stand for a link: `Name (e-mail)`, several of a field that has several.

        Beside our own ids, as exports have them, names are taken to the letter.
        """
        spec = self._vocabulary.fields[target.field]
        if len(said) == 1 and links and all(entity_of(link.id) for link in links):
            names = read_names(said[0]) if spec.is_many else [said[0]]
            if len(names) == len(links):
                return [Mention(name=text) for text in names]
        entity = self._noun(target)
        label = self._label_of(spec.name, target.part)
        own = {field.name: field for field in own_fields(entity)}
        found = [m for text in said for m in read_mentions(text, entity, several=spec.is_many)]
        for mention in found:
            other = mention.facts.pop(EXTERNAL, "")
            texts = {n: str(text) for n, text in mention.facts.items() if n in own}
            mention.facts = {n: self._cells.read(own[n], t, exact=False) for n, t in texts.items()}
            if other:
                mention.facts[EXTERNAL] = self._external(label, str(other))
            elif not (mention.facts or mention.id) and is_id(mention.name):
                ((system, one),) = self._external(label, mention.name).items()
                mention.or_id = f"{system}:{one}"
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

    def _add_fact(self, draft: Draft, link: Mention, target: Target, text: str) -> None:
        part, entity = _fact(target.part), self._noun(target)
        if part == "role":
            link.role = text
            return
        column = self._label_of(target.field, target.part)
        spec = next(f for f in own_fields(entity) if f.name == facts_of(entity)[part])
        try:
            link.facts[spec.name] = self._cells.read(spec, text, exact=False, column=column)
        except ValueError as error:
            draft.faults.append((column, str(error)))


_NAMES = ("name", "names")


def _fact(part: str) -> str:
    """What a part says, without of which noun."""
    return part.rpartition(".")[2]


def _mention(item: Raw) -> Mention:
    if isinstance(item, dict):
        more = [key for key in item if key not in ("name", "role", "company") and item[key]]
        if more and not item.get("company"):
            raise ValueError(
                tr("{!r} of a linked record is not read: give it a key of its own", more[0])
            )
        name, role = str(item.get("name", "")), str(item.get("role", ""))
        return Mention(id=str(item.get("company", "")), name=name, role=role)
    return Mention(id=str(item))
