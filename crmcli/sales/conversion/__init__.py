"""Conversion: what a lead becomes, how it is written in one transaction, and taken back."""
