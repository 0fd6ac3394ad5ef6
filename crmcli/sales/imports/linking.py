"""Companies and contacts that a row names: found, or created."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import cast

from crmcli.language import tr
from crmcli.matching.firms import Firm, may_be_one, read_firm
from crmcli.model.fields import Field, Record
from crmcli.model.kinds import Maps, kind_of
from crmcli.model.kinds.identities import UNNAMED, is_bare
from crmcli.model.phones import key as phone_key
from crmcli.model.values import Raw, Value, entity_of, fold
from crmcli.sales.exports.sheet_rows import read_names
from crmcli.sales.imports.draft import Doubt, Draft, Mention, RowRefused
from crmcli.sales.imports.mention_text import EXTERNAL
from crmcli.sales.imports.row_reader import RowReader
from crmcli.sales.records.new_record import build
from crmcli.sales.records.tombstones import successor
from crmcli.workspace import Workspace

MADE = ("company", "contact")
"""What an import creates because a row names it."""

Key = tuple[str, str]
"""Something by which a record is known: phone, email, inn, handle, external or name, and the text of it."""


class Linker:
    """Finds or creates what rows link to; `made` are the records that are new, by id.

    A row names a record by id, INN, phone, e-mail or exact name, a company without its legal form too.
    Unless `may_make`, a row is rejected if what it names does not exist.
    """

    def __init__(self, reader: RowReader, batch: str, *, may_make: bool = True) -> None:
        self.ws = reader.ws
        self._reader = reader
        self._batch = batch
        self._may_make = may_make
        self.made: dict[str, Record] = {}
        self._there: set[str] = set()
        self._names: dict[str, str] = {}
        self._known: dict[tuple[str, str, str], str] = {}
        self._firms: dict[tuple[str, ...], list[tuple[str, Firm]]] | None = None

    def link(self, draft: Draft) -> None:
        """Give a row the values of its links, and the records that they need first; nothing is written."""
        if not draft.id:
            self._link_named_firm(draft)
        for name, mentions in draft.links.items():
            spec = self.ws.schema.field(self._reader.entity, name)
            if (known := self._as_they_are(draft, spec)) is not None:
                draft.values[name] = known
                continue
            try:
                settled = [(self._settle(spec, m, draft), m.role) for m in mentions]
                found = [(record_id, role) for record_id, role in settled if record_id]
            except ValueError as error:
                own_name = f"{name}_name"  # a lead has its company's name as text
                column = own_name if own_name in self._reader.own_fields else name
                raise RowRefused([(self._reader.label_of(column), str(error))]) from None
            if any(self._is_misnamed(m, draft) for m in mentions):
                draft.conflicts.append(self._reader.label_of(name, "names"))
            if isinstance(spec.kind, Maps):
                key = spec.kind.main
                draft.values[name] = [{key: i, **({"role": r} if r else {})} for i, r in found]
            elif found:
                draft.values[name] = [i for i, _ in found] if spec.is_many else found[0][0]

    def _as_they_are(self, draft: Draft, spec: Field) -> Raw | None:
        """The links of our own record, where its row only has the names of those to which they lead."""
        said = draft.named.get((spec.name, "names" if spec.is_many else "name"), [])
        is_named = len(said) == 1 and not any(m.id for m in draft.links[spec.name])
        if not (draft.id and is_named and self.ws.exists(draft.id)):
            return None
        raw = self.ws.schema.write(self.ws.get(draft.id)).get(spec.name, "")
        ids = spec.kind.linked(spec.kind.parse(raw))
        names = [_name_of(self.ws.get(i)) if self.ws.exists(i) else "" for i in ids]
        wanted = read_names(said[0]) if spec.is_many else [*said]
        return raw if names == wanted else None

    def companies(self, draft: Draft) -> list[str]:
        """The companies, of those that are there, that a row names."""
        found = []
        for name, mentions in draft.links.items():
            if self.ws.schema.field(self._reader.entity, name).entities == ("company",):
                for mention in mentions:
                    with suppress(ValueError):  # several have that name
                        found.append(mention.id or self._find("company", mention))
        return list(filter(None, found))

    def remember(self, records: Iterable[Record]) -> None:
        """Take note of records that are being made, so that the next row finds them."""
        for record in records:
            self.made[record.id] = record
            self._learn([record])
            for kind, text in keys_of(self.ws, self.ws.schema.write(record), _name_of(record)):
                self._known.setdefault((record.entity, kind, text), record.id)

    def look_again(self) -> None:
        """Others have written meanwhile."""
        self._firms = None

    def _settle(self, spec: Field, mention: Mention, draft: Draft) -> str:
        """The id of a linked record: the one that is said, the one found by what is said, or a new one."""
        if mention.id:
            if not self._exists(mention.id, draft):
                mention.id = successor(self.ws, mention.id) or mention.id
            if not self._exists(mention.id, draft):
                if mention.name and entity_of(mention.id):
                    draft.missing.append(self._stub(mention))
                else:
                    draft.dangling += 1
            return mention.id
        nouns = [mention.entity] if mention.entity else spec.entities
        found = next(filter(None, (self._find(noun, mention) for noun in nouns)), "")
        return found or self._unfound(spec, nouns, mention, draft)

    def _unfound(self, spec: Field, nouns: Sequence[str], mention: Mention, draft: Draft) -> str:
        """The id of a new record for a mention, or "" where the comment keeps it; ValueError if neither."""
        entity = nouns[0]
        others = next(iter(_external_keys(mention.facts)), "").partition(":")[2]
        is_bare = others and not mention.name and len(mention.facts) == 1
        if entity in MADE and len(nouns) == 1 and self._may_make and not is_bare:
            record = self._new(entity, mention, draft)
            draft.missing.append(record)
            return record.id
        text = mention.name or others or str(next(iter(mention.facts.values()), ""))
        may_be_left = (is_bare or len(spec.entities) > 1) and not self._reader.is_strict
        if may_be_left and "comment" in self._reader.own_fields:
            column = self._label(spec.name, mention)
            draft.doubts.append(Doubt(column, tr("there is no such {} here", tr(entity)), text))
            before = [str(draft.values[n]) for n in ("comment",) if draft.values.get(n)]
            draft.values["comment"] = "\n".join([*before, f"{column}: {text}"])
            return ""
        if entity not in MADE or is_bare:
            raise ValueError(tr("no {} {!r}", tr(entity), text))
        raise ValueError(tr("no {} {!r}; --create-missing creates it", tr(entity), text))

    def _label(self, name: str, mention: Mention) -> str:
        """The column that names a linked record."""
        of = f"{mention.entity}." if mention.entity else ""
        labels = (self._reader.label_of(name, f"{of}{part}") for part in ("name", "names", "id"))
        return next((label for label in labels if label != name), self._reader.label_of(name))

    def _is_misnamed(self, mention: Mention, draft: Draft) -> bool:
        """Whether the id leads to a record of another name: the id counts, and somebody must know."""
        if not (mention.id and mention.name and self._exists(mention.id, draft)):
            return False
        record = self.made.get(mention.id) or self._new_in(draft, mention.id)
        name = _name_of(record) if record else self._names.get(mention.id)
        if name is None:
            name = self._names[mention.id] = _name_of(self.ws.get(mention.id))
        return fold(name) != fold(mention.name)

    def _exists(self, record_id: str, draft: Draft) -> bool:
        if record_id in self._there or record_id in self.made or self._new_in(draft, record_id):
            return True
        if entity_of(record_id) and self.ws.exists(record_id):
            self._there.add(record_id)
            return True
        return False

    def _new_in(self, draft: Draft, record_id: str) -> Record | None:
        return next((record for record in draft.missing if record.id == record_id), None)

    def _find(self, entity: str, mention: Mention) -> str:
        ids = _external_keys(mention.facts)
        if found := self._by_id(entity, ids, mention, is_sure=not mention.name):
            return found
        facts = {name: fact for name, fact in mention.facts.items() if name != EXTERNAL}
        for kind, text in keys_of(self.ws, facts, mention.name):
            if only := _only(self._lookup(entity, kind, text, mention), text):
                self._known[(entity, kind, text)] = only
                return only
        firm = self._firm(mention) if entity == "company" and mention.name else ""
        return firm or self._by_id(entity, [mention.or_id], mention, is_sure=True)

    def _lookup(self, entity: str, kind: str, text: str, mention: Mention) -> Sequence[str]:
        known = self._known.get((entity, kind, text))
        found = [known] if known else self.ws.lookup(kind, text, [entity])
        return [i for i in found if kind != "name" or not self._is_another(i, mention)]

    def _by_id(self, entity: str, keys: Iterable[str], mention: Mention, *, is_sure: bool) -> str:
        """A record by its id elsewhere; of a file that does not say where, by that id in any system.

        Such an id is that of another record unless this is called the same, or `is_sure`.
        """
        for key in filter(None, keys):
            is_unnamed = key.startswith(UNNAMED)
            number = key.removeprefix(UNNAMED)
            others = [f"{system}:{number}" for system in self._reader.systems if is_unnamed]
            for text in (key, *others):
                found = self._lookup(entity, "external", text, mention)
                if is_unnamed and not is_sure:
                    found = [i for i in found if self._is_called(i, mention.name)]
                if only := _only(found, number):
                    return only
        return ""

    def _is_called(self, record_id: str, name: str) -> bool:
        own = _name_of(self.made.get(record_id) or self.ws.get(record_id))
        return fold(own) == fold(name) or read_firm(own).texts == read_firm(name).texts

    def _link_named_firm(self, draft: Draft) -> None:
        """A lead keeps its company's name as text, and is linked if just one company has that name."""
        if "company" not in self._reader.own_fields or "company_name" not in draft.values:
            return
        name = str(draft.values["company_name"])
        said = draft.links.get("company")
        if said:
            said[0].name = said[0].name or ("" if said[0].id else name)
            return
        with suppress(ValueError):  # several have that name
            self._find("company", Mention(name=name))
            draft.links["company"] = [Mention(name=name)]

    def _firm(self, mention: Mention) -> str:
        """A company by its name without the legal form: Ромашка is ООО «Ромашка»."""
        if self._firms is None:
            self._firms = {}
            self._learn(self.ws.rows("company", None))
            self._learn(self.made.values())
        wanted = read_firm(mention.name)
        there = self._firms.get(wanted.texts, ()) if wanted.texts else ()
        found = dict.fromkeys(i for i, firm in there if may_be_one(wanted, firm))
        return _only([i for i in found if not self._is_another(i, mention)], mention.name)

    def _is_another(self, record_id: str, mention: Mention) -> bool:
        """Whether a record that was not found by the INN of a row, or a person by the e-mail, has one, or
        another id in the same system."""
        telling = "emails" if entity_of(record_id) == "contact" else "inn"
        if not {telling, EXTERNAL} & {*mention.facts}:
            return False
        record = self.made.get(record_id) or self.ws.get(record_id)
        if telling in mention.facts and record.get(telling):
            return True
        ids = _external_keys(mention.facts)
        theirs = cast("tuple[str, ...]", getattr(record, EXTERNAL, ()))
        systems = {i.partition(":")[0] for i in ids if not i.startswith(UNNAMED)}
        return any(i.partition(":")[0] in systems and i not in ids for i in theirs)

    def _learn(self, firms: Iterable[Record | Mapping[str, Raw]]) -> None:
        """Companies by the words of their names; all are read once, when first asked for."""
        if self._firms is None:
            return
        for row in firms:
            raw = row if isinstance(row, Mapping) else self.ws.schema.write(row)
            if entity_of(str(raw["id"])) != "company":
                continue
            for text in (raw.get("name"), raw.get("legal_name")):
                if text:
                    firm = read_firm(str(text))
                    self._firms.setdefault(firm.texts, []).append((str(raw["id"]), firm))

    def _stub(self, mention: Mention) -> Record:
        """A record of which only id and name are known; the import of its own file fills it in."""
        entity = entity_of(mention.id)
        blank = self.ws.schema.read(entity, {"id": mention.id, "name": mention.name})
        return blank.with_values({"batch": self._batch, "created_at": self.ws.now})

    def _new(self, entity: str, mention: Mention, draft: Draft) -> Record:
        name = mention.name or mention.facts.get("inn", "")
        raw = {**mention.facts, "name": name, "owner": draft.values.get("owner", "")}
        values: dict[str, Value] = {
            name: self.ws.schema.field(entity, name).kind.parse(value)
            for name, value in {**raw, "batch": self._batch}.items()
            if value
        }
        return build(self.ws, entity, values, strict=False)


def _name_of(record: Record) -> str:
    return str(record.get("name"))


def _external_keys(facts: Mapping[str, Raw]) -> Sequence[str]:
    """The ids elsewhere among facts, each with its system."""
    found = kind_of(EXTERNAL).parse(facts[EXTERNAL]) if EXTERNAL in facts else ()
    return cast("tuple[str, ...]", found)


def _only(found: Sequence[str], text: str) -> str:
    if len(found) > 1:
        raise ValueError(tr("{!r} matches {}: use the id", text, " or ".join(found[:4])))
    return found[0] if found else ""


def keys_of(ws: Workspace, facts: Mapping[str, Raw], name: str = "") -> Iterator[Key]:
    """What raw values are known by: INN, phones, e-mails, and a name, which proves nothing."""
    if facts.get("inn"):
        yield "inn", str(facts["inn"])
    for item in _items(facts.get("phones", [])):
        text = phone_key(item, ws.settings.phone_country)
        if len(text) > 6:  # a short code is nobody's own
            yield "phone", text
    for item in _items(facts.get("emails", [])):
        yield "email", item.casefold()
    for kind, field in (("handle", "handles"), ("external", "external")):
        if facts.get(field):
            spec = kind_of(field)
            keys = map(str, spec.keys(spec.parse(facts[field])))
            yield from ((kind, key) for key in keys if not is_bare(key))
    if name:
        yield "name", fold(name)


def _items(raw: Raw) -> list[str]:
    items = raw if isinstance(raw, list) else [raw]
    texts = [item.get("value", "") if isinstance(item, dict) else item for item in items]
    return [cast("str", text) for text in texts if text]
