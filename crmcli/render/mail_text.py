"""Mail templates: the rendered header lines and the text as one message."""

from __future__ import annotations

import unicodedata

from crmcli.dataclass import dataclass
from crmcli.language import tr
from crmcli.render.template_head import HEADERS, HeaderLine, TemplateFailed


@dataclass(frozen=True, slots=True)
class MailText:
    """A rendered mail template; "" and () for headers that it does not set, `attach` from the root,
    `topic` of its template."""

    subject: str
    text: str
    html: str = ""
    sender: str = ""
    reply_to: str = ""
    to: str = ""
    attach: tuple[str, ...] = ()
    topic: str = ""


def forbidden_in_header(text: str) -> str:
    """The name of the first character that must not stand in a header; "" if all is well."""
    for character in text:
        if character in "\u2028\u2029" or unicodedata.category(character) in ("Cc", "Cs"):
            names = {"\n": "a line break", "\r": "a line break", "\t": "a tab"}
            named = names.get(character)
            return tr(named) if named else tr("the character U+{:04X}", ord(character))
    return ""


def put_together(
    values: list[tuple[HeaderLine, str]], text: str, html: str, shown: str
) -> MailText:
    """The message from its rendered parts; TemplateFailed if a header has a line break."""
    given: dict[str, list[str]] = {name: [] for name in HEADERS}
    for header, value in values:
        fault = forbidden_in_header(value.strip())
        if fault:
            told = tr("{} has {}, which is not allowed in a header", header.name, fault)
            hint = "a value has it; remove it, e.g. with |replace"
            raise TemplateFailed(shown, header.line, told, hint)
        given[header.name] += [value.strip()] if value.strip() else []
    attach = tuple(given.pop("Attach"))
    subject, sender, reply_to, to = (given[name][0] if given[name] else "" for name in HEADERS[:4])
    if not subject:
        raise TemplateFailed(shown, 1, "the subject is empty", "write a text after 'Subject:'")
    return MailText(subject, text.strip("\n") + "\n", inlined(html), sender, reply_to, to, attach)


def inlined(html: str) -> str:
    """HTML with what its <style> says written at each element, since many mail programs drop <style>; as it
    is without the extra. Style sheets elsewhere are not fetched."""
    if "<style" not in html.lower():
        return html
    try:
        import css_inline
    except ImportError:
        return html
    inliner = css_inline.CSSInliner(keep_style_tags=True, load_remote_stylesheets=False)
    return inliner.inline(html)


def html_beside(path: str) -> str:
    """The template of a message's HTML part: `mail/hello.html.j2` beside `mail/hello.j2`."""
    return path.removesuffix(".j2") + ".html.j2"


def is_mail(path: str) -> bool:
    """Whether a template is a message: below mail/, no HTML part, no piece to include (`mail/_foot.j2`)."""
    name = path.rpartition("/")[2]
    return path.startswith("mail/") and not (name.startswith("_") or name.endswith(".html.j2"))
