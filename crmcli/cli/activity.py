"""crm log: what happened with a client."""

from __future__ import annotations

import sys

import click

from crmcli.cli.params import REF, ChangingVerb, Noun, Session, option
from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.model.durations import parse_duration
from crmcli.present.told import Told
from crmcli.present.words import WORDS, in_words
from crmcli.sales import activities
from crmcli.sales.records.input_files import LARGEST_TEXT, read_stream

LOGGED = ("call", "mail", "sms", "message", "meeting", "note")
ONE_WAY = ("meeting", "note")

log = Noun("log", help="Log what happened with a client. Triggers see it at the next tick.")


def _command(word: str) -> click.Command:
    def callback(
        session: Session,
        ref: str,
        text: str,
        subject: str,
        duration: str,
        incoming: bool = False,
        outgoing: bool = False,
        anyway: bool = False,
    ) -> Told:
        if incoming and outgoing:
            raise BadUsage("--in and --out cannot be used together", "use one of them")
        ws = session.workspace
        kind = word if word in ONE_WAY else f"{word}.{'in' if incoming else 'out'}"
        body = _text(text)
        if word == "note" and not body:
            raise BadUsage("a note needs a text", "crm log note REF 'Call back at 5'")
        record = ws.find(ref)
        length = _seconds(duration)
        activities.log(ws, record.id, kind, body, anyway=anyway, subject=subject, duration=length)
        return Told(tr("Logged {} on {} {}.", in_words(word), record.id, record.get("name")))

    params: list[click.Parameter] = [
        REF,
        click.Argument(("text",), required=False, default=""),
        option("--subject", "What it was about."),
        option("--duration", "How long it took, e.g. 5m.", "TIME"),
    ]
    if word not in ONE_WAY:
        params += [
            option("--in incoming", "From the client.", is_flag=True),
            option("--out outgoing", "To the client (the default).", is_flag=True),
            option("--anyway", "Even from a blocked sender.", is_flag=True),
        ]
    example = f"crm log {word} 7k3 'Call back at 5'" + " --in" * (word not in ONE_WAY)
    return ChangingVerb(
        word,
        params=params,
        callback=callback,
        help=f"Log {WORDS[word]}; - reads the text from stdin.\n\nExample: {example}",
    )


def _text(text: str) -> str:
    if text == "-":
        data = read_stream(sys.stdin.buffer, "the text on stdin", LARGEST_TEXT)
        text = data.decode(sys.stdin.encoding, "surrogateescape")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise BadUsage("the text is not UTF-8", "convert it, e.g. with iconv -f cp1251") from None
    return text.strip()


def _seconds(text: str) -> int | None:
    if not text:
        return None
    try:
        return parse_duration(text).seconds
    except ValueError as error:
        raise BadUsage(tr("--duration: {}", error)) from None


for _word in LOGGED:
    log.add_command(_command(_word))
