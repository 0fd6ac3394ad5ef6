"""The past of records, undo and redo."""
