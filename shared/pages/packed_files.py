"""JSON files that a service makes once, at its start."""

import gzip
import json
from hashlib import sha256
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

YEAR_S = 365 * 86_400


class PackedFile:
    """A JSON file with its `version` in the file's name, so that browsers may cache the file for a year."""

    def __init__(self, content: Any) -> None:
        self._plain = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
        # compressed here: the gateway compresses only files below `/static`
        self._packed = gzip.compress(self._plain, mtime=0)
        self.version = sha256(self._plain).hexdigest()[:16]

    async def answer(self, request: Request) -> Response:
        is_packed = "gzip" in request.headers.get("accept-encoding", "")
        # A page from another process may ask for that process's version. The answer has this process's content, so no
        # cache may store the answer under the requested version.
        is_own = request.path_params.get("version", self.version) == self.version
        cached = f"public, max-age={YEAR_S}, immutable" if is_own else "no-store"
        headers = {"cache-control": cached, "vary": "Accept-Encoding"}
        if is_packed:
            headers["content-encoding"] = "gzip"
        return Response(self._packed if is_packed else self._plain, headers=headers, media_type="application/json")
