"""What may stand in settings.yaml of how a user is told of what happens."""

from __future__ import annotations

from crmcli.model.alerts import FLOOD, HEARD, MAIL, NONE, NOTICE, Alerts
from crmcli.model.alerts import TELEGRAM as BY_TELEGRAM
from crmcli.store.config import shapes
from crmcli.store.config.lengths import at_most

TELEGRAM = shapes.matching(
    "The number of this user's chat with the company's bot, where notices go as well.",
    r"-?[0-9]{1,20}", "the number of a chat", "the bot tells it to whoever writes /id to it",
)  # fmt: skip
ALERTS = shapes.keys(
    "What this user is told of as it happens, and how.",
    {
        "by": shapes.listed(
            "How: mail, telegram, or where an address stands that apprise knows: env:ANNA_PHONE. All that"
            " is known of the user if absent; none for nothing.",
            shapes.pointing(
                shapes.matching(
                    "", f"{MAIL}|{BY_TELEGRAM}|{NONE}|(env|cmd|file):.+", "a way to tell somebody",
                    "mail, telegram, none, or an apprise address by env:NAME, file:/path or cmd:command",
                )
            ),
        ),
        "about": shapes.listed(
            "Of what: notice is what robots tell; the others are events of the user's own records, and of"
            " those that nobody owns. notice if absent.",
            shapes.word("", (NOTICE, *HEARD)),
        ),
        "most": at_most(
            f"So many messages at most, e.g. 3 per 10m; more become one. {FLOOD.count} per"
            f" {FLOOD.per} if absent."
        ),
        "quiet": shapes.yes_no(
            "yes: nothing outside working hours, and all of it in one message when they begin."
        ),
    },
)  # fmt: skip


def alerts_of(got: dict[str, object]) -> Alerts | None:
    """How a user is told; None where nothing is said of it."""
    given = {name: value for name, value in got.items() if value}
    return Alerts(**given) if given else None  # type: ignore[arg-type]
