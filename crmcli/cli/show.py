"""crm show."""

from __future__ import annotations

from crmcli.cli.showing import show_command

show = show_command()
