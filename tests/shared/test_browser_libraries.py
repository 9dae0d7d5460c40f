"""Browsers load library files that equal the files of the npm packages in the lock file."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STATIC = (ROOT / "services" / "console" / "static", ROOT / "shared" / "pages" / "static")
PACKAGES = {
    "maplibre": (".", "dist", "maplibre-gl"),
    "noto-sans": (".", "files", "@fontsource/noto-sans"),
    "pmtiles": ("dist", "pmtiles"),
    "uplot": (".", "dist", "uplot"),
}
FOLDERS = [static / name for name in PACKAGES for static in STATIC if (static / name).is_dir()]
COPIES = [file for folder in FOLDERS for file in sorted(folder.iterdir())]


@pytest.mark.parametrize("copy", COPIES, ids=lambda file: file.name)
def test_a_library_is_served_as_its_package_has_it(copy: Path) -> None:
    *folders, package = PACKAGES[copy.parent.name]
    originals = [ROOT / "node_modules" / package / folder / copy.name for folder in folders]
    original = next(file for file in originals if file.exists())
    assert copy.read_bytes() == original.read_bytes(), (
        "npm run maplibre; npm run noto-sans; npm run pmtiles; npm run uplot"
    )
