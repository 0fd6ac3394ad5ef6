"""do: convert, the lead into contact, company and deal."""

from __future__ import annotations

from crmcli.automation.actions.work import Effect, Work
from crmcli.model.action_texts import listed_words
from crmcli.sales.conversion.carried import TARGETS
from crmcli.sales.conversion.convert import convert_in
from crmcli.sales.conversion.plan import ConvertOptions


def run(work: Work) -> Effect:
    """Convert it as a person would; who surely is known is used, unless the robot says otherwise."""
    if getattr(work.the_record, "converted_at", None):
        return Effect("skipped", {"reason": "it is converted already"})
    given: dict[str, dict[str, list[str]]] = {}
    for name, texts in work.values("set").items():
        entity, _, field = name.partition(".")
        given.setdefault(entity, {})[field] = texts
    way = work.text("on_duplicate") or "link"
    wanted = ConvertOptions(
        make=tuple(listed_words(work.params.get("make"))),
        pipeline=work.text("pipeline"),
        on_duplicate=way,
        is_apart=way == "create",
        given=given,
        ids={entity: work.new_id(entity) for entity in TARGETS},
    )
    done = convert_in(work.change, work.ws, work.target, wanted)
    return Effect("done", done.ids, ", ".join(done.ids.values()))
