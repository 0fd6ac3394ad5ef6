"""Records on disk: read, found and changed."""
