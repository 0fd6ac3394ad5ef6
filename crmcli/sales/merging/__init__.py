"""Two records made one, and taken apart again."""
