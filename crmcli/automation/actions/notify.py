"""do: notify, a notice to our own people; `staff_alerts` tells them of it as settings.yaml says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crmcli.automation.actions.work import Effect, Work
from crmcli.language import tr
from crmcli.model.actions import HEAD
from crmcli.model.alerts import NOTICE


def run(work: Work) -> Effect:
    """A notice on the timeline for each of them."""
    text = work.text("text")
    owner = work.whose
    named = work.params.get("to")
    users = work.users("to", owner) if named else [work.ws.user_id(owner)] * bool(owner)
    if not users:
        why = tr("'to' is empty" if "to" in work.params else "the record has no owner")
        if HEAD in work.texts("to"):
            why = tr("the owner has no head")
        return Effect("skipped", {"reason": tr("nobody to notify: {}", why)})
    for user in users:
        work.change.note(NOTICE, work.target, {"to": user, "text": text})
    return Effect("done", {"to": users}, f"{', '.join(users)}: {text}")


def announced(params: Mapping[str, Any]) -> str:
    """Whom it notifies."""
    to = params.get("to") or tr("the owner")
    return tr("notifies {}", ", ".join(map(str, to)) if isinstance(to, list) else to)
