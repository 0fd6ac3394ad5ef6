"""What comes in by channels: kept as it came, then taken up."""
