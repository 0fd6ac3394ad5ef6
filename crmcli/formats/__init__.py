"""Files of other programs: CSV, encodings, xlsx, JSON lines, vCards."""
