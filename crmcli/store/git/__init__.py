"""git, called safely, and what it tracks."""
