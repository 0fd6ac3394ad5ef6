"""Reports: read-only, and the only code that uses pandas."""

import os

# Nothing here is linear algebra; its threads would take memory that a limit may not give.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
