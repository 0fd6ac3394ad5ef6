"""What robots and schedules do, one file an action: `run` does it and says what it did."""
