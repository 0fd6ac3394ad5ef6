"""Write docs/commands.md from the commands themselves, schemas from declarations; a test holds them equal."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from inspect import cleandoc
from pathlib import Path

import click

from crmcli.cli.helping import GUIDES
from crmcli.cli.pages import folded, own_options
from crmcli.cli.params import common_options
from crmcli.cli.root import crm
from crmcli.cli.session import Session
from crmcli.store.config.schemas import schema_files

ROOT = Path(__file__).parents[1]
PAGE = Path(__file__).with_name("commands.md")
CONDITIONS = Path(__file__).with_name("conditions.md")
PRESET = "schema/preset.schema.json"


def page() -> str:
    """The whole page: the global options once, then every command with its own."""
    parts = [
        "# Commands",
        "Made from the program by `make docs`; a test holds it true.",
        "## Options of every command",
        _options(common_options()),
        (
            "Commands that change something also take `-n/--dry-run` (show what would change, write nothing) "
            "and `--tick` (run `crm tick` once afterwards)."
        ),
    ]
    context = click.Context(crm, info_name="crm", obj=Session())
    for name in crm.list_commands(context):
        command = crm.get_command(context, name)
        assert command is not None
        parts += _sections(command, click.Context(command, info_name=name, parent=context), 2)
    return "\n\n".join(parts) + "\n"


def _sections(command: click.Command, context: click.Context, level: int) -> Iterator[str]:
    usage = " ".join(command.collect_usage_pieces(context)).replace("[OPTIONS]", "").strip()
    yield f"{'#' * level} {context.command_path} {usage}".rstrip()
    text = cleandoc(command.help or "")
    for paragraph in text.split("\n\n"):
        example = paragraph.removeprefix("Example: ")
        yield f"    {example}" if example != paragraph else paragraph.replace("\n", " ")
    mine = own_options(command)
    if mine:
        yield _options(mine)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from _sections(
                child, click.Context(child, info_name=name, parent=context), level + 1
            )


def _options(options: Sequence[click.Option]) -> str:
    rows = ["| option | what it does |", "| --- | --- |"]
    for option in options:
        names = ", ".join([*option.opts, *option.secondary_opts])
        value = "" if option.is_flag else f" {option.make_metavar(click.Context(crm))}"
        rows.append(
            f"| `{names}{value}` | {(option.help or '').replace('|', chr(92) + '|')} |".replace(
                "[table|", "[table\\|"
            )
        )
    return "\n".join(rows)


def conditions() -> str:
    """The page of the condition language, which `crm help conditions` prints."""
    text = (GUIDES / "en/conditions.txt").read_text(encoding="utf-8")
    return f"# Conditions\n\n```\n{folded(text, 80)}\n```\n"


def preset_schema() -> str:
    """The JSON Schema of an import preset, for editors."""
    from crmcli.model.entities import having
    from crmcli.model.schema import Schema
    from crmcli.sales.imports.mapping import Vocabulary
    from crmcli.store.config.presets import ALL

    text = {"type": "string"}
    several = {"anyOf": [text, {"type": "array", "items": text}]}
    names = {e: [*Vocabulary(Schema(), e).names] for e in having("importable")}
    names = {ALL: list(dict.fromkeys(n for some in names.values() for n in some)), **names}

    def keyed(by: dict[str, dict[str, object]]) -> dict[str, object]:
        return {"type": "object", "additionalProperties": False, "properties": by}

    captions = {"type": "object", "additionalProperties": several}
    columns = {
        entity: {**captions, "properties": {name: several for name in some if name != "unknown"}}
        for entity, some in names.items()  # settings.yaml may declare more
    }
    said = {
        "about": text,
        "marks": {
            **several,
            "description": "Headers that only this program writes; two tell the file.",
        },
        "columns": {
            **keyed(columns),
            "description": "By entity: the field, and its headers with | between.",
        },
        "stages": {
            **keyed(dict.fromkeys(having("staged"), captions)),
            "description": "Our stage, or the best of several with |: their words.",
        },
        "sources": {
            **captions,
            "description": "Our source, or the best of several with |: their words.",
        },
    }
    top = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "An import preset of crm",
        **keyed(said),
    }
    return json.dumps(top, ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    for folder in (ROOT, ROOT / "crmcli/starter/common"):
        (folder / PRESET).write_text(preset_schema(), encoding="utf-8")
    PAGE.write_text(page(), encoding="utf-8")
    CONDITIONS.write_text(conditions(), encoding="utf-8")
    schemas = schema_files()
    for path, content in schemas.items():
        (ROOT / path).write_bytes(content)
    sys.stderr.write(f"wrote {PAGE.name}, {CONDITIONS.name} and {', '.join(schemas)}\n")
