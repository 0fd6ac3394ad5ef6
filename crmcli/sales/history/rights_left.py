"""The rights that an undo would leave."""

from __future__ import annotations

from collections.abc import Mapping

from crmcli.errors import InvalidData, Refused
from crmcli.language import tr
from crmcli.store.layout import ACCESS, SETTINGS
from crmcli.workspace import Workspace


def check_rights_hold(ws: Workspace, texts: Mapping[str, bytes | None]) -> None:
    """Refused where the files that come back would leave rights that are wrong, which shuts out everybody:
    nobody who could change them for instance, or a user who is not there any more."""
    if not {ACCESS, SETTINGS} & texts.keys():
        return
    rights = texts[ACCESS] if ACCESS in texts else ws.file(ACCESS)
    if rights is None:
        return
    try:
        known = ws.read_settings(texts[SETTINGS] or b"") if SETTINGS in texts else ws.settings
        ws.under(known).read_access(rights)
    except InvalidData as error:
        first = error.problems[0]
        told = tr("undone, it would leave {} wrong: {}", first.path, tr(first.message))
        raise Refused(told, "crm user list shows who has which rights") from None
