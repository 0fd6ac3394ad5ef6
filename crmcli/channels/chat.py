"""Messages in a chat; who wants no SMS gets none of them either."""

from __future__ import annotations

from crmcli.channels.handover import Handover
from crmcli.model.event import CHAT_REFUSED


class Chat(Handover):
    """Messages in a chat; who wants no SMS gets none of them either."""

    noun = "a chat message"
    nouns = "chat messages"
    event = "message.out"
    consent = "sms"
    refused = CHAT_REFUSED


SENDER = Chat
