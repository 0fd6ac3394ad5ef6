"""do: notify, a notice to our own people, by e-mail as well where settings.yaml has their addresses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from crmcli.automation.actions.email import kept
from crmcli.automation.actions.work import Effect, Work
from crmcli.automation.ledger import enter, job_key
from crmcli.language import tr
from crmcli.model.actions import HEAD
from crmcli.render import MailText
from crmcli.sales.documents import messages

if TYPE_CHECKING:
    from crmcli.channels.message import Message


def run(work: Work) -> Effect:
    """A notice on the timeline, and an e-mail to whoever has an address."""
    text = work.text("text")
    owner = work.whose
    users = (
        work.users("to", owner) if work.params.get("to") else [work.ws.user_id(owner)] * bool(owner)
    )
    if not users:
        why = "'to' is empty" if "to" in work.params else "the record has no owner"
        if HEAD in work.texts("to"):
            why = "the owner has no head"
        return Effect("skipped", {"reason": tr("nobody to notify: {}", tr(why))})
    mails = [
        (key := job_key(work.key, work.target, "mail", user), _notice(work, text, known.email, key))
        for user in users
        if (known := work.ws.settings.users.get(user)) and known.email
    ]
    queued = [(key, kept(work.change, mail)) for key, mail in mails]
    # From here on nothing can be refused: half a notification must not stand in the change.
    for user in users:
        work.change.note("notice", work.target, {"to": user, "text": text})
    for key, facts in queued:
        told = {**facts, "notice": "yes", "rule": work.rule}
        enter(work.change, "queued", work.target, key, work.who, "email", **told)
    return Effect("done", {"to": users}, f"{', '.join(users)}: {text}")


def announced(params: Mapping[str, Any]) -> str:
    """Whom it notifies."""
    to = params.get("to") or tr("the owner")
    return tr("notifies {}", ", ".join(map(str, to)) if isinstance(to, list) else to)


def _notice(work: Work, text: str, to: str, key: str) -> Message:
    """The e-mail to an employee: the notice, and which record it is about."""
    about = f"{work.record.get('name')} ({work.record.id})" if work.record else work.who
    first = text.strip().split("\n")[0]
    mail = MailText(subject=first[:120] or about, text=f"{text}\n\n{about}\n")
    return messages.message_of(work.ws, mail, (to,), key=key, automatic=True)
