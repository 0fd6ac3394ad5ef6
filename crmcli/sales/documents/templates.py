"""The templates of a workspace: found by a short name, listed with what they say of themselves, checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from crmcli.dataclass import dataclass
from crmcli.errors import Ambiguous, BadUsage, Problem
from crmcli.language import tr
from crmcli.model.actions import ACTIONS
from crmcli.model.fields import Record
from crmcli.model.schema import Schema
from crmcli.model.values import entity_of
from crmcli.render import Renderer, TemplateFailed, TemplateHead, is_mail
from crmcli.render.mail_text import html_beside
from crmcli.render.shapes import Shape
from crmcli.sales.documents import pictures
from crmcli.sales.documents.messages import renderer
from crmcli.sales.many import Chosen
from crmcli.sales.template_names import every_shape, shapes_for
from crmcli.workspace import Workspace

_ENDS = ("", ".j2", ".html.j2")


@dataclass(frozen=True, slots=True)
class Template:
    """One template: its path below templates/, its head, and which robots and schedules use it; `problem`
    is why its head cannot be read."""

    path: str
    head: TemplateHead
    used_by: tuple[str, ...] = ()
    problem: str = ""


def find(ws: Workspace, name: str, *, mail: bool = False, ref: str = "") -> str:
    """The path of a template by its path or the end of it: `hello`, `mail/hello.j2`; with `mail` one of
    messages, of several one for the record that `ref` means. What nobody finds is given back, for the refusal
    that names those that are there."""
    wanted = name.removeprefix("templates/")
    paths = renderer(ws).paths()
    if wanted in paths:
        if mail and not is_mail(wanted):
            told = tr("{} is not a mail template", wanted)
            raise BadUsage(told, "those stand in templates/mail/, see crm template list")
        return wanted
    paths = [path for path in paths if is_mail(path) or not mail]
    found = [path for path in paths if any(f"/{path}".endswith(f"/{wanted}{end}") for end in _ENDS)]
    found = [path for path in found if not path.startswith("mail/") or is_mail(path)] or found
    if len(found) > 1 and ref:
        noun = ws.find(ref).entity
        found = [path for path in found if noun in renderer(ws).head(path).entities] or found
    if len(found) > 1:
        raise Ambiguous(tr("several templates match {!r}", name), ", ".join(found))
    return found[0] if found else f"mail/{wanted}" if mail and "/" not in wanted else wanted


def listed(ws: Workspace) -> list[Template]:
    """All templates but those that others include, and the HTML parts of messages."""
    texts = renderer(ws)
    shown = [path for path in texts.paths() if not is_piece(path)]
    used = _uses(ws)
    return [_template(texts, path, tuple(used.get(path, ()))) for path in shown]


def _template(texts: Renderer, path: str, used_by: tuple[str, ...]) -> Template:
    try:
        return Template(path, texts.head(path), used_by)
    except TemplateFailed as failed:
        return Template(path, TemplateHead(), used_by, str(failed))


def is_piece(path: str) -> bool:
    """Whether it is no template of its own: `_foot.j2`, which others include, or a message's HTML part."""
    name = path.rpartition("/")[2]
    return name.startswith("_") or (path.startswith("mail/") and not is_mail(path))


def _uses(ws: Workspace) -> dict[str, list[str]]:
    """The robots and schedules that use each template."""
    used: dict[str, list[str]] = {}
    for act, _, owner in ws.pipelines.acts():
        for key in ACTIONS[act.do].of_kind("template") if act.do in ACTIONS else ():
            used.setdefault(str(act.params.get(key)), []).append(f"{owner}/{act.id}")
    return used


def faults(texts: Renderer, schema: Schema, paths: Sequence[str]) -> Iterator[Problem]:
    """What is wrong with templates, whoever uses them: each by the nouns that it is for."""
    every = every_shape(schema)
    for path in paths:
        try:
            entities = texts.head(path).entities
        except TemplateFailed as failed:
            yield failed.problem
            continue
        for names in _names(path, entities, every):
            yield from texts.validate(path, names)
        for part in filter(texts.has, (html_beside(path) if is_mail(path) else path,)):
            yield from pictures.missing_in(texts.folder.parent, part, texts.source(part))


def _names(
    path: str, entities: Sequence[str], every: Mapping[str, Shape]
) -> list[dict[str, Shape]]:
    """What a template may see; a piece may see whatever includes it has set."""
    if is_piece(path):
        return [{}]
    return [shapes_for(entity, every) for entity in entities] or [{"records": None, **every}]


def record_for(ws: Workspace, path: str, ref: str) -> Record:
    """The record that a reference means; of several, one that the template is for."""
    try:
        return ws.find(ref)
    except Ambiguous:
        return ws.find(ref, *renderer(ws).head(path).entities)


def chosen(ws: Workspace, path: str, refs: Sequence[str], where: str, noun: str = "") -> Chosen:
    """The records that references mean, or all that fit a condition of those that the template is for."""
    if refs:
        ids = [record_for(ws, path, ref).id for ref in refs]
        return Chosen(entity_of(ids[0]), ids)
    entities = (noun,) if noun else renderer(ws).head(path).entities
    if len(entities) != 1:
        known = ", ".join(entities)
        raise BadUsage(tr("{} is for several kinds of records: {}", path, known), "add --of NOUN")
    return Chosen(entities[0], condition=ws.condition(where, entities[0]))


def example(ws: Workspace, path: str) -> Record:
    """The newest record that a template could be for."""
    entities = renderer(ws).head(path).entities
    for entity in entities:
        records = ws.select(entity)
        if records:
            return max(records, key=lambda record: (str(record.get("created_at")), record.id))
    raise BadUsage("there is no record to show it with", "name one: --for REF")
