"""A new workspace, empty or with the made-up company."""
