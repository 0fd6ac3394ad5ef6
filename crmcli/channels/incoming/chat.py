"""Messages of chats, as JSON: {"network": "telegram", "chat": "77", "from": "@anna", "text": "…"}."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crmcli.channels.incoming import Arrived, Incoming, Receiver, Unreadable, object_of
from crmcli.channels.incoming.call import moment_of
from crmcli.dataclass import dataclass, field
from crmcli.language import tr
from crmcli.model.handles import read_handle

KEYS = ("network", "chat", "from", "name", "text", "phone", "email", "language", "at", "id",
        "media")  # fmt: skip
"""What is read of a message; a messenger that calls it otherwise is mapped to these."""
ASKS_ID, WANTS_ID = "/id", "it asks for the number of the chat"
"""What one of us writes to the bot of the company, for settings.yaml, and what that is called."""
LONGEST = 20_000
HINT = 'like {"network": "telegram", "chat": "77", "name": "Anna", "text": "How much?"}'


@dataclass(frozen=True, slots=True)
class OneMessage:
    """A message of a client: in which network and chat, under which handle and name, what it says.
    `phone` and `email` are what the client gave as one's own; `media` are kind and id of what came with
    it; `lead` is what else is known of whoever wrote, by field of a lead."""

    network: str
    chat: str
    text: str = ""
    user: str = ""
    name: str = ""
    phone: str = ""
    email: str = ""
    at: str = ""
    media: Sequence[Mapping[str, str]] = ()
    lead: Mapping[str, Sequence[str]] = field(default_factory=dict)


def incoming_message(message: OneMessage) -> Incoming:
    """What a message says, and whose it is: the chat itself counts as a handle, for names change."""
    known = [_handle(message.network, one) for one in (message.user, message.chat) if one]
    handles = list(dict.fromkeys(known))
    name = " ".join(message.name.split())[:200]
    marks = " ".join(f"[{one['kind']}]" for one in message.media)
    text = "\n".join(filter(None, (message.text[:LONGEST], marks)))
    told = {"text": text, "from": name or handles[0], "chat": f"{message.network}:{message.chat}",
            "media": [*message.media] or "", "at": message.at}  # fmt: skip
    reached = {"phones": [message.phone], "emails": [message.email], "name": [name or handles[0]]}
    lead = {**reached, "handles": handles, "source": [message.network], **message.lead}
    return Incoming(
        "message.in",
        told,
        handles=handles,
        phones=[message.phone] if message.phone else (),
        emails=[message.email] if message.email else (),
        lead={key: values for key, values in lead.items() if any(values)},
        duplicates="merge",
    )


class Chat(Receiver):
    """Messages that a program or a web hook brings."""

    def read(self, arrived: Arrived) -> Incoming:
        """One message, by the names that crm has for what it says."""
        given = object_of(arrived.content, HINT)
        said = {key: _text(given.get(key)) for key in KEYS}
        network, chat = said["network"] or "chat", said["chat"] or said["from"]
        if not chat:
            raise Unreadable("the message does not say in which chat it is", HINT)
        media = [{"kind": said["media"], "file_id": said["id"]}] if said["media"] else []
        if not (said["text"] or media):
            raise Unreadable("the message says nothing", HINT)
        more = {"language": [said["language"]]} if said["language"] else {}
        one = OneMessage(network, chat, said["text"], said["from"], said["name"], said["phone"],
                         said["email"], moment_of(given.get("at")), media, more)  # fmt: skip
        return incoming_message(one)


RECEIVER = Chat


def _handle(network: str, name: str) -> str:
    try:
        return read_handle(f"{network}:{name}")
    except ValueError:
        raise Unreadable(tr("{!r} is nobody's name in a chat", f"{network}:{name}"), HINT) from None


def _text(value: object) -> str:
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, str | int | float):
        return str(value).strip()
    raise Unreadable("a value of the message is no text", HINT)
