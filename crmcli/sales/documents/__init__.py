"""Offers, and the messages that carry them."""
