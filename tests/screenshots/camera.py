"""Photographs pages as WebP files."""

import base64
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Request

from deploy.local.process import wait_until

WIDTHS = {1920: 1080, 1366: 768, 390: 844}
HIGHEST = 3000  # of a higher page, only the first 3,000 pixels are photographed
QUALITY = 55
# A complete page has its fonts, a drawn map, a live connection and all its parts. A wall screen shows its first page. A
# small map is drawn only when somebody can see it.
IS_COMPLETE = """async () => {
  await document.fonts.ready;
  const map = document.querySelector("#map");
  const link = document.querySelector("#link");
  const isSeen = map?.checkVisibility() && map.getBoundingClientRect().top < innerHeight;
  const isDrawn = !isSeen || map.dataset.state === "drawn";
  const isLive = (!link || link.dataset.state === "live") && !document.querySelector("main .is-late");
  const page = document.querySelector("#wall-page:not([hidden])")?.textContent ?? "1/1";
  return isDrawn && isLive && page.startsWith("1/") && !document.querySelector("main [aria-busy=true]");
}"""
DRAWING_SECONDS = 30.0
# four equal pictures in a row show that the map is ready: marks are drawn after the background
STILL = 4


class Camera:
    def __init__(self, page: Page) -> None:
        self.page = page
        self._waiting: set[Request] = set()
        self._maps: list[bytes] = []
        page.on("request", self._begin)
        page.on("requestfinished", self._end)
        page.on("requestfailed", self._end)

    # a lambda, because Playwright accepts no built-in function such as `set.add` as a handler
    def _begin(self, request: Request) -> None:
        self._waiting.add(request)

    def _end(self, request: Request) -> None:
        self._waiting.discard(request)

    def open(self, url: str) -> None:
        self._waiting.clear()
        self.page.goto(url)

    def wait(self) -> bool:
        self._maps.clear()
        return wait_until(self._is_complete, DRAWING_SECONDS, every=0.2)

    def _is_complete(self) -> bool:
        return self._has_everything() and self._has_everything() and self._has_still_map()

    def _has_everything(self) -> bool:
        is_drawn = bool(self.page.evaluate(IS_COMPLETE))
        return is_drawn and all("/stream" in request.url for request in self._waiting)

    def _has_still_map(self) -> bool:
        if self.page.locator("#map").is_visible():
            self._maps = [*self._maps[1 - STILL :], self._picture("#map", format="png")]
            return len(self._maps) == STILL and len(set(self._maps)) == 1
        return True

    def show_whole(self, width: int, *, highest: int = HIGHEST) -> None:
        """Makes the window as high as the page. A notice at the foot of the window is then at the foot of the page."""
        height: int = self.page.evaluate("document.documentElement.scrollHeight")
        self.page.set_viewport_size({"width": width, "height": min(height, highest)})

    def take(self, file: Path, *, part: str = "") -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(self._picture(part, format="webp", quality=QUALITY))

    def _picture(self, part: str, **options: Any) -> bytes:
        if part:
            box = self.page.locator(part).bounding_box()
            assert box, part
            options["clip"] = box | {"scale": 1}
        devtools = self.page.context.new_cdp_session(self.page)
        taken = devtools.send("Page.captureScreenshot", options)
        devtools.detach()
        return base64.b64decode(taken["data"])
