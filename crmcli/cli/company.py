"""crm company."""

from crmcli.cli.records import noun

company = noun("company", "Companies: legal persons and sole traders.")
