"""The operators' manual names buttons and fields as the pages do, and has the pictures of `make screenshots`."""

import re
from pathlib import Path

import pytest

from shared.pages import messages
from tests.screenshots.pages import missing
from tests.screenshots.scenes import SCENES
from tests.test_documents import ROOT, links

MANUAL = ROOT / "services" / "console" / "manual"
QUOTED = re.compile(r"\*\*(.+?)\*\*")


def texts(language: str) -> set[str]:
    """All texts of the pages in this language."""
    catalogs = [messages.known(folder, language) for folder in messages.places()]
    return {message.string for catalog in catalogs for message in catalog if isinstance(message.string, str)}


@pytest.mark.parametrize("language", ["ky", "ru"])
def test_the_manual_quotes_the_pages_and_shows_every_picture(language: str) -> None:
    manual = (MANUAL / f"{language}.md").read_text(encoding="utf-8")
    assert sorted(set(QUOTED.findall(manual)) - texts(language)) == []
    pictures = {Path(link).stem for link in links(manual) if link.endswith(".webp")}
    assert pictures == set(SCENES) == {file.stem for file in (MANUAL / "pictures" / language).glob("*.webp")}


def test_make_screenshots_photographs_every_page() -> None:
    assert missing() == []
