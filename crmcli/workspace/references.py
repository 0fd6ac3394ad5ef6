"""Records as people name them: by an id or its beginning, a number, an address, a name."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, partial

from crmcli.errors import Ambiguous, InvalidData, NoRecord, NotFound
from crmcli.language import tr
from crmcli.model.entities import ENTITIES
from crmcli.model.fields import Record
from crmcli.model.kinds import InputContext
from crmcli.model.kinds.identities import UNNAMED
from crmcli.model.values import entity_of, fold
from crmcli.workspace import withheld
from crmcli.workspace.reads import Reads

MOST_LOOKED_AT = 50
"""Records among which that one is looked for which is not finished."""


class References(Reads):
    """What is read of a workspace, and the records that references mean in it."""

    @cached_property
    def inputs(self) -> InputContext:
        """What is needed to read values as people write them."""
        return InputContext(
            now=self.now,
            zone=self.zone,
            country=self.settings.phone_country,
            directories=self.settings.directories,
            users=self.settings.users,
            closes=self.settings.calendar.closes,
            vat_rate=self.settings.vat_rate,
            resolve=partial(self.resolve, exactly=True),
        )

    def find(self, ref: str, *entities: str) -> Record:
        """A record by any reference; see `resolve`."""
        return self.get(self.resolve(ref, *entities))

    def resolve(self, ref: str, *entities: str, exactly: bool = False) -> str:
        """The full id that a reference means: an id or its beginning, an e-mail, a phone, an INN,
        a web site or an exact name, or (unless `exactly`) some words of a name; the survivor of a record
        that was merged. Of several the one that lives. NotFound or Ambiguous otherwise."""
        named = self.named(ref, *entities, exactly=exactly)
        record_id = self.survivor(named)
        if record_id != named:
            self.notes.append(tr("{} was merged into {}", named, record_id))
        return record_id

    def named(self, ref: str, *entities: str, exactly: bool = False) -> str:
        """As `resolve`, but a record that was merged and is named by its id answers for itself."""
        from crmcli.store.records import references

        wanted = entities or tuple(ENTITIES)
        found = [i for i in references.by_id(self.root, ref, wanted) if self.is_seen(i)]
        if len(found) > 1:
            found = [i for i in found if i == self.survivor(i)] or found
        if not found or references.may_be_a_name(ref):
            content = self._having(ref, wanted)
            found = [*found, *(i for i in content if i not in found)]
        system, _, number = ref.partition(":")
        if not found and system and number.strip():  # of a file that did not say whose ids it had
            key = f"{UNNAMED}{number.strip()}"
            found = self.lookup("external", fold(key), wanted)
            if found:
                self.notes.append(
                    tr("no {!r} is known; {} is an id of a file of no named system", ref, key)
                )
        is_guess = not found and not exactly
        if is_guess:
            found = references.by_words(self._index, ref, wanted)
        if 1 < len(found) <= MOST_LOOKED_AT:
            found = self._living(ref, found)
        if len(found) == 1:
            if is_guess:
                self.notes.append(
                    tr("{!r} is taken for {} {}", ref, found[0], self._name(found[0]))
                )
            return found[0]
        words = tr(" or ").join(map(tr, wanted)) if len(wanted) < 3 else tr("record")
        if not found:
            raise NoRecord(tr("no {} matches {!r}", words, ref), ref, wanted)
        shown = "; ".join(f"{i} {self._name(i)}" for i in found[:6])
        more = tr(" and {} more", len(found) - 6) if len(found) > 6 else ""
        raise Ambiguous(
            tr("{!r} matches {} records: {}{}", ref, len(found), shown, more), "give the id"
        )

    def _having(self, ref: str, entities: Sequence[str]) -> list[str]:
        """The records that have all of a number, an address or a name."""
        from crmcli.store.records import references

        if self.trail is not None and withheld.may_be_whole(ref):
            self.trail.named([ref])
        return references.by_content(self._index, ref, entities, self.settings.phone_country)

    def _living(self, ref: str, found: list[str]) -> list[str]:
        """Those of several records that are not finished, or all if all are; a lead gives way to what it
        became, and of that what stands in stages comes first."""
        from crmcli.model.finished import is_finished

        records = {i: record for i in found if (record := self._follow(i))}
        over = [i for i, record in records.items() if is_finished(self.outline, record, self.env)]
        heirs = {
            i: {self.heir(j) for j in getattr(records[i], "converted", {}).values()} for i in over
        }
        living = [i for i in found if i not in over]
        living = living or [i for i in found if heirs.get(i, set()).isdisjoint(found)] or found
        if set[str]().union(*heirs.values()).issuperset(living):
            living = [i for i in living if "staged" in ENTITIES[entity_of(i)].traits] or living
        if len(living) == 1:
            names = ", ".join(i for i in found if i not in living)
            self.notes.append(tr("{!r} is taken for {}, not for {}", ref, living[0], names))
        return living

    def _name(self, record_id: str) -> str:
        try:
            return str(self.get(record_id).get("name"))
        except (NotFound, InvalidData):
            return "(unreadable)"
