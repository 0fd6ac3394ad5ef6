"""YAML: records and configuration as text and back."""
