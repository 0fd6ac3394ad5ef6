"""The cellar: the only code that knows what the data folder looks like."""
