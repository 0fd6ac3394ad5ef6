"""Personal data: all that is kept of a person, handed out or erased."""
