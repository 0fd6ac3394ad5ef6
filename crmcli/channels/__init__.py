"""Sending e-mail and calling web hooks; knows messages, not sales."""
