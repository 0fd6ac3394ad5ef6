"""do: chat; it is queued, and handed over after the change is written."""

from functools import partial

from crmcli.automation.actions import to_phone

run = to_phone.run
announced = partial(to_phone.announced, "chat")
