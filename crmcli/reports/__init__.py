"""Reports: read-only; declared in model/reports.py and reports.yaml, asked of the index or of a snapshot."""
