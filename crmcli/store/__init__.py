"""The files of a workspace: the only code that knows what the data folder looks like."""
