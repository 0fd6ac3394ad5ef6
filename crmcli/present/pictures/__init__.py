"""Figures drawn: in the terminal, on a page of HTML, as PNG and as sheets. Nothing is computed here."""
