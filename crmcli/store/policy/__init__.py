"""Who may read which records, as SQL: one rule, for the index here and for a mirror elsewhere."""
