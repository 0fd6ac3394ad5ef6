"""do: email, a message to the client by a template; it is queued, and leaves after the change is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

from crmcli.automation.actions.work import Effect, Work
from crmcli.dataclass import replace
from crmcli.language import tr
from crmcli.model.invoice import Invoice
from crmcli.model.offer import Offer
from crmcli.sales.consent.permission import why_not_mail
from crmcli.sales.consent.preferences import page_of
from crmcli.sales.documents import invoices, messages, offers
from crmcli.sales.letter_links import with_links
from crmcli.sales.records import attachments
from crmcli.store import layout
from crmcli.workspace import Change, Workspace

if TYPE_CHECKING:
    from crmcli.channels.message import AttachedFile, Message


def run(work: Work) -> Effect:
    """Render the message and queue it, unless whoever it is for must not be mailed."""
    template = work.text("template")
    to = tuple(work.texts("to"))
    try:
        message = _message(work, template, to)
    except messages.NoAddress:
        return Effect("skipped", {"reason": "there is no e-mail address"})
    told: dict[str, Any] = {"template": template}
    if work.record is not None:
        message, led = with_links(work.ws, message)
        told |= led
        message = with_page(work.ws, message)
    why = why_not_mail(work.ws, work.record, message.to, message.topic)
    if why:
        return Effect("skipped", {"reason": why})
    _note_documents(work, message.attachments)
    words = tr("«{}» to {}", message.subject, ", ".join(message.to))
    return Effect("queued", kept(work.change, message) | told, words)


def announced(params: Mapping[str, Any]) -> str:
    """Which template it sends to whom."""
    return tr("sends {} to {}", params.get("template", "?"), params.get("to") or tr("the client"))


def kept(change: Change, message: Message) -> dict[str, Any]:
    """Keep the message as it will leave; what the ledger says of it."""
    from crmcli.channels.message import to_bytes

    sha = change.attach(to_bytes(message, wire=False))
    told = {"to": ", ".join(message.to), "subject": message.subject, "message_id": message.id}
    return {**told, "file": sha, **({"topic": message.topic} if message.topic else {})}


def _message(work: Work, template: str, to: tuple[str, ...]) -> Message:
    attached = _attached(work)
    if work.record is not None:
        return messages.message_for(
            work.ws,
            template,
            work.record,
            key=work.key,
            to=to,
            automatic=True,
            contact=work.contact,
            names=work.names,
            attached=attached,
        )
    mail = messages.renderer(work.ws).render_mail(template, work.names)
    message = messages.message_of(work.ws, mail, to, key=work.key, automatic=True)
    return replace(message, attachments=message.attachments + attached)


def with_page(ws: Workspace, message: Message) -> Message:
    """The message with the way to unsubscribe, in its head and below its text, where there is such a page."""
    page = page_of(ws, message)
    if not page:
        return message
    words = tr("Unsubscribe, or choose how we may reach you")
    link = f'<p style="font-size:13px"><a href="{page}" style="color:#5a6478">{words}</a></p>'
    body, end, rest = message.html.rpartition("</body>")
    html = f"{body or rest}{link}{end}{rest if body else ''}" if message.html else ""
    text = f"{message.text.rstrip()}\n\n{words}:\n{page}\n"
    return replace(message, text=text, html=html, unsubscribe=page)


def _attached(work: Work) -> tuple[AttachedFile, ...]:
    """The files that go with it, by their paths from the root; one of the record by its name there."""
    from crmcli.channels.message import attachment, named_file

    kept = attachments.of(work.record) if work.record else ()
    known = {layout.file_path(one.file): one for one in kept}
    made_of = {given.get("path"): given.get("id", "") for given in _given_back(work)}

    def read(path: str) -> AttachedFile:
        if path not in known:
            return attachment(work.ws.root, path)
        made = work.change.attachment(known[path].file)
        content = work.ws.attached(known[path].file) if made is None else made
        return named_file(known[path].name, content, _document(work, made_of.get(path, "")))

    return tuple(map(read, work.texts("attach")))


def _given_back(work: Work) -> Iterable[Mapping[str, Any]]:
    """What the robots above have given back."""
    return cast("Mapping[str, Mapping[str, Any]]", work.names.get("robots", {})).values()


def _document(work: Work, made: str) -> str:
    """The id, if it is that of an offer or an invoice of the record."""
    found = work.ws.get(made) if made and work.ws.exists(made) else None
    is_ours = isinstance(found, Offer | Invoice) and found.deal == work.target
    return made if is_ours else ""


def _note_documents(work: Work, attached: Iterable[AttachedFile]) -> None:
    """An offer or invoice that was a draft counts as sent, with the file that goes."""
    for file in attached:
        document = work.change.get(file.record) if file.record else None
        if document is not None and document.get("status") == "draft":
            verbs = offers if isinstance(document, Offer) else invoices
            verbs.check_sendable(work.ws, document)
            verbs.note_sent_in(work.change, work.ws, document.id, [(file.name, file.content)])
