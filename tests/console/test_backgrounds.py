"""Tests the detailed background of the map: accepted files, requests for ranges, and the drawn map."""

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from deploy.local.process import wait_until
from services.console.map import backgrounds
from services.console.map.backgrounds import Background, BackgroundFault
from shared.auth.tokens import Role
from tests.browsers import SLOW_MS, chromium
from tests.console import archives
from tests.console.conftest import PASSWORD, Served
from tests.console.pages.test_accessibility import findings
from tests.console.pages.test_map import draw_coarsely
from tests.installation import Installation

PATH = "/map/background.pmtiles"
RED = (200, 30, 40)
WATER = (0xA9, 0xCB, 0xE3)  # --map-water of the light theme
ATTRIBUTION = "<a href='#' onclick='x'>Town & <b>Roads</b></a>"
LAYERS = ("earth", "water", "roads")


def raster(path: Path, **changed: int) -> Path:
    return archives.write(path, archives.square_png(*RED), changed.pop("tile_type", archives.PNG), {}, **changed)


def vector(path: Path, *layers: str) -> Path:
    metadata = {"attribution": ATTRIBUTION, "vector_layers": [{"id": name} for name in layers]}
    return archives.write(path, archives.vector_tile(*layers), archives.VECTOR, metadata)


def test_no_file_is_no_fault() -> None:
    assert backgrounds.look(None) is None


def test_the_file_says_what_the_map_draws(tmp_path: Path) -> None:
    pictures = backgrounds.look(raster(tmp_path / "pictures.pmtiles"))
    assert isinstance(pictures, Background)
    assert (pictures.is_vector, pictures.zooms, pictures.bounds) == (False, (0, 0), (-180, -85, 180, 85))
    town = backgrounds.look(vector(tmp_path / "town.pmtiles", *LAYERS))
    assert isinstance(town, Background)
    assert (town.is_vector, town.has_names, town.attribution) == (True, True, "Town &amp; Roads")
    other = backgrounds.look(vector(tmp_path / "other.pmtiles", "contours"))
    assert isinstance(other, Background)
    assert (other.has_names, other.layers) == (False, ["contours"])


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"version": 2}, BackgroundFault.OTHER_VERSION),
        ({"version": 4}, BackgroundFault.OTHER_VERSION),
        ({"tile_type": 0}, BackgroundFault.TILE_TYPE),
        ({"tile_type": 99}, BackgroundFault.TILE_TYPE),
        ({"compression": 4}, BackgroundFault.COMPRESSION),
        ({"tile_compression": 3}, BackgroundFault.COMPRESSION),
        ({"tile_type": archives.VECTOR}, BackgroundFault.NO_LAYERS),
    ],
)
def test_a_file_that_browsers_cannot_draw_is_named(
    tmp_path: Path, changed: dict[str, int], fault: BackgroundFault
) -> None:
    assert backgrounds.look(raster(tmp_path / "map.pmtiles", **changed)) is fault


def test_a_file_that_is_none_is_named(tmp_path: Path) -> None:
    file = tmp_path / "map.pmtiles"
    assert backgrounds.look(file) is BackgroundFault.UNREADABLE
    assert backgrounds.look(tmp_path) is BackgroundFault.UNREADABLE
    for content in (b"", b"PK\x03\x04", b"root:x:0:0", b"PMTile"):
        file.write_bytes(content)
        assert backgrounds.look(file) is BackgroundFault.NOT_PMTILES
    file.write_bytes(b"PM\x02\x00" + bytes(600_000))
    assert backgrounds.look(file) is BackgroundFault.OTHER_VERSION


def test_every_truncated_file_is_named(tmp_path: Path) -> None:
    file = raster(tmp_path / "map.pmtiles")
    whole = file.read_bytes()
    for length in range(len(b"PMTiles"), len(whole)):
        file.write_bytes(whole[:length])
        assert backgrounds.look(file) is BackgroundFault.DAMAGED, length


def test_metadata_that_would_fill_the_memory_are_damaged(tmp_path: Path) -> None:
    metadata = {"description": "x" * 2 * backgrounds.MOST_METADATA}
    file = archives.write(tmp_path / "map.pmtiles", b"tile", archives.PNG, metadata)
    assert backgrounds.look(file) is BackgroundFault.DAMAGED


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns the path that MAP_PMTILES names. The file does not exist before the console starts."""
    folder: Path = tmp_path_factory.mktemp("maps")
    return folder / "secret-name.pmtiles"


@pytest.fixture(scope="module")
def console(shared_installation: Installation, file: Path) -> Iterator[Served]:
    web = shared_installation.web("services.console", "web", env={"MAP_PMTILES": str(file)})
    running = Served(shared_installation, web)
    assert wait_until(running.is_ready, timeout=60), running.web.log_tail()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def drawing(console: Served) -> Iterator[Page]:
    with chromium(has_webgl=True) as browser:
        page = signed_in(browser, console)
        draw_coarsely(page)
        yield page


def signed_in(browser: Browser, console: Served) -> Page:
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="en", color_scheme="light")
    context.set_default_timeout(SLOW_MS)
    form: dict[str, str | float | bool] = {"name": console.account(Role.DUTY_HEAD), "password": PASSWORD}
    same_origin = {"sec-fetch-site": "same-origin"}
    answer = context.request.post(f"{console.url}/sign-in", form=form, headers=same_origin, max_redirects=0)
    assert answer.status == 303, answer.text()
    return context.new_page()


@pytest.mark.usefixtures("fresh_attempts")
def test_the_console_starts_without_the_file_and_says_what_is_missing(console: Served, file: Path) -> None:
    file.unlink(missing_ok=True)
    assert wait_until(lambda: "map background not usable" in console.web.log_tail(), timeout=60)
    reader = console.signed_in(Role.DUTY_HEAD)
    assert reader.get(PATH, headers={"range": "bytes=0-9"}).status_code == 404
    for path in ("/map?lang=en", "/status?lang=en"):
        page = reader.get(path).text
        assert "The file that MAP_PMTILES names is missing" in page
        assert file.name not in page
    file.write_text("a secret of the machine")
    assert reader.get(PATH, headers={"range": "bytes=0-9"}).status_code == 404
    assert "is not a PMTiles file. A file of PMTiles version 3 is expected." in reader.get("/status/now?lang=en").text
    assert file.name not in console.web.log_tail()


@pytest.mark.usefixtures("fresh_attempts")
def test_the_file_is_read_in_bounded_ranges_by_staff(console: Served, file: Path) -> None:
    content = raster(file).read_bytes()
    reader = console.signed_in(Role.VIEWER)
    answer = reader.get(PATH, headers={"range": "bytes=0-16383"})
    assert (answer.status_code, answer.content) == (206, content)
    assert answer.headers["content-range"] == f"bytes 0-{len(content) - 1}/{len(content)}"
    assert answer.headers["etag"] and answer.headers["last-modified"]
    assert "content-disposition" not in answer.headers
    assert reader.get(PATH, headers={"range": "bytes=7-7"}).content == b"\x03"
    past_end = reader.get(PATH, headers={"range": f"bytes={len(content)}-{len(content) + 9}"})
    assert (past_end.status_code, past_end.headers["content-range"]) == (416, f"bytes */{len(content)}")
    stale = {"range": "bytes=0-9", "if-range": '"older"'}
    for refused in ({}, {"range": "bytes=0-"}, {"range": "bytes=0-9,20-29"}, {"range": "bytes=0-16777216"}, stale):
        assert reader.get(PATH, headers=refused).status_code == 416, refused
    assert console.client().get(PATH, headers={"range": "bytes=0-9"}).status_code == 401
    assert console.signed_in(Role.FIELD).get(PATH, headers={"range": "bytes=0-9"}).status_code == 403


@pytest.mark.usefixtures("fresh_attempts")
def test_the_map_draws_pictures_and_vector_tiles(console: Served, file: Path, drawing: Page) -> None:
    raster(file)
    assert RED in colours(opened(drawing, console))
    vector(file, *LAYERS)
    page = opened(drawing, console)
    assert WATER in colours(page)
    expect(page.locator(".maplibregl-ctrl-attrib")).to_contain_text("Town & Roads")
    assert findings(page) == []
    vector(file, "contours")
    expect(opened(drawing, console).locator(".legend-notes", has_text="lines without names")).to_be_visible()


def test_without_a_usable_background_the_map_works(console: Served, file: Path, drawing: Page) -> None:
    file.write_bytes(b"PM\x02\x00")
    page = opened(drawing, console)
    expect(page.locator(".legend-notes", has_text="Version 3 is expected")).to_be_visible()
    assert RED not in colours(page)
    raster(file)
    page.route(f"**{PATH}", lambda route: route.abort())
    page.evaluate("localStorage.setItem('board-map', 'on')")
    for path in ("/map?lang=en", "/?lang=en"):
        expect(opened(page, console, path).locator("#background-failed")).to_be_visible()
    page.unroute(f"**{PATH}")


def opened(page: Page, console: Served, path: str = "/map?lang=en") -> Page:
    """A page in English with the map.

    The test fails if the content security policy blocks anything, or if the map's style is wrong.
    """
    errors: list[str] = []

    def note(message: ConsoleMessage) -> None:
        # the layer of sites does not load, because the registry does not run
        if message.type == "error" and "Failed to load resource" not in message.text:
            errors.append(message.text)

    page.on("console", note)
    page.goto(f"{console.url}{path}")
    expect(page.locator("#map[data-state=drawn]")).to_be_visible()
    page.remove_listener("console", note)
    assert errors == []
    return page


def colours(page: Page) -> Iterator[tuple[int, ...]]:
    """Yields the colours of some points of the map. A point may show a name or a line instead of the background.

    Each picture of the map takes long. A colour is therefore read only when the caller asks for it.
    """
    box = page.locator("#map").bounding_box()
    assert box is not None
    for part in (0.3, 0.4, 0.5, 0.6):
        x, y = box["x"] + box["width"] * part, box["y"] + box["height"] * 0.5
        # a picture may have fewer pixels than the page: a smaller part could have no pixel
        yield first_pixel(page.screenshot(clip={"x": x, "y": y, "width": 4, "height": 4}))


def first_pixel(png: bytes) -> tuple[int, ...]:
    """Returns the red, green and blue of a picture's first pixel.

    No PNG filter changes the first pixel.
    """
    data, start = b"", 8
    while start < len(png):
        length, kind = struct.unpack_from(">I4s", png, start)
        data += png[start + 8 : start + 8 + length] if kind == b"IDAT" else b""
        start += length + 12
    return tuple(zlib.decompress(data)[1:4])
