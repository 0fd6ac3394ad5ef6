"""The night shift: runs only in crm tick."""
