"""What the columns of a file may be called, and which field each name means."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from crmcli.dataclass import dataclass
from crmcli.dataclass import field as with_default
from crmcli.errors import BadUsage, InvalidData
from crmcli.language import in_all, tr
from crmcli.model.amounts import currency_in
from crmcli.model.entities import having
from crmcli.model.handles import SYSTEMS
from crmcli.model.kinds import EMAIL_TYPES, PHONE_TYPES, Field
from crmcli.model.kinds.identities import UNNAMED
from crmcli.model.listed import allowed_hint
from crmcli.model.preset import NONE, PLAIN, KnownNames, Preset, Presets
from crmcli.model.schema import Schema
from crmcli.model.spelling import header_key
from crmcli.model.values import CONSENT_CHANNELS, fold
from crmcli.sales.consent.refusal_words import ALL, MAY, column_part
from crmcli.sales.exports.sheet_rows import ID_PART, link_parts
from crmcli.sales.imports.own_labels import OwnLabels
from crmcli.sales.imports.stage_dates import AT, stage_dated
from crmcli.workspace import Workspace

EXTRAS = ("crm_line", "crm_reason", "crm_duplicate_of", "crm_rest")
"""What a rejects file has beside its input's columns; `crm_rest` holds what is in no column."""

GROUPED = " / "
"""Between the caption of a group of columns and that of one in it."""

LABELLED, PART, FULL_NAME, STATUS = "labelled", "part", "full_name", "status"
_REMARK = re.compile(
    r"\s*[,(\[]\s*(?:required|optional|mandatory|if any|(?:не)?обязательн\w+(?: поле)?|если есть|pflicht\w*|"
    r"[dmyjtaдмг]{1,4}(?:[./ -][dmyjtaдмг]{1,4}){1,2})\s*[)\]]?[\s*:]*$",
    re.IGNORECASE,
)
"""What a header says of how to fill its column in."""

_UNIT = re.compile(r"\s*[,(\[]\s*([^\W\d]{1,5}\.?|[^\w\s])\s*[)\]]?\s*$")
_NAMES = ("name", FULL_NAME, "first_name", "last_name")


@dataclass(frozen=True, slots=True)
class Target:
    """Where a column goes: a field, `full_name` or `unknown`, and a part of it.

    The part is a type of phone or e-mail, a key of `utm`, refused channels, a fact about a linked record,
    `part` of an address, `labelled` text of the comment, `status` (won or lost) of a stage, or `at` its date.
    """

    field: str
    part: str = ""

    def __str__(self) -> str:
        return f"{self.field} ({self.part})" if self.part else self.field


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the file; `target` is None if unknown, `typed_by` the place of its type's column or -1.

    Of a column of clients `by_kind` says where a cell goes that names a firm, and where one with a person.
    """

    label: str
    target: Target | None = None
    ignored: bool = False
    typed_by: int = -1
    by_kind: Mapping[str, Target] = with_default(default_factory=dict)


def is_stage_date(target: Target | None) -> bool:
    """Whether a column says when a record came to a stage."""
    return target is not None and target.field == "stage" and target.part.partition(".")[0] == AT


class Vocabulary:
    """The names that columns may have for one entity; the chosen preset's words come before our own."""

    def __init__(
        self,
        schema: Schema,
        entity: str,
        presets: Sequence[Preset] = (),
        currency: str = "",
        systems: Sequence[str] = (),
        own: tuple[str, Mapping[str, str]] = ("", {}),
        file: str = "",
    ) -> None:
        self._file = file
        self.language, self._labels = own
        self.currency = currency
        self.systems = systems
        self.schema = schema
        self.entity = entity
        self.fields = {field.name: field for field in schema.fields(entity)}
        self.names: dict[str, Target] = dict(self._own_names())
        self.preset = presets[0].name if presets else NONE
        self._presets = presets

    def _own_names(self) -> Iterator[tuple[str, Target]]:
        """The names that `--map` and our own exports use."""
        for name, field in self.fields.items():
            yield name, Target(name)
            if field.kind.is_spread:
                yield from ((f"{name}_{key}", Target(name, key)) for key in field.kind.parts)
        for stem, name, types in (
            ("phone", "phones", PHONE_TYPES),
            ("email", "emails", EMAIL_TYPES),
            ("handle", "handles", SYSTEMS),
        ):
            if name in self.fields:
                yield from ((f"{stem}_{kind}", Target(name, kind)) for kind in types)
        if "do_not" in self.fields:
            for part in (*CONSENT_CHANNELS, ALL):
                yield f"do_not_{part}", Target("do_not", part)
                yield f"{MAY}{part}", Target("do_not", f"{MAY}{part}")
        for name, field in self.fields.items():
            parts = link_parts(field, self.fields)
            yield from ((column, Target(name, part)) for column, part in parts.items())
        for field_name, name, target in (
            ("address", "address_part", Target("address", PART)),
            ("comment", LABELLED, Target("comment", LABELLED)),
            ("first_name", FULL_NAME, Target(FULL_NAME)),
            ("stage", f"stage_{STATUS}", Target("stage", STATUS)),
            ("stage", f"stage_{AT}", Target("stage", AT)),
            ("done_at", "done", Target("done_at", STATUS)),
        ):
            if field_name in self.fields:
                yield name, target
        yield "unknown", Target("unknown")

    @property
    def system(self) -> str:
        """Whose ids a column of ids has, as external ids name it."""
        chosen = self._presets[0].name if self._presets else NONE
        if chosen not in (NONE, PLAIN):
            return chosen
        named = (system for system in self.systems if system in fold(self._file))
        return next(named, UNNAMED.rstrip(":"))

    def place_of_id(self, labels: Sequence[str]) -> int:
        """The place of the column of our ids among those."""
        return [self.find(label) for label in labels].index(Target("id"))

    def system_of(self, header: str) -> str:
        """The same of a column whose header may name another system."""
        words = fold(header)
        return next((system for system in self.systems if system in words), self.system)

    def _id_of_system(self, header: str) -> Target | None:
        """`HubSpot ID`, `Pipedrive Organization ID`: an id in that system, of the row or of a link."""
        system = next((one for one in self.systems if fold(header).startswith(one)), "")
        target = self.find(header.strip()[len(system) :].strip(" _-:.")) if system else None
        if target == Target("id"):
            return Target("external", system)
        return target if target and target.part.rpartition(".")[2] == ID_PART else None

    @cached_property
    def words(self) -> Mapping[str, Target]:
        """The folded names; the first meaning of a name is the one that counts."""
        words: dict[str, Target] = {}
        for preset in self._presets[:1]:
            self._learn(words, preset.columns)
        for name, target in self.names.items():
            if name == "unknown":  # a column of ours alone
                continue
            words.setdefault(header_key(name), target)
            stem, _, kind = name.partition("_")
            if stem in ("phone", "email") and kind:
                words.setdefault(header_key(kind + stem), target)  # work phone, home e-mail
        for field in sorted(self.fields.values(), key=lambda field: not field.custom):
            words.setdefault(header_key(field.label or field.name), Target(field.name))
        for preset in self._presets[1:]:
            self._learn(words, preset.columns)
        for field in self.fields.values():
            for label in in_all(field.label):
                words.setdefault(header_key(label), Target(field.name))
        words.pop("", None)
        return words

    @cached_property
    def sources(self) -> Mapping[str, Sequence[str]]:
        """What other programs call our sources: which of ours a folded name may mean."""
        return _meanings(preset.sources for preset in self._presets)

    @cached_property
    def stages(self) -> Mapping[str, Sequence[str]]:
        """The same of stages."""
        return _meanings(preset.stages.get(self.entity, {}) for preset in self._presets)

    def _learn(self, words: dict[str, Target], columns: Mapping[str, Mapping[str, str]]) -> None:
        for entity in (self.entity, ""):
            for header, name in columns.get(entity, {}).items():
                if name in self.names:
                    words.setdefault(header_key(header), self.names[name])

    def find(self, header: str) -> Target | None:
        """What a header means; `Phone 2` is another phone."""
        if own := self._labels.get(header.strip()):
            return self.names.get(own)
        key = header_key(header)
        target = self.names.get(header.strip()) or self.words.get(key)
        if target is None and key.rstrip("0123456789") != key:
            target = self.words.get(key.rstrip("0123456789"))
            if target is not None and not self.takes_several(target):
                return None
        if target is not None and self._currency_of(header) not in ("", self.currency):
            return None  # amounts of another currency would be taken for ours
        if target is None and (plain := self._without_remark(header)) != header:
            return self.find(plain)
        if target is None and "do_not" in self.fields and (part := column_part(header)):
            return Target("do_not", part)
        return (
            target
            or self._id_of_system(header)
            or self._stage_date(header)
            or self._of_group(*header.partition(GROUPED)[::2])
        )

    def _of_group(self, group: str, own: str) -> Target | None:
        """What a column of a group means: the manager's phone is none of the record's."""
        theirs, mine = (self.find(group), self.find(own)) if own else (None, None)
        if theirs is None or theirs.field in _NAMES or (mine and mine.field == theirs.field):
            return mine
        if header_key(own) in self._name_words:
            return theirs
        spec = self.fields.get(mine.field) if mine else None
        is_of_record = spec and (spec.kind.is_money or spec.kind.is_time or spec.directory)
        return mine if is_of_record else None

    @cached_property
    def _name_words(self) -> set[str]:
        """How columns with somebody's name are called, whoever that is."""
        entities = ("", self.entity, "company")
        tables = (p.columns.get(entity, {}) for p in self._presets for entity in entities)
        words = (word for table in tables for word, name in table.items() if name in _NAMES)
        return {*map(header_key, (*_NAMES, *words))}

    def _without_remark(self, header: str) -> str:
        """A header without what it says of how its column is filled in, or of our own currency."""
        is_ours = self.currency and self._currency_of(header) == self.currency
        return (_UNIT if is_ours else _REMARK).sub("", header)

    def _currency_of(self, header: str) -> str:
        """The currency that a header names at its end, as `Sum, $`."""
        unit = _UNIT.search(header) if self.currency else None
        return currency_in(f"1 {unit[1]}") if unit else ""

    def _stage_date(self, header: str) -> Target | None:
        stage = stage_dated(header) if "stage" in self.fields else None
        return None if stage is None else Target("stage", f"{AT}.{stage}" if stage else AT)

    def names_clients(self, header: str) -> bool:
        """Whether a column may name firms or people: `Client`, `Customer`."""
        names = (("", FULL_NAME), ("company", "name"), ("deal", "company_name"))
        person, *firm = (
            any(header_key(header) in self._said(preset, entity, name) for preset in self._presets)
            for entity, name in names
        )
        return person and any(firm)

    def _said(self, preset: Preset, entity: str, name: str) -> set[str]:
        said = preset.columns.get(entity, {})
        return {header_key(header) for header, ours in said.items() if ours == name}

    def named(self, name: str) -> Target:
        """The target that a person named in `--map`; BadUsage with the nearest if there is none."""
        target = self.names.get(name.strip()) or self.words.get(header_key(name))
        system = re.fullmatch(r"external[_.:](\w+)", name.strip())
        if system and "external" in self.fields:
            target = Target("external", system[1].lower())
        dated = re.fullmatch(rf"stage_{AT}\.(.+)", name.strip())
        if dated and "stage" in self.fields:
            target = Target("stage", f"{AT}.{dated[1]}")
        if target is not None:
            return target
        hint = allowed_hint(name, self.names, tr("fields"))
        raise BadUsage(tr("a {} has no field {!r}", tr(self.entity), name), hint)

    def takes_several(self, target: Target) -> bool:
        """Whether several columns may go there side by side."""
        if target.part in (PART, LABELLED) or target.field == "comment":
            return True
        field = self.fields.get(target.field)
        return field is not None and field.is_many and target.part not in ("role", "inn")

    def may_name(self, field: Field) -> bool:
        """Whether a cell of a link may name what it links to: a lead has its company's name as text."""
        return not field.system and f"{field.name}_name" not in self.fields


class Vocabularies:
    """The vocabulary for a file with such columns: ours, or that of the preset that was said or is shown."""

    def __init__(
        self, ws: Workspace, entity: str, presets: Presets, said: str, file: str = ""
    ) -> None:
        self._ws = ws
        self._file = file
        self._entity = entity
        self._presets = presets
        self._said = said
        self._by_preset: dict[tuple[str, str], Vocabulary] = {}
        self._own = OwnLabels(ws.schema, entity)

    def of(self, labels: Sequence[str], *, may_be_own: bool = True) -> Vocabulary:
        """The vocabulary for these columns."""
        own = self._own.of(labels) if may_be_own and not self._said else ("", {})
        preset = self._presets.chosen(NONE if own[0] else self._said, labels)
        if (preset.name, own[0]) not in self._by_preset:
            words = (preset, self._presets.plain)
            currency = self._ws.settings.currency
            systems = [*self._presets.by_name]
            vocabulary = Vocabulary(
                self._ws.schema, self._entity, words, currency, systems, own, self._file
            )
            self._by_preset[preset.name, own[0]] = vocabulary
        return self._by_preset[preset.name, own[0]]


def _meanings(tables: Iterable[Mapping[str, Sequence[str]]]) -> Mapping[str, Sequence[str]]:
    found: dict[str, Sequence[str]] = {}
    for table in tables:
        for name, ours in table.items():
            found.setdefault(fold(name), ours)
    return found


def presets_of(ws: Workspace) -> Presets:
    """The presets that a workspace may import with, checked against its fields, stages and sources."""
    columns = {e: set(Vocabulary(ws.schema, e).names) - {"unknown"} for e in having("importable")}

    def stages() -> dict[str, list[str]]:
        try:
            ours = ws.pipelines
        except InvalidData:  # told by itself; it is not known which stages there are
            return {}
        return {e: [s.id for p in ours.of(e) for s in p.stages] for e in having("staged")}

    return ws.presets(KnownNames(columns, stages, ws.settings.directories.get("sources", ())))
