"""The audit's files: how lines are added, read, and found whole."""
