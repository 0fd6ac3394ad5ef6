"""Damaged workspaces: what `crm check` says of them, what it mends, and what still works."""
