"""crm company."""

from crmcli.cli.consent import consent_command
from crmcli.cli.merging import merge_command, unmerge_command
from crmcli.cli.records import noun

company = noun("company", "Companies: legal persons and sole traders.")
company.add_command(consent_command("company"))
company.add_command(merge_command("company"))
company.add_command(unmerge_command("company"))
