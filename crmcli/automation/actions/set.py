"""do: set, new values of the record's fields."""

from __future__ import annotations

from crmcli.automation.actions.work import Effect, Work
from crmcli.language import tr
from crmcli.model.action_texts import is_template, listed_words
from crmcli.model.actions import APPEND, UNSET
from crmcli.model.fields import Field, Record
from crmcli.sales.records.edit import Edit, edit_in


def run(work: Work) -> Effect:
    """Set fields; `tags: +vip` adds and `tags: -vip` takes away."""
    before = work.the_record
    after = edit_in(work.change, work.ws, before.id, _edit(work, before))
    changes = work.change.schema.differences(before, after)
    words = ", ".join(f"{name}: {value}" for name, (_, value) in changes.items())
    return Effect("done", {"changed": sorted(changes)}, words or tr("no change"))


def _edit(work: Work, record: Record) -> Edit:
    put: dict[str, list[str]] = {}
    more: dict[str, list[str]] = {}
    less: dict[str, list[str]] = {}
    given = {**work.params}
    added, emptied = given.pop(APPEND, None) or {}, given.pop(UNSET, None)
    for name, value in given.items():
        field = work.ws.schema.field(record.entity, name)
        for source in value if isinstance(value, list) else [value]:
            text = _read(work, source, field)
            into = {"+": more, "-": less}.get(text[:1], put) if field.is_many else put
            into.setdefault(name, []).append(text if into is put else text[1:].strip())
    for name, value in added.items():
        field = work.ws.schema.field(record.entity, name)
        texts = [_read(work, one, field) for one in (value if isinstance(value, list) else [value])]
        if field.is_many:
            more.setdefault(name, []).extend(texts)
        else:
            lines = [put[name][-1] if name in put else str(record.get(name)), *texts]
            put[name] = ["\n".join(line for line in lines if line)]
    return Edit(put, more, less, listed_words(emptied))


def _read(work: Work, source: object, field: Field) -> str:
    """A value with its template filled in; a computed amount is rounded as amounts are."""
    text = work.fill(source, field.name)
    return field.kind.rounded(text) if is_template(str(source)) else text
