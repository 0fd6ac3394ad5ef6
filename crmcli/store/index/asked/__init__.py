"""Questions that people put in SQL: views under public names, and the care that goes with text of others."""
