"""The condition language: its tree, its reader, and whether a condition holds."""
