"""Runs the web process of all apps with a longer timeout for Valkey, because Valkey may be slow on a busy machine.

If Valkey does not answer within 50 ms, intake accepts a repeated report, and only a later step detects the repetition.
"""

from unittest.mock import patch

from deploy.local import web
from services.intake import deduplication
from shared import lifecycle, log

if __name__ == "__main__":
    log.configure("web")
    with patch.object(deduplication, "BUDGET_SECONDS", 10.0):
        lifecycle.run_worker(web.main)
