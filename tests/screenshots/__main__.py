"""`make screenshots` photographs every page in three languages and at three widths.

The pictures of the manual are photographed too.

The pictures of pages go into docs/screenshots, a folder that Git ignores. The manual's pictures go into
services/console/manual/pictures.
"""

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser

from deploy.local import paths
from shared.auth.tokens import Role
from tests.browsers import ALLOWS_SOUND, SLOW_MS, chromium
from tests.components import components
from tests.console.pages.conftest import Seat, Whole
from tests.installation import Ground, installed
from tests.screenshots.camera import WIDTHS, Camera
from tests.screenshots.evening import NAMES, Evening
from tests.screenshots.pages import PAGES, missing, name_of
from tests.screenshots.scenes import SCENES

LANGUAGES = ("ky", "ru", "en")
HIGHEST_OF_MANUAL = 1100
ONE_WINDOW = ("/", "/wall", "/map")  # the size of the window decides the content of these pages
FOLDER = paths.ROOT / "docs" / "screenshots"
PICTURES = paths.ROOT / "services" / "console" / "manual" / "pictures"


@contextmanager
def played() -> Iterator[Evening]:
    with components(own=True) as servers, tempfile.TemporaryDirectory() as folder:
        ground = Ground(servers)
        with installed(ground, Path(folder), partitions=2, exercise=True) as installation:
            whole = Whole(installation)
            yield Evening(whole)
            whole.stop()
        ground.remove()


def seat(evening: Evening, browser: Browser, role: Role | None, language: str = "ru") -> Seat:
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale=language, reduced_motion="reduce")
    context.set_default_timeout(4 * SLOW_MS)  # on a busy machine, the whole table takes minutes
    person = Seat(evening.whole, context, name=NAMES[role or Role.FIELD])
    if role is not None:
        person.sign_in()
    if role is Role.DUTY_HEAD:
        purpose: dict[str, Any] = {"purpose": "assistance", "emergency": "Сель в Кадамжае"}
        context.request.post(f"{evening.whole.url}/purpose", form=purpose, headers={"sec-fetch-site": "same-origin"})
    return person


def photograph_pages(evening: Evening, browser: Browser, only: list[str]) -> None:
    for role, listed in PAGES.items():
        person = seat(evening, browser, role)
        camera = Camera(person.page)
        for path in [path for path in listed if not only or name_of(path) in only]:
            for language in LANGUAGES:
                photograph_page(camera, evening, path, language)
        for error in dict.fromkeys(person.errors):
            print(f"{role}: {error}")
        person.context.close()


def photograph_page(camera: Camera, evening: Evening, path: str, language: str) -> None:
    camera.open(address(evening, path, language))
    for width, height in WIDTHS.items():
        camera.page.set_viewport_size({"width": width, "height": height})
        file = FOLDER / language / f"{name_of(path)}-{width}.webp"
        is_complete = camera.wait()
        if path not in ONE_WINDOW:
            camera.show_whole(width)
            is_complete = camera.wait()
        if not is_complete:
            print(f"not complete: {file.relative_to(FOLDER)}")
        camera.take(file)


def photograph_scenes(evening: Evening, browser: Browser, only: list[str]) -> None:
    """Photographs the manual's pictures. The pages come first, because some scenes change the pages."""
    for name in [name for name in SCENES if not only or name in only]:
        for language in LANGUAGES:
            scene = SCENES[name]
            person = seat(evening, browser, scene.role, language)
            camera = Camera(person.page)
            camera.page.set_viewport_size({"width": scene.width, "height": scene.height})
            camera.open(address(evening, scene.path, language))
            camera.wait()
            if scene.path not in ONE_WINDOW and scene.role is not None:
                camera.show_whole(scene.width, highest=HIGHEST_OF_MANUAL)
            scene.arrange(camera.page)
            camera.wait()
            camera.take(PICTURES / language / f"{name}.webp", part=scene.part)
            person.context.close()


def address(evening: Evening, path: str, language: str) -> str:
    address = path.format_map(evening.addresses)
    return f"{evening.whole.url}{address}{'&' if '?' in address else '?'}lang={language}"


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--only", nargs="*", default=[], help="names of pages and of the manual's pictures")
    only = arguments.parse_args().only
    assert missing() == [], f"tests/screenshots/pages.py lacks pages: {missing()}"
    with chromium(ALLOWS_SOUND, has_webgl=True) as browser, played() as evening:
        photograph_pages(evening, browser, only)
        photograph_scenes(evening, browser, only)


if __name__ == "__main__":
    main()
