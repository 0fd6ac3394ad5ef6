"""The words: what a CRM is made of. Frozen values and pure rules."""
