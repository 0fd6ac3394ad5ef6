"""Mail that came in: bytes are read into facts. Nothing here asks the network or the workspace."""

from __future__ import annotations

from crmcli.channels.incoming_mail.facts import Attachment as Attachment
from crmcli.channels.incoming_mail.facts import Bounce as Bounce
from crmcli.channels.incoming_mail.facts import IncomingMail as IncomingMail
from crmcli.channels.incoming_mail.facts import Person as Person


def read(data: bytes) -> IncomingMail:
    """The message that bytes hold, however broken; NoMessage only where there is none at all."""
    from crmcli.channels.incoming_mail.reading import read_mail

    return read_mail(data)
