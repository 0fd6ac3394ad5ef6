"""Duplicates: which records are likely one and the same, why, and what becomes of them."""
