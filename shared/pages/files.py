"""Serves the scripts, styles and pictures of the pages."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from os import stat_result
from pathlib import Path
from stat import S_ISREG
from typing import Any, Self

from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Scope

AT_ONCE = 200_000
IMPORT = re.compile(r'@import "([\w/-]+\.css)";\n')


class PageFiles(StaticFiles):
    """Serves the files. The browser asks each time whether a file has changed, so a page never mixes two releases.

    A page has about fifty small files. Small files are read without a thread, because starting a thread takes several
    times as long as reading the file.
    """

    def __init__(self, *, directory: Path) -> None:
        super().__init__(directory=directory)
        self._sheets: dict[Path, StyleSheet] = {}

    async def get_response(self, path: str, scope: Scope) -> Response:
        if scope["method"] != "GET" or "range" in Headers(scope=scope):
            return await super().get_response(path, scope)
        try:
            file, state = self.lookup_path(path)
        except (OSError, ValueError):
            return await super().get_response(path, scope)  # the parent class refuses an invalid path
        if state is None or not S_ISREG(state.st_mode) or state.st_size > AT_ONCE:
            return await super().get_response(path, scope)
        return at_once(self.file_response(file, state, scope))

    def file_response(self, full_path: Any, stat_result: stat_result, scope: Scope, status_code: int = 200) -> Response:
        if Path(full_path).suffix == ".css":
            response = self.sheet(Path(full_path), scope)
        else:
            response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["cache-control"] = "no-cache"
        return response

    def sheet(self, path: Path, scope: Scope) -> Response:
        """Returns a style sheet and its imports as one file.

        The page is shown only after all its styles have arrived.
        """
        sheet = self._sheets.get(path)
        if sheet is None or not sheet.is_current:
            sheet = self._sheets[path] = StyleSheet.read(path)
        known = Headers({"etag": sheet.etag})
        if self.is_not_modified(known, Headers(scope=scope)):
            return NotModifiedResponse(known)
        return Response(sheet.content, headers=dict(known), media_type="text/css")


FileState = tuple[int, int]  # when the file was last changed (in nanoseconds), and its size


@dataclass(frozen=True, slots=True)
class StyleSheet:
    """A style sheet with its imports. `states` has the state of each file at the time of reading."""

    content: str
    etag: str
    states: Mapping[Path, FileState]

    @classmethod
    def read(cls, path: Path) -> Self:
        states: dict[Path, FileState] = {}
        content = joined(path, states)
        return cls(content, f'"{sha256(content.encode()).hexdigest()}"', states)

    @property
    def is_current(self) -> bool:
        return all(state_of(part) == state for part, state in self.states.items())


def joined(sheet: Path, states: dict[Path, FileState]) -> str:
    """Joins the sheet and its imports. The state of a file is noted before it is read, so no later change is missed."""
    states[sheet] = state_of(sheet)
    return IMPORT.sub(lambda found: joined(sheet.parent / found[1], states), sheet.read_text(encoding="utf-8"))


def state_of(file: Path) -> FileState:
    state = file.stat()
    return state.st_mtime_ns, state.st_size


def at_once(response: Response) -> Response:
    if not isinstance(response, FileResponse):
        return response
    headers = {name: value for name, value in response.headers.items() if name != "content-length"}
    return Response(Path(response.path).read_bytes(), headers=headers)
