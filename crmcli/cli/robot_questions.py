"""What `crm robots add` asks on a terminal: where, what, with what, when, under which condition."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from crmcli.automation import rule_edits
from crmcli.automation.rule_places import Home
from crmcli.cli import asking
from crmcli.cli.pages import Page
from crmcli.cli.session import Session
from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.model.actions import ACTIONS
from crmcli.model.listed import allowed_hint
from crmcli.model.pipeline import Pipeline
from crmcli.model.values import Raw, fold
from crmcli.sales.records.stage_lookup import find_stage
from crmcli.workspace import Workspace
from crmcli.workspace.pipelines import pipeline_named
from crmcli.workspace.rule_keys import ONE_TIME, RuleKey, params, robot_keys, with_params, written

Tree = dict[str, "Raw"]


def asked(session: Session, pipeline: str, stage: str) -> tuple[Home, Tree]:
    """A robot as people at a terminal describe it, shown before they agree to it; elsewhere BadUsage."""
    if session.yes or not sys.stdin.isatty():
        raise BadUsage(
            "what the robot does is not given", tr("--do, one of {}", ", ".join(ACTIONS))
        )
    ws = session.workspace
    home = _home(ws, pipeline, stage)
    fitting = {
        name: tr(action.doc)
        for name, action in ACTIONS.items()
        if action.of in ("", home.pipeline.entity)
    }
    do = _chosen(tr("what it does"), fitting)
    rule: Tree = {"do": do}
    if with_ := _with(ws, home.pipeline, do):
        rule["with"] = with_
    rule |= _when(ws, home)
    rule = {"id": asking.prompted("id", str.strip, rule_edits.new_id(home, do)), **rule}
    asking.tell(f"\n{home}:\n\n{written(rule)}\n")
    session.confirm("Add this robot?")
    return home, rule


def _home(ws: Workspace, pipeline: str, stage: str) -> Home:
    known = {one.id: one.name for one in ws.pipelines}
    usual = ws.pipelines.deals[0].id
    chosen = pipeline_named(
        ws, pipeline or (stage and usual) or _chosen(tr("pipeline"), known, usual)
    )
    stages = {one.id: one.name for one in chosen.stages}
    return Home(chosen, find_stage(chosen, stage or _chosen(tr("stage"), stages)))


def _chosen(word: str, known: Mapping[str, str], usual: str | None = None) -> str:
    """One of several words, which are shown with what they mean; what it means names it too."""
    page = Page()
    with page.indentation():
        page.write_dl(known.items())
    asking.tell(page.getvalue(), ends_line=False)
    words = {fold(said): name for name, told in known.items() for said in (told, name)}

    def read(text: str) -> str:
        if (said := fold(text.strip())) not in words:
            raise BadUsage(f"{tr('{!r} is not one of these', text)}; {allowed_hint(text, known)}")
        return words[said]

    return asking.prompted(word, read, usual)


def _explain(text: str) -> None:
    """What a question is about, in lines of the terminal."""
    page = Page()
    with page.indentation():
        page.write_text(text)
    asking.tell(page.getvalue(), ends_line=False)


def _with(ws: Workspace, pipeline: Pipeline, do: str) -> Tree:
    """What an action needs, one after the other; what is not needed may be left out."""
    found: Tree = {}
    action = ACTIONS[do]
    if action.sets_fields:
        asking.tell(
            tr("Fields and their new values, one a line, as amount=5000; an empty line ends.")
        )
        while pair := asking.prompted(tr("field=value"), str.strip, ""):
            found |= with_params(do, [pair])
        return found
    kinds = {param.name: param for param in action.params}
    for key in params(do):
        param = kinds[key.name]
        _explain(tr(param.doc))

        def read(text: str, key: RuleKey = key) -> Raw:
            raw = with_params(do, [f"{key.name}={text}"])[key.name]
            return _sound(ws, pipeline, key, raw) if text.strip() else ""

        value = asking.prompted(key.name, read, None if param.required else "")
        if value:
            found[key.name] = value
    return found


def _when(ws: Workspace, home: Home) -> Tree:
    """When it acts, whether it waits for the robot above, and under which condition."""
    keys = {key.name: key for key in robot_keys()}
    found: Tree = {}

    def read_time(text: str) -> Tree:
        if not text.strip():
            return {}
        word, _, rest = text.strip().partition(" ")
        name, said = (word, rest) if word in ONE_TIME else ("after", text.strip())
        return {name: _sound(ws, home.pipeline, keys[name], keys[name].typed(said))}

    def read_condition(text: str) -> Raw:
        return _sound(ws, home.pipeline, keys["when"], text.strip()) if text.strip() else ""

    asking.tell(tr("  at once if left empty; 2d; at close_by,time=10:00; before close_by,by=3d"))
    found |= asking.prompted(tr("when"), read_time, "")
    if home.stage.robots and asking.agrees(
        tr("wait for the robot above ({})?", home.stage.robots[-1].id)
    ):
        found["wait"] = keys["wait"].flag
    asking.tell(tr("  always if left empty; source = web; amount > 100000"))
    condition = asking.prompted(tr("only if"), read_condition, "")
    return {**found, "when": condition} if condition else found


def _sound(ws: Workspace, pipeline: Pipeline, key: RuleKey, raw: Raw) -> Raw:
    """A value that may stand there; BadUsage for another."""
    fault = key.fault(ws, pipeline, raw)
    if fault:
        raise BadUsage(
            "; ".join(filter(None, (tr(fault.message), tr(fault.hint) if fault.hint else "")))
        )
    return raw
