"""A provider that signs nothing: a token that both know stands in the address that it calls."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote

from crmcli.channels.providers import Posted, Provider, check_same

TOKEN = "token"


class TokenHook(Provider):
    """Such a provider; its settings have the token."""

    def check(self, posted: Posted, now: datetime) -> None:
        """The token is the right one."""
        said = posted.query.get(TOKEN, "")
        check_same("the token is not the right one", said, self.secret(TOKEN))

    @property
    def secret_names(self) -> Sequence[str]:
        """The token."""
        return (TOKEN,)

    def callback(self) -> str:
        """The address that is called, with the token; "" where the settings say none."""
        hook = self.told("hook")
        return f"{hook}?{TOKEN}={quote(self.secret(TOKEN), safe='')}" if hook else ""
