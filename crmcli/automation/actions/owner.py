"""do: owner, another owner of the record: a given one, whose turn it is, who has least to do, the former."""

from __future__ import annotations

from crmcli.automation.actions.work import Effect, Work
from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.model.actions import LEAST_BUSY, PREVIOUS, ROUND_ROBIN
from crmcli.model.user import names_of
from crmcli.model.values import fold
from crmcli.sales.assignment import least_busy, next_in_turn, note_turn
from crmcli.sales.records.edit import Edit, edit_in


def run(work: Work) -> Effect:
    """Hand the record over; a turn is written down with it."""
    record, to = work.the_record, work.text("to")
    if to == PREVIOUS:
        owner = _previous(work)
        if not owner:
            return Effect("skipped", {"reason": "nobody had it before"})
    elif to == ROUND_ROBIN:
        owner = next_in_turn(work.change, work.ws, _among(work), work.who)
    elif to == LEAST_BUSY:
        owner = least_busy(work.ws, _among(work), but=work.target)
    else:
        owner = work.ws.user_id(to)
    after = edit_in(work.change, work.ws, record.id, Edit({"owner": [owner]}, {}, {}))
    if to == ROUND_ROBIN:
        note_turn(work.change, record.id, work.who, owner)
    is_same = after.get("owner") == record.get("owner")
    return Effect("done", {"owner": owner}, tr("no change") if is_same else owner)


def _among(work: Work) -> list[str]:
    """Who may get the record, each once, in their order: without those who have left."""
    users = work.ws.settings.users
    if not work.params.get("among"):
        found = [*users]
    elif users:
        words = names_of(users)
        found = [words[fold(word)][0] for word in work.texts("among") if fold(word) in words]
    else:
        found = work.texts("among")
    found = [one for one in found if one not in work.ws.gone]
    if not found:
        raise BadUsage(tr("{}: there is nobody to choose from", work.who), "name users in among:")
    return list(dict.fromkeys(found))


def _previous(work: Work) -> str:
    """Who had the record before who has it now, as far as they are still here; "" if nobody did."""
    for event in work.ws.events(record=work.target, newest_first=True):
        old, new = event.data.get("changes", {}).get("owner", ("", ""))
        if old and new == work.the_record.get("owner"):
            return str(old) if not work.ws.settings.users or old in work.ws.settings.users else ""
    return ""
