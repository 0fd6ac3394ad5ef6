"""crm contact."""

from crmcli.cli.records import noun

contact = noun("contact", "Contacts: people, who may belong to companies.")
