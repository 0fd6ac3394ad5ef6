"""do: set, new values of the record's fields."""

from __future__ import annotations

from crmcli.automation.actions.work import Effect, Work
from crmcli.language import tr
from crmcli.sales.records.edit import Edit, edit_in


def run(work: Work) -> Effect:
    """Set fields; `tags: +vip` adds and `tags: -vip` takes away."""
    put: dict[str, list[str]] = {}
    more: dict[str, list[str]] = {}
    less: dict[str, list[str]] = {}
    before = work.the_record
    for name, given in work.params.items():
        for source in given if isinstance(given, list) else [given]:
            text = work.fill(source, name)
            many = work.ws.schema.field(before.entity, name).is_many
            into = {"+": more, "-": less}.get(text[:1], put) if many else put
            into.setdefault(name, []).append(text if into is put else text[1:].strip())
    after = edit_in(work.change, work.ws, before.id, Edit(put, more, less))
    changes = work.change.differences(before, after)
    words = ", ".join(f"{name}: {value}" for name, (_, value) in changes.items())
    return Effect("done", {"changed": sorted(changes)}, words or tr("no change"))
