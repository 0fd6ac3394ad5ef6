"""The page to unsubscribe: /u/TOKEN. To look at it changes nothing, for scanners of mail follow links too."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qsl

from flask import Flask, Response, g, render_template, request

from crmcli import language
from crmcli.language import tr
from crmcli.model.values import TOPIC
from crmcli.sales.consent.preferences import CHANNEL, Reader, answered, reader
from crmcli.web.writer import Writer
from crmcli.workspace import Workspace

ONE_CLICK = ("List-Unsubscribe", "One-Click")
_LARGEST = 4096


def register(app: Flask, opened: Callable[[], Workspace], writer: Writer) -> None:
    """Show the page, and take what is said there."""

    def answer(token: str) -> Response:
        ws = opened()
        language.speak(ws.settings.language)
        ws.look_again()
        who = reader(ws, token)
        if request.method != "POST":
            return _page(ws, who, who.refused)
        content = request.get_data()[:_LARGEST]
        said = parse_qsl(content.decode("utf-8", "replace"), keep_blank_values=True)
        wanted = _wanted(who, said)
        arrived = answered(who, wanted, _shown(who, said), content, _agreed())
        if arrived is not None:
            writer.keep(arrived, CHANNEL)
        if ONE_CLICK in said and "page" not in dict(said):  # by a mail program
            return Response(f"{_stopped(ws, who.ends)}\n", mimetype="text/plain")
        return _page(ws, who, frozenset(who.asked) - wanted, is_saved=True)

    app.add_url_rule("/u/<token>", "preferences", answer, methods=["GET", "POST"])


def _wanted(who: Reader, said: list[tuple[str, str]]) -> frozenset[str]:
    """The channels and topics by which a reader wants to be reached from here on."""
    if ("page", "choice") in said:
        return frozenset(value for name, value in said if name in ("channel", "topic"))
    now = frozenset(who.asked) - who.refused
    if ("page", "all") in said:
        return now - {"mail"}
    return now - {who.ends} if ONE_CLICK in said else now


def _shown(who: Reader, said: list[tuple[str, str]]) -> frozenset[str]:
    """The refusals of which the page told that was answered; those of now, where no page was."""
    was = dict(said).get("was")
    return (
        who.refused if was is None else frozenset(was.splitlines())
    )  # a topic may have blanks in it


def _topics(ws: Workspace, who: Reader) -> dict[str, str]:
    """What the topics that a reader is asked about are called."""
    labels = ws.settings.directories.get("topics", {})
    topics = [one.removeprefix(TOPIC) for one in who.asked if one.startswith(TOPIC)]
    return {f"{TOPIC}{topic}": labels.get(topic) or topic for topic in topics}


def _stopped(ws: Workspace, what: str) -> str:
    """That a reader gets no more mail, or nothing more of a topic."""
    if not what.startswith(TOPIC):
        return tr("You get no more e-mail from us.")
    topic = what.removeprefix(TOPIC)
    label = ws.settings.directories.get("topics", {}).get(topic) or topic
    return tr("You get no more of “{}” from us.", label)


def _agreed() -> str:
    return tr("Chosen on the page for readers of letters.")


def _page(
    ws: Workspace,
    who: Reader,
    refused: frozenset[str],
    *,
    is_saved: bool = False,
) -> Response:
    site, topics = ws.forms.site, _topics(ws, who)
    channels = {"mail": tr("E-mail"), "sms": tr("SMS"), "call": tr("Phone calls")}
    stop = tr("Unsubscribe from e-mail")
    if who.ends in topics:
        stop = tr("Unsubscribe from “{}”", topics[who.ends])
    text = render_template(
        "preferences.html", site=site, us=ws.settings.us, lang=ws.settings.language, nonce=g.nonce,
        ends=who.ends, channels=channels, topics=topics, refused=refused,
        is_saved=is_saved, one_click=ONE_CLICK,
        words={
            "title": tr("How may we reach you?"),
            "about": tr("This is about {}.", who.address),
            "saved": tr("Saved: we will keep to it."),
            "save": tr("Save"),
            "stop": stop,
            "stopped": _stopped(ws, "mail" if "mail" in refused else who.ends),
            "all": tr("Unsubscribe from all e-mail"),
            "by": tr("You may reach me by"),
            "topics": tr("You may write to me about"),
        },
    )  # fmt: skip
    return Response(text, mimetype="text/html")
