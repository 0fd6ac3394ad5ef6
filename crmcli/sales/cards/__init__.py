"""Contacts and the cards of an address book, kept alike on both sides."""
