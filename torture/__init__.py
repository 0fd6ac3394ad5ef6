"""Proof that no crash, full disk, second process or hostile file loses or tears a record."""
