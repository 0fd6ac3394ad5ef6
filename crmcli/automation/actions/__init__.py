"""What robots and schedules do, one file an action: `run` does it, `words` tells what it came to."""
