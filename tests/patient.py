"""Runs the web process of all apps with more time for Valkey. On a busy machine Valkey may answer after 50 ms.

After such a delay, intake accepts a repeated report as a new one, and a later step recognises the repetition.
"""

from unittest.mock import patch

from deploy.local import web
from services.intake import deduplication
from shared import lifecycle, log

if __name__ == "__main__":
    log.configure("web")
    with patch.object(deduplication, "BUDGET_SECONDS", 10.0):
        lifecycle.run_worker(web.main)
