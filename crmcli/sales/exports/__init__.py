"""Records written out: CSV, workbooks, JSON lines, vCards."""
