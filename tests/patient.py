"""Runs the web process of all apps for tests on a busy machine.

Valkey has ten seconds for its answers here. Browsers do not ask whether scripts and styles have changed; otherwise
each of some hundred pages would ask for dozens of files.
"""

from contextlib import AbstractContextManager
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


def patient_deduplication() -> AbstractContextManager[float]:
    """Within this context, intake waits up to ten seconds for Valkey.

    Otherwise intake waits for 50 ms, and then accepts a repeated report, which only a later step detects.
    """
    return patch.object(deduplication, "BUDGET_SECONDS", 10.0)


if __name__ == "__main__":
    log.configure("web")
    with patient_deduplication(), patch.object(pages, "PageFiles", KeptFiles):
        lifecycle.run_worker(web.main)
