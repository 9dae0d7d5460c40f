"""Draws the icons of the field form as PNG from their SVG files (`make icons`), because phones need PNG."""

import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

from deploy.local.paths import ROOT

FOLDER = ROOT / "shared" / "pages" / "static"
# each PNG, its SVG, and its width and height in pixels
ICONS = (
    ("icon-192.png", "icon.svg", 192),
    ("icon-512.png", "icon.svg", 512),
    ("icon-maskable-512.png", "icon-maskable.svg", 512),
)
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


def main() -> None:
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        raise SystemExit("no Chromium: sh deploy/local/needs.sh chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page()
        for png, svg, size in ICONS:
            page.set_viewport_size({"width": size, "height": size})
            page.set_content(drawn(FOLDER / svg))
            page.screenshot(path=FOLDER / png, omit_background=True)
        browser.close()


def drawn(svg: Path) -> str:
    return f"<style>body {{ margin: 0 }} svg {{ display: block }}</style>{svg.read_text(encoding='utf-8')}"


if __name__ == "__main__":
    main()
