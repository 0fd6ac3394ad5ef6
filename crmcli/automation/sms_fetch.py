"""SMS are fetched from a provider that calls nobody: spool folders, an SMPP server."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from crmcli.automation.mail_fetch import Fetched
from crmcli.automation.receive import fetch
from crmcli.channels.incoming import Arrived, Receiver
from crmcli.channels.providers import provider_of
from crmcli.channels.providers.fetching import Fetching
from crmcli.errors import CrmError, ServiceFailed
from crmcli.workspace import Workspace, mail_places

SMS = "sms"


class Ready(Receiver):
    """What lies ready at a provider."""

    def __init__(self, ws: Workspace, provider: Fetching) -> None:
        super().__init__(SMS, ws.root, ws.settings)
        self.provider = provider

    def fetch(self) -> Iterable[Arrived]:
        """What has come."""
        return self.provider.fetch()

    def acknowledge(self, arrived: Sequence[Arrived]) -> None:
        """Let it go there."""
        self.provider.acknowledge(arrived)


def fetch_sms(ws: Workspace) -> list[Fetched]:
    """Fetch what lies ready; what is wrong there is told, and is news once."""
    try:
        provider = provider_of(SMS, ws.settings)
    except CrmError:  # only a newer crm knows it
        return []
    if not isinstance(provider, Fetching):
        return []
    count, troubles = 0, list[CrmError]()
    try:
        count = fetch(ws, [Ready(ws, provider)])
    except CrmError as error:
        troubles.append(error)
    finally:
        provider.close()
    troubles += [ServiceFailed(told) for told in provider.troubles]
    known = mail_places.read(ws)
    said = [one.message for one in troubles]
    before = known.get(SMS, {}).get("troubles", [])
    if said != before:
        mail_places.write(ws, {**known, SMS: {"troubles": said}})
    return [Fetched(SMS, count)] + [
        Fetched(SMS, 0, one, one.message not in before) for one in troubles
    ]
