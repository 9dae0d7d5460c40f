"""Runs the web process of all apps for tests on a busy machine.

If Valkey does not answer within 50 ms, intake accepts a repeated report, and only a later step detects the repetition.
Valkey therefore has ten seconds here. Browsers do not ask whether scripts and styles have changed; otherwise each of
some hundred pages would ask for dozens of files.
"""

from typing import Any
from unittest.mock import patch

from starlette.responses import Response

from deploy.local import web
from services.intake import deduplication
from shared import lifecycle, log
from shared.pages import pages
from shared.pages.files import PageFiles


class KeptFiles(PageFiles):
    def file_response(self, *arguments: Any, **more: Any) -> Response:
        response = super().file_response(*arguments, **more)
        response.headers["cache-control"] = "max-age=3600"
        return response


if __name__ == "__main__":
    log.configure("web")
    with patch.object(deduplication, "BUDGET_SECONDS", 10.0), patch.object(pages, "PageFiles", KeptFiles):
        lifecycle.run_worker(web.main)
