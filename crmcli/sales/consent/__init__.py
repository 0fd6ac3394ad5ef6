"""Whom crm may write to, and whose messages it refuses."""
