"""Companies and contacts that a row names: found, or created."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from crmcli.dataclass import dataclass, field
from crmcli.language import tr
from crmcli.matching.firms import Firm, may_be_one, read_firm
from crmcli.model.fields import Record
from crmcli.model.kinds import Maps
from crmcli.model.phones import key as phone_key
from crmcli.model.values import Raw, Value, entity_of, fold
from crmcli.sales.add import build
from crmcli.sales.imports.draft import Draft, Mention
from crmcli.sales.records.tombstones import successor
from crmcli.workspace import Workspace

Key = tuple[str, str]
"""Something by which a record is known: phone, email, inn or name, and the text that is looked up."""


@dataclass(slots=True)
class Links:
    """What a row's links come to: raw values, and records to be created first.

    `misnamed` are fields whose linked record has another name than the row says.
    """

    values: dict[str, Raw] = field(default_factory=dict)
    missing: list[Record] = field(default_factory=list)
    misnamed: list[str] = field(default_factory=list)
    dangling: int = 0


class Linker:
    """Finds or creates what rows link to; `made` counts new records by entity.

    A row names a record by id, INN, phone, e-mail or exact name, a company without its legal form too.
    Unless `may_make`, a row is rejected if what it names does not exist.
    """

    def __init__(self, ws: Workspace, entity: str, batch: str, *, may_make: bool = True) -> None:
        self.ws = ws
        self.entity = entity
        self.batch = batch
        self.may_make = may_make
        self.made: Counter[str] = Counter()
        self._firms: dict[tuple[str, ...], list[tuple[str, Firm]]] | None = None
        self._known: dict[tuple[str, str, str], str] = {}
        self._there: set[str] = set()
        self._names: dict[str, str] = {}
        self._facts: dict[str, Mapping[str, str]] = {}

    def plan(self, draft: Draft) -> Links:
        """The links of one row, nothing written yet; ValueError if a name means several records."""
        links = Links()
        if self.entity == "lead" and not draft.id:
            self._name_company(draft)
        for name, mentions in draft.links.items():
            spec = self.ws.schema.field(self.entity, name)
            found = [
                (self._settle(spec.entities or ("company",), mention, draft, links), mention)
                for mention in mentions
            ]
            if any(self._is_misnamed(mention, links) for mention in mentions):
                links.misnamed.append(name)
            if not spec.is_many:
                links.values[name] = found[0][0]
            elif not isinstance(spec.kind, Maps):
                links.values[name] = [record_id for record_id, _ in found]
            else:
                links.values[name] = [
                    {"company": record_id, **({"role": m.role} if m.role else {})}
                    for record_id, m in found
                ]
        return links

    def make(self, links: Links) -> list[Record]:
        """Take note of the records that are being made, so that the next row finds them."""
        for record in links.missing:
            self.made[record.entity] += 1
            self._there.add(record.id)
            self._names[record.id] = str(record.get("name"))
            if record.entity == "company":
                facts = {name: str(record.get(name)) for name in ("name", "legal_name", "inn")}
                self._facts[record.id] = facts
                self._learn([(record.id, facts["name"], facts["legal_name"])])
            for kind, text in keys_of(
                self.ws, self.ws.schema.write(record), str(record.get("name"))
            ):
                self._known.setdefault((record.entity, kind, text), record.id)
        return links.missing

    def _settle(
        self, entities: tuple[str, ...], mention: Mention, draft: Draft, links: Links
    ) -> str:
        if mention.id:
            if not self._exists(mention.id, links):
                mention.id = successor(self.ws, mention.id) or mention.id
            if not self._exists(mention.id, links):
                if mention.name and entity_of(mention.id):
                    links.missing.append(self._stub(mention))
                else:
                    links.dangling += 1
            return mention.id
        entity = next(name for name in entities if name in ("company", "contact"))
        found = self._find(entity, mention)
        if found:
            return found
        if not self.may_make:
            said = mention.name or next(iter(mention.facts.values()), "")
            raise ValueError(tr("no {} {!r}; --create-missing creates it", tr(entity), said))
        record = self._new(entity, mention, draft)
        links.missing.append(record)
        return record.id

    def _is_misnamed(self, mention: Mention, links: Links) -> bool:
        """Whether the id leads to a record of another name: the id counts, and somebody must know."""
        if not (mention.id and mention.name):
            return False
        made = next((str(r.get("name")) for r in links.missing if r.id == mention.id), "")
        name = made or self._names.get(mention.id, "")
        if not name:
            name = self._names[mention.id] = str(self.ws.get(mention.id).get("name"))
        return fold(name) != fold(mention.name)

    def _exists(self, record_id: str, links: Links) -> bool:
        if record_id in self._there or any(r.id == record_id for r in links.missing):
            return True
        if entity_of(record_id) and self.ws.exists(record_id):
            self._there.add(record_id)
            return True
        return False

    def _find(self, entity: str, mention: Mention) -> str:
        for kind, text in keys_of(self.ws, mention.facts, mention.name):
            known = self._known.get((entity, kind, text))
            found = [known] if known else self.ws.lookup(kind, text, [entity])
            if kind == "name" and "inn" in mention.facts:
                found = [i for i in found if not known and not self.ws.get(i).get("inn")]
            if only := _only(found, text):
                self._known[(entity, kind, text)] = only
                return only
        return self._firm(mention) if entity == "company" and mention.name else ""

    def look_again(self) -> None:
        """Others have written meanwhile."""
        self._firms = None

    def _name_company(self, draft: Draft) -> None:
        """A lead keeps its company's name as text, and is linked if just one company has that name."""
        name = str(draft.values.get("company_name", ""))
        said = draft.links.get("company", [])
        if said:
            said[0].name = said[0].name or ("" if said[0].id else name)
        elif name and self._is_clear(Mention(name=name)):
            draft.links["company"] = [Mention(name=name)]

    def _is_clear(self, mention: Mention) -> bool:
        try:
            self._find("company", mention)
        except ValueError:
            return False
        return True

    def _firm(self, mention: Mention) -> str:
        """A company by its name without the legal form: Ромашка is ООО «Ромашка»."""
        wanted = read_firm(mention.name)
        there = self._known_firms().get(wanted.texts, ()) if wanted.texts else ()
        found = [record_id for record_id, firm in there if may_be_one(wanted, firm)]
        if "inn" in mention.facts:
            found = [i for i in found if not self._made_or_read(i).get("inn")]
        return _only(list(dict.fromkeys(found)), mention.name)

    def _made_or_read(self, record_id: str) -> Mapping[str, Any]:
        made = self._facts.get(record_id)
        return made if made is not None else self.ws.schema.write(self.ws.get(record_id))

    def _known_firms(self) -> dict[tuple[str, ...], list[tuple[str, Firm]]]:
        """All companies by the words of their names; read once, when first asked for."""
        if self._firms is None:
            self._firms = {}
            rows = self.ws.rows("company", None)
            self._learn((str(r["id"]), r.get("name"), r.get("legal_name")) for r in rows)
            self._learn(
                (i, raw.get("name"), raw.get("legal_name")) for i, raw in self._facts.items()
            )
        return self._firms

    def _learn(self, firms: Iterable[tuple[str, Any, Any]]) -> None:
        if self._firms is None:
            return
        for record_id, name, legal_name in firms:
            for text in (name, legal_name):
                if text:
                    firm = read_firm(str(text))
                    self._firms.setdefault(firm.texts, []).append((record_id, firm))

    def _stub(self, mention: Mention) -> Record:
        """A record of which only id and name are known; the import of its own file fills it in."""
        entity = mention.id.split("-", 1)[0]
        blank = self.ws.schema.read(entity, {"id": mention.id, "name": mention.name})
        return blank.with_values({"batch": self.batch, "created_at": self.ws.now})

    def _new(self, entity: str, mention: Mention, draft: Draft) -> Record:
        raw: dict[str, Raw] = {**mention.facts}
        name = mention.name or str(mention.facts.get("inn", ""))
        if name:
            raw["name"] = name
        if draft.values.get("owner"):
            raw["owner"] = draft.values["owner"]
        values: dict[str, Value] = {
            name: self.ws.schema.field(entity, name).kind.parse(value)
            for name, value in {**raw, "batch": self.batch}.items()
        }
        return build(self.ws, entity, values, strict=False)


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
        if text:
            yield "phone", text
    for item in _items(facts.get("emails", [])):
        yield "email", item.casefold()
    if name:
        yield "name", fold(name)


def _items(raw: Raw) -> list[str]:
    items = raw if isinstance(raw, list) else [raw]
    texts = [item.get("value", "") if isinstance(item, dict) else item for item in items]
    return [cast("str", text) for text in texts if text]
