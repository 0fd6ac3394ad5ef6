"""Why a letter was taken for one that nobody wrote by hand, in words."""

from __future__ import annotations

from crmcli.language import tr

_WHOLE = {
    "subject": "an automatic answer, by its subject",
    "text": "an automatic letter, by its text",
    "no-reply": "from an address to which nobody can answer",
    "bounce": "a letter that came back",
    "text/calendar": "an invitation to a meeting",
}
_BEGIN = {
    "list-": "a mailing list",
    "x-mailing-list": "a mailing list",
    "precedence:": "a mailing list",
    "x-spam": "the mail server takes it for spam",
    "auto-submitted:": "an automatic letter",
    "return-path:": "an automatic letter",
    "multipart/report": "a report of a mail server",
    "message/": "a report of a mail server",
    "x-": "an automatic letter",
}


def why_automatic(why: str) -> str:
    """The reason for people; what is none of a machine as it is."""
    said = why.lower()
    if said.startswith(("auto-submitted", "precedence")) and "repl" in said:
        return tr("an automatic answer")
    found = (words for begin, words in _BEGIN.items() if said.startswith(begin))
    words = _WHOLE.get(said) or next(found, "")
    return tr(words or why)
