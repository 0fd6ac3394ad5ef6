"""Custom fields and directories."""
