"""Templates and records become texts and messages; what is wrong names file and line."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from crmcli.dataclass import replace
from crmcli.errors import CrmError, Problem
from crmcli.language import tr
from crmcli.model import limits
from crmcli.model.listed import allowed_hint
from crmcli.render import mail_text, template_head
from crmcli.render.mail_text import MailText
from crmcli.render.shapes import Shapes, of_names
from crmcli.render.style import Style
from crmcli.render.template_folder import MAX_SOURCE, TemplateFolder
from crmcli.render.template_head import HeaderLine, TemplateFailed, TemplateHead

if TYPE_CHECKING:
    from jinja2 import Template

    from crmcli.render.sandbox import Sandbox, Tree

Names = Mapping[str, object]
"""What a template sees: plain data by name."""

_HALF = re.compile("[\ud800-\udfff]")
_PLAIN = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What a template itself does wrong, so that the error's own words tell it."""


class _Trail(NamedTuple):
    """How a check came to a template: with which names, through which others, having seen which."""

    names: Shapes
    above: tuple[str, ...]
    seen: set[str]


class Renderer:
    """Renders the templates of a folder, and small texts; they see only the names given, plain data. Where
    `topics` are given, no template has another."""

    def __init__(
        self, folder: Path, style: Style | None = None, topics: Mapping[str, str] | None = None
    ) -> None:
        self.style = style or Style()
        self._topics = topics
        self._folder = TemplateFolder(folder)
        self._compiled: dict[tuple[str, str], Template] = {}
        self._others: dict[str, Renderer] = {}

    @cached_property
    def _sandbox(self) -> Sandbox:
        from crmcli.render.sandbox import Sandbox

        def read(path: str) -> str:
            shown = self._folder.shown(path)
            return template_head.split(self._folder.read(path), shown, mail=False)[1]

        return Sandbox(self.style, read, self._folder.shown)

    def render_text(self, path: str, names: Names) -> str:
        """The text of a template below the folder; TemplateFailed if it cannot be rendered."""
        head, body = self._split(path, mail=False)
        self._check_entity(path, head, names)
        return self._in(head.language)._run(body, path, self._folder.shown(path), names)

    def paths(self) -> list[str]:
        """The templates below the folder, in order of their paths."""
        return self._folder.paths()

    def head(self, path: str) -> TemplateHead:
        """What a template says of itself. TemplateFailed, with the names of those that are there, if
        there is no such template."""
        return self._split(path, mail=mail_text.is_mail(path))[0]

    @property
    def folder(self) -> Path:
        """The folder of the templates."""
        return self._folder.folder

    def has(self, path: str) -> bool:
        """Whether there is such a template."""
        return self._folder.has(path)

    def source(self, path: str) -> str:
        """The text of a template as it is written."""
        return self._folder.read(path)

    def _split(self, path: str, *, mail: bool) -> tuple[TemplateHead, str]:
        source = self._folder.read(path)
        return template_head.split(source, self._folder.shown(path), mail=mail, topics=self._topics)

    def _in(self, language: str) -> Renderer:
        """The renderer of the same folder that writes amounts and dates in a language; "" is its own."""
        if language in ("", self.style.language):
            return self
        if language not in self._others:
            style = replace(self.style, language=language)
            self._others[language] = Renderer(self._folder.folder, style, self._topics)
        return self._others[language]

    def _check_entity(self, path: str, head: TemplateHead, names: Names) -> None:
        """TemplateFailed if a template is for other records than this one and those behind it."""
        if head.entities and not any(names.get(entity) for entity in head.entities):
            told = tr("it is a template for: {}", ", ".join(head.entities))
            raise TemplateFailed(self._folder.shown(path), 0, told, "see crm template list")

    def render_inline(self, source: str, names: Names, where: str) -> str:
        """The text of a template that stands elsewhere; `where` names the place for complaints."""
        if "{" not in source:
            return source
        return self._run(source, None, where, names)

    def render_mail(self, path: str, names: Names) -> MailText:
        """The message of a mail template, with its HTML part if there is one beside it."""
        shown = self._folder.shown(path)
        head, body = self._split(path, mail=True)
        self._check_entity(path, head, names)
        spoken = self._in(head.language)
        values = [(h, spoken._run(_at_line(h), None, shown, names)) for h in head.headers]
        text = spoken._run(body, path, shown, names)
        beside = mail_text.html_beside(path)
        html = spoken.render_text(beside, names) if self._folder.has(beside) else ""
        made = mail_text.put_together(values, text, html, shown)
        return replace(made, topic=head.topic)

    def validate(self, path: str, known: Collection[str] = ()) -> list[Problem]:
        """What is wrong with a template and all that it includes. Names must be among `known`, if given; by
        their shapes, if it has those, they must have the fields asked of them."""
        trail, shown = _Trail(of_names(known), (path,), {path}), self._folder.shown(path)
        if not mail_text.is_mail(path):
            return self._check_part(path, trail)
        try:
            head, body = self._split(path, mail=True)
        except TemplateFailed as failed:
            return [failed.problem]
        problems = []
        for header in head.headers:
            problems += self._check(_at_line(header), None, shown, trail)
        problems += self._check(body, path, shown, trail)
        beside = mail_text.html_beside(path)
        return problems + (self._check_part(beside, trail) if self._folder.has(beside) else [])

    def validate_inline(
        self, source: str, where: str, known: Collection[str] = ()
    ) -> list[Problem]:
        """What is wrong with a template that stands elsewhere; lines count within it."""
        if "{" not in source:
            return []
        return self._check(source, None, where, _Trail(of_names(known), (), set()))

    def _check(self, source: str, path: str | None, shown: str, trail: _Trail) -> list[Problem]:
        """Check one text, which the last template of the trail has."""
        try:
            with self._failing(shown, {}):
                self._compile(source, path, shown)
                asked = self._sandbox.compiled(source, path, shown).asked
                return self._check_tree(self._sandbox.tree(source), asked, shown, trail)
        except TemplateFailed as failed:
            return [failed.problem]

    def _check_tree(
        self, tree: Tree, asked: Collection[str], shown: str, trail: _Trail
    ) -> list[Problem]:
        from crmcli.render.endless import endless
        from crmcli.render.field_checks import FieldChecks

        names = trail.names
        fields = FieldChecks(shown)
        fields.check(tree.root, names)
        problems = [*fields.problems, *(() if tree.ends else endless(tree.root, shown))]
        # A name that is set in one branch counts as declared: Jinja2 cannot tell, nor can we.
        own = {n.name for n in tree.names if n.ctx != "load"}
        allowed = {*names, *self._sandbox.globals, *own}
        for name in sorted({*asked} - allowed) if names else ():
            line = min((node.lineno for node in tree.names if node.name == name), default=0)
            hint = allowed_hint(name, sorted(names), tr("known"))
            problems.append(Problem(shown, line, tr("no name {!r}", name), hint))
        inside = {**dict.fromkeys(own), **names} if names else names
        for other in tree.others:
            if other and other not in trail.seen:
                trail.seen.add(other)
                further = _Trail(inside, (*trail.above, other), trail.seen)
                problems += self._check_part(other, further)
            elif other in trail.above and other in tree.certain:
                told = tr("loads itself without end: {}", " → ".join((*trail.above, other)))
                problems.append(Problem(shown, tree.certain[other], told, "let an if end it"))
        return problems

    def _check_part(self, path: str, trail: _Trail) -> list[Problem]:
        """A template that others include: text, whatever folder it stands in."""
        try:
            body = self._split(path, mail=False)[1]
            return self._check(body, path, self._folder.shown(path), trail)
        except TemplateFailed as failed:
            return [failed.problem]

    def _compile(self, source: str, path: str | None, shown: str) -> Template:
        from jinja2 import Template

        from crmcli.render.limits import budget

        if len(source) > MAX_SOURCE:
            raise TemplateFailed(shown, 0, tr("is longer than {} KB", MAX_SOURCE // 1024))
        key = (shown, source)
        if key not in self._compiled:
            if not self._sandbox.knows(source, path, shown):
                # Compiling looks at no clock, so what it will have to do is counted first.
                signs = sum(1 for _ in islice(self._sandbox.lex(source), limits.SIGNS + 1))
                if signs > limits.SIGNS:
                    told = tr("has more than {:,} words and signs", limits.SIGNS)
                    raise TemplateFailed(shown, 0, told)
            with budget():
                code = self._sandbox.compile(source, path, shown)
            self._compiled[key] = Template.from_code(self._sandbox, code, self._sandbox.globals)
        return self._compiled[key]

    def _run(self, source: str, path: str | None, shown: str, names: Names) -> str:
        from crmcli.render.limits import MAX_OUTPUT, budget

        with self._failing(shown, names):
            template = self._compile(source, path, shown)
            chunks: list[str] = []
            left = MAX_OUTPUT
            with budget():
                for chunk in template.generate(names):
                    left -= len(chunk)
                    if left < 0:
                        raise ValueError("writes more than 1 MB")
                    chunks.append(chunk)
            text = "".join(chunks)
            if _HALF.search(text):
                raise ValueError("writes half a character (a lone surrogate)")
            return text

    @contextmanager
    def _failing(self, shown: str, names: Names) -> Iterator[None]:
        """Turn what a template does wrong into TemplateFailed with its file and line."""
        from jinja2.exceptions import TemplateSyntaxError

        try:
            yield
        except TemplateSyntaxError as error:
            message, path = error.message or "cannot be read", error.filename or shown
            hint = self._filter_hint(message)
            raise TemplateFailed(path, error.lineno, _lower(message), hint) from error
        except TemplateFailed as error:
            if error.problem.path == shown:
                raise
            path, line = _place(error, shown)
            raise TemplateFailed(path, line, str(error), error.hint) from error
        except CrmError:
            raise  # it is of no template: a disk that fails
        except Exception as error:
            # Whatever else comes out of Jinja2 is the template's: 1/0, a date compared with a text, a
            # hundred nested ifs, an assertion within Jinja2 that it does not meet.
            path, line = _place(error, shown)
            message, hint = _explained(error, names)
            raise TemplateFailed(path, line, message, hint) from error

    def _filter_hint(self, message: str) -> str:
        match = re.match(r"No filter named '(\w+)'", message)
        if not match:
            return ""
        known = sorted(name for name in self._sandbox.filters if " " not in name)
        return allowed_hint(match[1], known, tr("known"))


def _at_line(header: HeaderLine) -> str:
    """A header's source moved down to its line, so that a complaint names it."""
    return "\n" * (header.line - 1) + header.source


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:].rstrip(".")


def _place(error: BaseException, shown: str) -> tuple[str, int]:
    """The template and line at which an error arose: the innermost frame of a template."""
    place = (shown, 0)
    trace = error.__traceback__
    while trace is not None:
        if "__jinja_exception__" in trace.tb_frame.f_globals:  # a frame that Jinja2 has rewritten
            place = (trace.tb_frame.f_code.co_filename, trace.tb_lineno)
        trace = trace.tb_next
    return place


def _explained(error: BaseException, names: Names) -> tuple[str, str]:
    """The sentence and the hint for what a template did wrong."""
    from crmcli.render.sandbox import UnknownName

    if isinstance(error, UnknownName):
        return _unknown(error.name, error.inside, names)
    if isinstance(error, RecursionError | MemoryError | SyntaxError):
        return "is nested too deeply, or never stops calling itself", ""
    if isinstance(error, ArithmeticError) and not isinstance(error, OverflowError):
        return "cannot be calculated: a division by zero, or not a number", ""
    from jinja2.exceptions import TemplateError

    if isinstance(error, (TemplateError, *_PLAIN)):
        return _lower(str(error)) or type(error).__name__, ""
    return tr("cannot be read by Jinja2: {}: {}", type(error).__name__, _lower(str(error))), ""


def _unknown(name: str, inside: object, names: Names) -> tuple[str, str]:
    from jinja2.utils import missing

    if inside is missing:
        return tr("no name {!r}", name), allowed_hint(name, sorted(names), tr("known"))
    if isinstance(inside, Mapping):
        holder = next((key for key, value in names.items() if value is inside), "")
        known = [str(key) for key in inside]
        full = f"{holder}.{name}" if holder else name
        return tr("no field {!r}", full), allowed_hint(name, sorted(known), tr("known"))
    if isinstance(inside, list | tuple):
        return tr("the list has no item {} (it has {})", name, len(inside)), ""
    return tr("a value of type {} has no {!r}", type(inside).__name__, name), ""
