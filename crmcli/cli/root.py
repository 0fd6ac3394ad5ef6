"""The root of the command line: which commands there are, in groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import click

from crmcli import __version__
from crmcli.cli.params import Noun, imported
from crmcli.cli.session import Session
from crmcli.language import tr

RECORDS = "Records"
"""The group in which the nouns of model.entities stand too, the first of them."""
GROUPS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    RECORDS: {
        "show": ("showing:show", "Show any record, as it is or as it was."),
        "reveal": ("reveal:reveal", "Phones and e-mails of a client, beyond the day's number."),
        "timeline": ("showing:timeline", "What happened to a record."),
        "file": ("file:file", "Attachments of a record: add, list, get, rm."),
        "search": ("search:search", "Search all records."),
        "tag": ("tag:tag", "Tags of all records: list, add, rm, rename."),
        "product": ("product:product", "Products: what is sold, at today's price."),
        "rate": ("rate:rate", "Rates of other currencies, by day."),
        "dupes": ("dupes:dupes", "Find likely duplicates: leads, contacts, companies."),
    },
    "Work": {
        "today": (
            "today:today",
            "What to do: tasks, leads without a next step, neglected contacts.",
        ),
        "board": ("board:board", "The kanban of a pipeline."),
        "log": ("activity:log", "Log a call, an e-mail, a meeting, a note."),
        "activity": ("activity:activity", "Calls, meetings, notes: list, edit, rm."),
        "call": ("call:call", "Call a client: your phone rings first."),
        "mail": ("mail:mail", "Send a message to a client."),
        "chat": ("chat:chat", "Chats with clients: list, show, send, take, release."),
        "sms": ("sms:sms", "SMS: send, list, show."),
        "template": ("template:template", "Templates: list, show, check, preview."),
        "undo": ("undo:undo", "Undo your last change in this clone."),
    },
    "Automation": {
        "pipeline": ("pipeline:pipeline", "Pipelines: stages, robots and triggers."),
        "stage": ("stage:stage", "Stages of a pipeline: list, add, rename, move, set, rm."),
        "tick": ("tick:tick", "Run what is due (for cron)."),
        "robots": ("robots:robots", "Robots: add, edit, move, rm; what they wait for, and why."),
        "form": ("form:form", "Forms of the site: list, show, check, submit, quarantine."),
        "serve": ("serve:serve", "Show the forms, and take in what is sent."),
        "intake": ("intake:intake", "What came in: list, show, retry, drop."),
        "jobs": ("jobs:jobs", "What robots did; retry, cancel, resolve, finish."),
        "trigger": ("trigger:trigger", "Triggers of pipelines.yaml: add, rm, fire, answer."),
    },
    "Import and export": {
        "import": ("importing:import_", "Import records from CSV, xlsx, JSON lines or vCards."),
        "export": (
            "exporting:export",
            "Export records as CSV, xlsx, JSON lines, vCards or a calendar.",
        ),
    },
    "Reports": {
        "report": ("report:report", "Figures from the records and the timeline."),
        "snapshot": ("snapshot:snapshot", "Write what reports over millions of records ask."),
        "plan": ("plan:plan", "Plans of sales: set, list, rm."),
        "score": ("score:score", "How likely leads and deals end well: train, list, explain."),
        "sql": ("sql:sql", "Questions in SQL, over views of all records."),
    },
    "Workspace": {
        "init": ("init:init", "Create a workspace."),
        "login": ("login:login", "Say who you are here, or show who acts."),
        "logout": ("login:logout", "Take back what crm login said."),
        "user": ("user:user", "Users: add, list, show, role, on, off."),
        "team": ("team:team", "Teams and their heads: list, add, set, rm."),
        "role": ("role:role", "What each role may do: list, show."),
        "can": ("can:can", "Whether a user may do something, and why."),
        "audit": (
            "audit:audit",
            "Who looked at what, exported, was refused: list, verify, head, canary.",
        ),
        "field": ("field:field", "Custom fields: list, add, rename, rm."),
        "directory": (
            "directory:directory",
            "Lists of values: sources, reasons, topics of letters.",
        ),
        "calendar": (
            "calendar:calendar",
            "Holidays and moved working days; calendars to subscribe to.",
        ),
        "audience": ("audience:audience", "Advertising audiences: list, export."),
        "block": ("blocklist:block", "E-mails, domains and phones to keep out."),
        "privacy": ("privacy:privacy", "Personal data of a client: export, erase."),
        "view": ("view:view", "Saved lists: save, list, rm."),
        "gate": ("gate:gate", "The gate: people work here by SSH, within their rights."),
        "check": ("check:check", "Check all files for problems."),
        "schema": ("schema:schema", "The JSON Schema of records."),
        "trust": ("trust:trust", "Trust a workspace that somebody else owns or made."),
        "completion": ("completing:completion", "Completion for bash, zsh and fish."),
        "help": ("helping:help_", "Help on a command, on conditions, on common options."),
    },
}
COMMANDS = {name: place for group in GROUPS.values() for name, (place, _) in group.items()}


class Root(Noun):
    """The root: its commands are imported when they are called, its help costs nothing."""

    common = True

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order of the groups."""
        return [name for _, rows in self.groups() for name, _ in rows]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Import the command's module and return the command."""
        from crmcli.model.entities import ENTITIES

        command: click.Command | None = None
        if name in COMMANDS:
            command = imported(f"crmcli.cli.{COMMANDS[name]}")
        elif name in ENTITIES:
            command = imported("crmcli.cli.nouns:door")(name)
        return command

    def groups(self) -> Iterator[tuple[str, list[tuple[str, str]]]]:
        """Each group with its commands and what they are for."""
        from crmcli.model.entities import ENTITIES

        for title, group in GROUPS.items():
            nouns = ENTITIES.values() if title == RECORDS else ()
            others = [(name, text) for name, (_, text) in group.items()]
            yield title, [*((noun.name, noun.about) for noun in nouns), *others]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands in groups from their declared help, without importing them."""
        wide = max(map(len, self.list_commands(ctx)))
        for title, rows in self.groups():
            with formatter.section(tr(title)):
                formatter.write_dl([(name.ljust(wide), tr(text)) for name, text in rows])


@click.group(
    cls=Root,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="REF is an id or its prefix, an e-mail, a phone, an INN, a web site or an exact name.",
)
@click.version_option(
    __version__, "-V", "--version", prog_name="crm", message="%(prog)s %(version)s",
    help="Show the version and exit.",  # click would look it up once, in whatever language is spoken then
)  # fmt: skip
@click.pass_context
def crm(ctx: click.Context) -> None:
    """A CRM in a folder: leads, deals, robots and offers in files that git can diff."""
    ctx.ensure_object(Session)
