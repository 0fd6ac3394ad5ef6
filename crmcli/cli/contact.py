"""crm contact."""

from crmcli.cli.consent import consent_command
from crmcli.cli.merging import merge_command, unmerge_command
from crmcli.cli.records import noun

contact = noun("contact", "Contacts: people, who may belong to companies.")
contact.add_command(consent_command("contact"))
contact.add_command(merge_command("contact"))
contact.add_command(unmerge_command("contact"))
