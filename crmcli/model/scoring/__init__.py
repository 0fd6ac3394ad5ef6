"""Scores: how likely a lead or a deal ends well, by what ended before."""
