"""Submissions of forms, as browsers post them: urlencoded, or a JSON object."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from crmcli.channels.incoming import Arrived, Incoming, Receiver, Unreadable, object_of
from crmcli.language import tr
from crmcli.model.form import PERSONAL_DATA
from crmcli.model.values import Consent

TOKEN, PAGE, REFERRER, CONSENT, TRAP = "_token", "_page", "_referrer", "_consent", "your_website"
"""What a page posts beside its fields; nobody sees the last, so that only machines fill it in."""
LARGEST = 64 * 1024
MOST_FIELDS = 50
HINT = 'like {"phone": "+79161234567"}'
UTM = ("source", "medium", "campaign", "term", "content")
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def posted(content: bytes) -> dict[str, str]:
    """What was posted, by name; Unreadable if it is neither, too large, or of too many fields."""
    if len(content) > LARGEST:
        raise Unreadable(tr("a form of more than {} KB", LARGEST // 1024), "send less text")
    is_object = content.lstrip()[:1] == b"{"
    pairs = _members(content) if is_object else _pairs(content)
    if len(pairs) > MOST_FIELDS:
        raise Unreadable(tr("a form of more than {} fields", MOST_FIELDS), "send less")
    found: dict[str, str] = {}
    for name, value in pairs:
        text = _UNSEEN.sub(" ", value.replace("\r\n", "\n").replace("\r", "\n")).strip()
        found[name] = ", ".join(filter(None, (found.get(name), text)))
    return found


def _pairs(content: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            content.decode("utf-8").strip("\r\n"), keep_blank_values=True, errors="strict",
            max_num_fields=MOST_FIELDS,
        )  # fmt: skip
    except ValueError as error:
        hint = "post it as application/x-www-form-urlencoded or JSON, in UTF-8"
        raise Unreadable("it is no form", hint) from error


def _members(content: bytes) -> list[tuple[str, str]]:
    given = object_of(content, HINT)
    lists = {name: value if isinstance(value, list) else [value] for name, value in given.items()}
    return [(name, _text(one)) for name, several in lists.items() for one in several]


def _text(value: object) -> str:
    if value is None or isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, (str, int, float)):
        return str(value)
    raise Unreadable("a value of the form is no text", HINT)


class Submission(Receiver):
    """Submissions, each with what its form said of it when it was accepted."""

    def read(self, arrived: Arrived) -> Incoming:
        """One submission; of what was posted only the fields of the form count."""
        said, facts = posted(arrived.content), arrived.facts
        values: dict[str, list[str]] = {}
        lines: list[str] = []
        for name, (field, label) in dict(facts.get("fields") or {}).items():
            if text := said.get(name, ""):
                values.setdefault(field, []).append(text)
                lines.append(f"{label}: {text}")
        page = said.get(PAGE) or str(facts.get("page", ""))
        title = str(facts.get("title", ""))
        told = {"form": facts.get("form", ""), "subject": title, "text": "\n".join(lines), "page": page,
                "values": values, "referrer": said.get(REFERRER) or facts.get("referrer", "")}  # fmt: skip
        given = {name: [str(text)] for name, text in dict(facts.get("given") or {}).items()}
        utm = utm_of({**_asked(page), **said})
        lead = {"source": ["form"], "source_detail": [title], **utm, **values, **given}
        return Incoming(
            "form.submitted",
            told,
            emails=values.get("emails", []),
            phones=values.get("phones", []),
            handles=values.get("handles", []),
            lead=lead,
            consents=_consents(facts),
            duplicates=str(facts.get("duplicates", "")),
        )


RECEIVER = Submission


def _consents(facts: Mapping[str, Any]) -> list[Consent]:
    """What the client agreed to; when, who takes it up says."""
    consent = facts.get("consent")
    if not consent:
        return []
    source = f"form {facts.get('form', '')}, version {consent.get('version', '')}"
    channels = (PERSONAL_DATA, *consent.get("channels", ()))
    return [Consent(channel, str(consent.get("text", "")), None, source) for channel in channels]


def _asked(page: str) -> dict[str, str]:
    """What the address of the page asks for."""
    try:
        return dict(parse_qsl(urlsplit(page).query, max_num_fields=100))
    except ValueError:
        return {}


def utm_of(asked: Mapping[str, str]) -> dict[str, list[str]]:
    """The marks of an advertisement."""
    return {f"utm_{key}": [asked[f"utm_{key}"][:200]] for key in UTM if asked.get(f"utm_{key}")}
