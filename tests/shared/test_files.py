"""A browser caches the files of pages, but never uses the file of an earlier release of Dayar."""

from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from shared.pages.files import AT_ONCE, PageFiles, StyleSheet

pytestmark = pytest.mark.anyio


async def test_a_file_is_sent_again_only_if_it_has_changed(tmp_path: Path) -> None:
    small, large = tmp_path / "small.js", tmp_path / "large.js"
    small.write_text("1;")
    large.write_text("2" * (AT_ONCE + 1))
    app = Starlette(routes=[Mount("/", PageFiles(directory=tmp_path))])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as browser:
        for file in (small, large):
            first = await browser.get(f"/{file.name}")
            kept = {"if-none-match": first.headers["etag"]}
            again = await browser.get(f"/{file.name}", headers=kept)
            file.write_text(file.read_text() + "3;")
            newer = await browser.get(f"/{file.name}", headers=kept)
            assert [answer.status_code for answer in (first, again, newer)] == [200, 304, 200]
            assert {answer.headers["cache-control"] for answer in (first, again, newer)} == {"no-cache"}
            assert newer.text == file.read_text() == first.text + "3;"
            assert newer.headers["content-type"].startswith("text/javascript")
        part = await browser.get("/small.js", headers={"range": "bytes=1-2"})
        assert (part.status_code, part.text) == (206, ";3")
        refused = [await browser.get(path) for path in ("/absent.js", "/%00", f"/{'a' * 300}", "/..%2f..%2fetc/passwd")]
        assert {answer.status_code for answer in refused} == {404}


async def test_a_style_sheet_is_sent_with_the_sheets_that_it_imports(tmp_path: Path) -> None:
    (tmp_path / "board").mkdir()
    part = tmp_path / "board" / "rows.css"
    part.write_text(".row {}\n")
    (tmp_path / "board.css").write_text('/* The board. */\n@import "board/rows.css";\n.board {}\n')
    app = Starlette(routes=[Mount("/", PageFiles(directory=tmp_path))])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as browser:
        first = await browser.get("/board.css")
        kept = {"if-none-match": first.headers["etag"]}
        again = await browser.get("/board.css", headers=kept)
        part.write_text(".row { color: red }\n")
        newer = await browser.get("/board.css", headers=kept)
    assert [answer.status_code for answer in (first, again, newer)] == [200, 304, 200]
    assert first.text == "/* The board. */\n.row {}\n.board {}\n"
    assert newer.text == "/* The board. */\n.row { color: red }\n.board {}\n"
    assert {answer.headers["cache-control"] for answer in (first, again, newer)} == {"no-cache"}
    assert newer.headers["content-type"] == "text/css; charset=utf-8"


def test_a_style_sheet_is_joined_again_only_if_one_of_its_files_has_changed(tmp_path: Path) -> None:
    (tmp_path / "board.css").write_text('@import "rows.css";\n@import "map.css";\n')
    (tmp_path / "rows.css").write_text('@import "colours.css";\n')
    for name in ("map.css", "colours.css"):
        (tmp_path / name).write_text(".row {}\n")
    for name in ("board.css", "rows.css", "map.css", "colours.css"):
        sheet = StyleSheet.read(tmp_path / "board.css")
        assert sheet.is_current
        with (tmp_path / name).open("a") as file:
            file.write("/* changed */\n")
        assert not sheet.is_current, name
