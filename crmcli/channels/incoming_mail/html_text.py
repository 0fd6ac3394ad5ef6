"""HTML as text: nothing in it is run or fetched. What the programs of people mark as quoted is marked."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from crmcli.dataclass import dataclass, field

LONGEST = 2_000_000
"""Characters of HTML that are read."""

_DEEPEST = 200
_HIDDEN = ("script", "style", "head", "title", "template", "noscript", "object", "svg", "textarea",
           "select", "o:p")  # fmt: skip
_VOID = ("br", "hr", "img", "input", "meta", "link", "base", "col", "area", "wbr", "source",
         "embed")  # fmt: skip
_BLOCKS = frozenset((
    "address", "article", "aside", "blockquote", "body", "center", "dd", "details", "div", "dl",
    "dt", "fieldset", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header",
    "hr", "html", "li", "main", "nav", "ol", "p", "pre", "section", "table", "tbody", "tfoot",
    "thead", "tr", "ul",
))  # fmt: skip
_SPACED = ("p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "pre")
_BLANK = re.compile(r"[ \t\n\r\f]+")
_ASIDE = re.compile(r"<!--.*?(?:-->|\Z)|<[!?][^>]*>?", re.DOTALL)
"""Comments and declarations; those that never end go to the end."""

_INVISIBLE = re.compile(r"display\s*:\s*none|mso-hide\s*:\s*all", re.IGNORECASE)
_CITE = re.compile(
    r"\b(?:mail-quote-collapse\w*|mail-app-auto-quote|yahoo_quoted\w*|protonmail_quote|zmail_extra)\b"
)
_SIGNATURE = re.compile(
    r"\b(?:gmail_signature|moz-signature|mail-app-auto-signature|ms-outlook-mobile-signature"
    r"|ms-outlook-ios-signature|AppleMailSignature|protonmail_signature_block|bloop_markup_signature)\b"
)


@dataclass
class Marked:
    """Text, and where in it something is marked: `cite` is quoted for certain, `block` may be indented only,
    `signature` is one."""

    text: str = ""
    marks: list[tuple[str, int, int]] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self.size = 0
        self.newlines = 2
        self.open: list[tuple[str, str, int]] = []
        self.hidden = 0
        self.kept_blanks = 0
        self.links: list[tuple[str, int]] = []
        self.marks: list[tuple[str, int, int]] = []
        self.space = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "br":
            self.put("\n")
        elif tag in ("td", "th") and self.newlines == 0:
            self.put("\t")
        elif tag in _BLOCKS:
            self.line(2 if tag in _SPACED else 1)
        if tag == "li":
            self.put("- ")
        alt = given.get("alt", "").strip() if tag == "img" else ""
        if alt and "cid:" not in given.get("src", ""):
            self.handle_data(f"[{alt}]")
        if tag in _VOID or len(self.open) >= _DEEPEST:
            return
        kind = _mark(tag, given)
        is_hidden = tag in _HIDDEN or bool(_INVISIBLE.search(given.get("style", "")))
        self.open.append((tag, "hidden" if is_hidden else kind, self.size))
        self.hidden += is_hidden
        self.kept_blanks += tag == "pre"
        if tag == "a":
            self.links.append((given.get("href", "").strip(), len(self.out)))

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        place = next((n for n in range(len(self.open) - 1, -1, -1) if self.open[n][0] == tag), -1)
        if place < 0:
            return
        while len(self.open) > place:
            name, kind, start = self.open.pop()
            self.hidden -= kind == "hidden"
            self.kept_blanks -= name == "pre"
            if name == "a" and self.links:
                self.link(*self.links.pop())
            if kind not in ("", "hidden") and self.size > start:
                self.marks.append((kind, start, self.size))
        if tag in _BLOCKS:
            self.line(2 if tag in _SPACED else 1)

    def handle_data(self, data: str) -> None:
        if self.hidden:
            return
        if self.kept_blanks:
            self.put(data)
            return
        text = _BLANK.sub(" ", data)
        if text[:1] == " " and (self.space or self.newlines):
            text = text[1:]
        self.put(text)

    def put(self, text: str) -> None:
        """Add text as it is."""
        if not text or self.hidden:
            return
        self.out.append(text)
        self.size += len(text)
        bare = text.rstrip("\n")
        self.newlines = len(text) - len(bare) + (0 if bare else self.newlines)
        self.space = text[-1] in " \t\n"

    def line(self, breaks: int) -> None:
        """End a line, and leave one blank where that many breaks are asked for."""
        if self.newlines < breaks:
            self.put("\n" * (breaks - self.newlines))

    def link(self, href: str, start: int) -> None:
        """Say where a link leads, if its text does not."""
        said = "".join(self.out[start:]).strip()
        bare = re.sub(r"^(?:mailto:|tel:|https?://(?:www\.)?)|/$", "", href)
        is_said = not said or bare in said or said in href
        if not is_said and re.match(r"https?://|mailto:|tel:", href):
            self.put(f" ({href[:500]})")


def _mark(tag: str, given: dict[str, str]) -> str:
    names = f"{given.get('class', '')} {given.get('id', '')}"
    is_cite = tag == "blockquote" and (given.get("type") == "cite" or "gmail_quote" in names)
    if is_cite or _CITE.search(names):
        return "cite"
    if _SIGNATURE.search(names):
        return "signature"
    return "block" if tag == "blockquote" else ""


def html_text(html: str) -> Marked:
    """The text of HTML. Links stand as `text (address)` where the two differ."""
    html = _ASIDE.sub("", html[:LONGEST])
    last = html.rfind(">") + 1  # Python's reader looks for the end of each tag that has none
    reader = _Reader()
    reader.feed(html[:last] + html[last:].replace("<", "&lt;"))
    reader.close()
    while reader.open:
        reader.handle_endtag(reader.open[-1][0])
    return Marked("".join(reader.out), sorted(reader.marks, key=lambda mark: mark[1:]))
