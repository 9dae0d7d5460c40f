"""`python -m tests.kept_files MODULE WORDS` runs a web process.

The web process has long timeouts, and lets browsers cache its files.

Without the cache, a hundred pages would request dozens of files each.
"""

from typing import Any
from unittest.mock import patch

from starlette.responses import Response

from shared.pages import pages
from shared.pages.files import PageFiles
from tests import patient


class KeptFiles(PageFiles):
    def file_response(self, *arguments: Any, **more: Any) -> Response:
        response = super().file_response(*arguments, **more)
        response.headers["cache-control"] = "max-age=3600"
        return response


if __name__ == "__main__":
    with patch.object(pages, "PageFiles", KeptFiles):
        patient.main()
