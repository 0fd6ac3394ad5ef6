"""Collect the texts for people into the catalogues of crmcli/locale, and compile these (`make messages`).

Collected are the texts of `tr` and the nouns of `counted`, the plain texts given to errors and problems,
the help of commands and options by paragraph, the labels of fields, and what click itself says.
"""

from __future__ import annotations

import ast
import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click
from babel.messages import Catalog, Message, extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

import crmcli
from crmcli.cli.pages import EXAMPLE, paragraphs
from crmcli.cli.root import Root, crm
from crmcli.cli.session import Session
from crmcli.language import CATALOGUES, DOMAIN, LANGUAGES
from crmcli.model.actions import ACTIONS
from crmcli.model.entities import ENTITIES
from crmcli.model.reports import PLAN, REPORTS
from crmcli.model.schema import DERIVED, SCORED, own_fields
from crmcli.model.trigger_events import EVENTS
from crmcli.model.words import WORDS
from crmcli.words import rows

CODE = Path(crmcli.__file__).parent
HEADER = """msgid ""
msgstr ""
"Language: {}\\n"
"Plural-Forms: {}\\n"
"Content-Type: text/plain; charset=utf-8\\n"

"""
MACHINES = (
    "Cell",
    "cast",
    "change",
    "compile",
    "condition",
    "counted",
    "execute",
    "executemany",
    "findall",
    "Key",
    "tr",
    "tr_in",
)
"""What is given to these is for no people, or is collected by itself."""
PROSE = re.compile(r"^like |(?:[A-Za-z]{2,}[,:]? (?:an? )?|\b[Aa]n? )[\w({'\"`-]*[A-Za-z]{2,}")
CODE_LIKE = re.compile(
    r"\n|SELECT|DISTINCT|IS NOT|[a-z] TEXT$|rowid|^id, at|^[\w.]+ (=|in \(|<) "
    r"|\b(CREATE|INSERT|DELETE|LEFT|UPDATE|CASE|CAST|UNION|FILTER|GROUP|JOIN|WHERE|KEY|ROW) [A-Z(*]"
    "|[A-Z] KEY$"
    "|is (not )?empty$"
    r"|\\|^--[a-z-]+( --[a-z-]+)*( \w+)?$|^--(first-)?name |^'[^']+'( --|$)"
    r"|^[A-Z].*\.$|%\(|[а-я]|^(?!like )\S*\w\[|[\w\]] \| \w"
)
COMMAND = re.compile(r"^(?:crm|git|pip) [a-z-]+\b")
TYPED = re.compile(r"'[^']*'|:\w+:|\S*[^a-z\s,;:]\S*|(?<![\w-])[a-z]+(?=[/|])")
"""What of a command is no word: options, places for values, paths, quoted texts."""
PLACE = re.compile(r"(?<!\{)\{(\w*)(?:![rs])?(?::[^{}]*)?\}(?!\})")
NAME = re.compile(r"(?<![A-Za-z])[A-Z][a-z]")
"""What an example has of a made-up world, which speaks the reader's language."""
Text = str | tuple[str, str]
"""A message, or a noun with its plural."""


def _of_rules() -> Iterator[tuple[str, str]]:
    """What is said of actions and events, and the modules that have it."""
    for action in ACTIONS.values():
        texts = (action.doc, action.said, *(param.doc for param in action.params))
        yield from ((text, "model/actions.py") for text in texts if text)
    yield from ((event.doc, "model/trigger_events.py") for event in EVENTS.values())


def _of_reports() -> Iterator[tuple[str, str]]:
    """What is said of reports and of their columns."""
    for report in (*REPORTS, PLAN):
        labels = (measure.label for measure in report.measures)
        yield from ((text, "model/reports.py") for text in (report.title, *labels) if text)


def texts() -> dict[Text, set[str]]:
    """Every message of the program, with the modules that have it."""
    found: dict[Text, set[str]] = {}
    for path in sorted(CODE.rglob("*.py")):
        for text in _in_code(ast.parse(path.read_text(encoding="utf-8"))):
            found.setdefault(text, set()).add(path.relative_to(CODE).as_posix())
    for text in _in_help(crm, click.Context(crm, info_name="crm", obj=Session())):
        found.setdefault(text, set()).add("cli/main.py")
    of_yaml = filter(_is_prose, (t for _, said in rows("yaml_errors") for t in said.split(" | ")))
    for text in (*WORDS.values(), *_in_presets(), *of_yaml):
        found.setdefault(text, set()).add("model/words.py")
    for text, path in (*_of_rules(), *_of_reports()):
        found.setdefault(text, set()).add(path)
    for entity, row in ENTITIES.items():
        nouns = ((row.name, row.plural), row.plural, row.plural.capitalize(), row.one, row.least)
        made = (f"{row.name} created", f"{row.plural} created")
        example = f"crm {entity} add {row.example}"
        examples = [example] if NAME.search(example) else []
        for text in (*nouns, made, *examples, *(field.label for field in own_fields(entity))):
            found.setdefault(text, set()).add(f"model/{entity}.py")
    for field in (*DERIVED, SCORED):
        found.setdefault(field.label, set()).add("model/schema.py")
    for text in _in_click():
        found.setdefault(text, set()).add("click")
    return found


def _in_code(tree: ast.Module) -> Iterator[Text]:
    """What `tr` and `counted` are given, and every other text that reads as words for people."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            first = node.args[0] if node.args else None
            either = [first.body, first.orelse] if isinstance(first, ast.IfExp) else node.args
            said = [str(a.value) for a in either if isinstance(a, ast.Constant)]
            if _called(node) in ("tr", "tr_in", "os_errors"):
                yield from said if either is not node.args else said[:1]
            elif _called(node) == "Column":
                yield from (text for text in said[1:2] if text[:1].isupper())
            elif _called(node) in ("section", "unique"):
                yield from said[:1]
            elif _called(node) == "counted" and said:
                yield said[0], said[1] if len(said) > 1 else f"{said[0]}s"
    yield from (text for text in _constants(tree) if _is_prose(text))


def _constants(tree: ast.AST) -> Iterator[str]:
    """The plain texts of a module, without docstrings, pieces of others and what `counted` has."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if not isinstance(tree, ast.Expr):
                yield node.value
        elif isinstance(node, ast.Call) and _called(node) == "tr":
            yield from (
                text
                for one in node.args[:1]
                if isinstance(one, ast.Call)
                for text in _constants(one)
            )
        elif not isinstance(node, ast.JoinedStr) and _called(node) not in MACHINES:
            yield from _constants(node)


def _called(node: ast.AST) -> str:
    """The name of what a call calls."""
    function = getattr(node, "func", None)
    return str(getattr(function, "id", getattr(function, "attr", "")))


def _is_prose(text: str) -> bool:
    said = bool(PROSE.search(text)) and not CODE_LIKE.search(text)
    return said and (not COMMAND.match(text) or _says_more(text))


def _says_more(text: str) -> bool:
    """Whether a text that begins with a command goes on in words: `crm tick tries it again`."""
    words = TYPED.sub(" ", text).replace(",", " ").replace(";", " ").replace(":", " ").split()[1:]
    at: int
    command: click.Command | None
    at, command = (0, crm) if text.startswith("crm") else (1, None)
    while isinstance(command, click.Group) and at < len(words) and words[0] != "is":
        child = command.get_command(click.Context(command, obj=Session()), words[at])
        if child is None:
            break
        at, command = at + 1, child
    return len(words) - at > 1


def _in_help(command: click.Command, context: click.Context) -> Iterator[str]:
    for text in (command.help, command.epilog, command.short_help):
        for part in paragraphs(text or ""):
            example = part.removeprefix(EXAMPLE)
            if example == part or NAME.search(example):
                yield example
    options = [p for p in command.get_params(context) if isinstance(p, click.Option)]
    yield from (option.help for option in options if option.help)
    if isinstance(command, Root):
        yield from (
            text for title, rows in command.groups() for text in (title, *dict(rows).values())
        )
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from _in_help(child, click.Context(child, info_name=name, parent=context))


def _in_presets() -> Iterator[str]:
    """What the presets of the package are for."""
    for path in sorted((CODE / "presets").glob("*.yaml")):
        about = re.search(r"^about: *(.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert about is not None
        yield about[1].strip("'")


def _in_click() -> Iterator[Text]:
    for name in ("core", "exceptions", "formatting", "parser", "types"):
        with Path(click.__file__).with_name(f"{name}.py").open("rb") as source:
            for _, text, *_ in extract.extract("python", source, {"_": None, "ngettext": (1, 2)}):
                yield text if isinstance(text, str) else (text[0], text[1])


def renewed(language: str) -> Catalog:
    """The catalogue of a language with just what is in the program, and the translations that are known."""
    catalog, template = known(language), Catalog()
    for text, where in sorted(texts().items(), key=lambda item: (sorted(item[1]), str(item[0]))):
        template.add(text, locations=[(name, 0) for name in sorted(where)])
    catalog.update(template, no_fuzzy_matching=True)
    catalog.obsolete.clear()
    for (
        message
    ) in catalog:  # one that changed its number would not be compiled; a lacking form is a fault
        message.flags.discard("fuzzy")
    return catalog


def known(language: str) -> Catalog:
    """The catalogue as its file has it."""
    if not po_file(language).exists():
        return Catalog(language, charset="utf-8")
    with po_file(language).open("rb") as file:
        return read_po(file, language)


def written(catalog: Catalog) -> tuple[bytes, bytes]:
    """The catalogue as translators write it and as gettext reads it; the same whenever it is written."""
    text, compiled = io.BytesIO(), io.BytesIO()
    text.write(HEADER.format(catalog.locale, catalog.plural_forms).encode())
    write_po(text, catalog, width=100, omit_header=True, include_lineno=False, sort_by_file=True)
    write_mo(compiled, catalog)
    return text.getvalue(), compiled.getvalue()


def faults(catalog: Catalog) -> list[str]:
    """The messages without a translation, and those whose translation has other places for values."""
    return [str(m.id) for m in catalog if m.id and not (all(_said(m)) and _agrees(m))]


def _said(message: Message) -> tuple[str, ...]:
    said = message.string or ""
    return (said,) if isinstance(said, str) else tuple(said)


def _agrees(message: Message) -> bool:
    ids = [message.id] if isinstance(message.id, str) else list(message.id)
    return all(_places(said) in [_places(text) for text in ids] for said in _said(message))


def _places(text: str) -> list[str]:
    """Which values a text takes, by number or name."""
    names = [found[1] for found in PLACE.finditer(text)]
    return sorted(name or str(number) for number, name in enumerate(names))


def po_file(language: str) -> Path:
    """Where the catalogue of a language stands."""
    return CATALOGUES / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def main() -> int:
    """Write all catalogues anew; the exit code is 1 where something is left to be translated."""
    left = 0
    for language in LANGUAGES:
        if language == "en":
            continue
        catalog, path = renewed(language), po_file(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        text, compiled = written(catalog)
        path.write_bytes(text)
        path.with_suffix(".mo").write_bytes(compiled)
        wrong = faults(catalog)
        left += len(wrong)
        sys.stdout.write(f"{language}: {len(catalog)} messages, {len(wrong)} to be translated\n")
    return 1 if left else 0


if __name__ == "__main__":
    raise SystemExit(main())
