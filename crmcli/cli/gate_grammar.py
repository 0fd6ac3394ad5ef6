"""What is open through `crm gate`: which commands, and what their options may name.

A command that stands in no table is not open. What a parameter may name follows from its declared kind: none
may name a file of the host (cli/file_names.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from crmcli.cli.file_names import FileName, WrittenFile
from crmcli.cli.session import Session
from crmcli.errors import Forbidden
from crmcli.language import tr
from crmcli.model.entities import ENTITIES

OPEN: Mapping[str, str] = {
    **dict.fromkeys(
        ("show", "timeline", "search", "today", "board", "undo", "export", "reveal", "can", "call", "check",
         "help", "sql"), "",
    ),
    "file": "add,get,list,rm",
    "tag": "add,list,rename,rm",
    "product": "add,edit,export,import,list,rm",
    "rate": "add,list,rm",
    "dupes": "apart,companies,contacts,leads",
    "log": "call,mail,meeting,message,note,sms",
    "activity": "edit,list,rm",
    "mail": "junk,list,reply,save,send,show",
    "chat": "list,release,send,show,take",
    "sms": "list,send,show",
    "template": "check,list,preview,show",
    "pipeline": "add,check,list,rename,rm,show",
    "stage": "add,list,move,rename,rm,set",
    "robots": "explain,list,start,stop,waiting",
    "trigger": "answer",
    "form": "check,list,show,quarantine",
    "intake": "drop,list,retry,show",
    "jobs": "list,show",
    "import": "companies,contacts,deals,leads,list,preset,tasks,undo",
    "report": "",
    "plan": "list,rm,set",
    "score": "explain,list,train",
    "user": "add,list,off,on,role,show",
    "team": "add,list,rm,set",
    "role": "list,show",
    "field": "add,list,rename,rm",
    "directory": "add,list,rename,rm,show",
    "calendar": "holidays",
    "audience": "export,list",
    "block": "add,list,rm",
    "privacy": "erase,export,kept,list,proof",
    "view": "list,rm,save",
    "audit": "canary,head,list,verify",
}  # fmt: skip
"""By its first word the verbs that are open; "" where the command has none. Of the nouns of records all
are, but those of the host."""
HOST: Mapping[str, str] = {
    **dict.fromkeys(
        ("init", "serve", "snapshot", "tick", "trust", "gate", "login", "logout", "schema", "completion"), ""
    ),
    "contact": "sync",
    "mail": "fetch,receive",
    "calendar": "feed",
    "robots": "add,diff,disable,edit,enable,move,recipe,replay,resume,rm,test",
    "trigger": "add,fire,rm",
    "form": "submit",
    "intake": "receive",
    "jobs": "cancel,finish,resolve,retry",
}  # fmt: skip
"""What belongs to the host: what runs or tries programs, keeps its own files, or says who somebody is."""
HOST_OPTIONS = frozenset(("-C", "--as", "--remote", "--tick", "--fix"))
"""Options that are closed whatever the command: other folders, acting for others, what the host does."""


def is_open(words: Sequence[str]) -> bool:
    """Whether a command is open, by its words without options."""
    noun, verb = (*words, "", "")[:2]
    if noun in ENTITIES:
        return verb not in HOST.get(noun, "").split(",")
    return noun in OPEN and (not OPEN[noun] or verb in OPEN[noun].split(","))


def look(command: click.Command, ctx: click.Context, args: list[str]) -> None:
    """Forbidden for a command that is not open, and for what names a file of the host. What would be written
    in the current folder goes to stdout instead: `args` says so afterwards."""
    words = ctx.command_path.split()[1:]
    ctx.ensure_object(Session).command = " ".join(words)  # for the audit, if it is refused
    if not isinstance(command, click.Group) and not is_open(words):
        raise Forbidden(
            tr("crm {} is not open through the gate", " ".join(words)),
            "it belongs to whoever keeps the host",
        )
    given, _, order = command.make_parser(ctx).parse_args(args=list(args))
    for param in dict.fromkeys(order):
        _check(param, given.get(param.name or ""))
    for param in command.get_params(ctx):
        if isinstance(param.type, WrittenFile) and param.type.is_here and param not in order:
            args[:0] = [param.opts[0], "-"]


def _check(param: click.Parameter, value: Any) -> None:
    if isinstance(param, click.Option) and HOST_OPTIONS & {*param.opts}:
        raise Forbidden(tr("{} is not open through the gate", param.opts[-1]), "leave it out")
    if not isinstance(param.type, click.Path | click.File):
        return
    for text in _texts(value):
        if not (isinstance(param.type, FileName) and param.type.passes(text)):
            name = param.opts[-1] if isinstance(param, click.Option) else (param.name or "").upper()
            told = tr("{} would name a file of the host: {!r}", name, text)
            raise Forbidden(told, _way_out(param.type))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one)


def _way_out(kind: click.ParamType[Any]) -> str:
    if isinstance(kind, WrittenFile):
        return "- writes to stdout; crm --remote saves it on your side"
    return "- reads stdin; crm --remote sends a file of yours"
