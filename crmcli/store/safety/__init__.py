"""Whose the folder is and who may use it now: state, trust, locks."""
