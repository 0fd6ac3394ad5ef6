"""The command line: the only code that uses click."""
