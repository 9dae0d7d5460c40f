"""The operators' manual uses the names of buttons and fields on the pages.

The manual has the pictures that `make screenshots` takes.
"""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from services.console.manual.manuals import CHAPTERS, manual
from shared.auth.access import ROUTES
from shared.pages import LANGUAGES, messages
from shared.pages.help import CHAPTERS as LINKED_CHAPTERS
from shared.pages.help import WITHOUT_CHAPTER, help_link
from tests.screenshots.pages import missing
from tests.screenshots.scenes import SCENES
from tests.test_documents import ROOT, links

MANUAL = ROOT / "services" / "console" / "manual"
QUOTED = re.compile(r"\*\*(.+?)\*\*")
LINKED = re.compile(r' href="(.+?)"')


def texts(language: str) -> set[str]:
    catalogs = [messages.known(folder, "ru" if language == "en" else language) for folder in messages.places()]
    listed = [message.id if language == "en" else message.string for catalog in catalogs for message in catalog]
    return {text for text in listed if isinstance(text, str)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_manual_quotes_the_pages_and_shows_every_picture(language: str) -> None:
    file = (MANUAL / f"{language}.md").read_text(encoding="utf-8")
    assert sorted(set(QUOTED.findall(file)) - texts(language)) == []
    pictures = {Path(link).stem for link in links(file) if link.endswith(".webp")}
    assert pictures == set(SCENES) == {picture.stem for picture in (MANUAL / "pictures" / language).glob("*.webp")}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_of_the_manual_has_numbered_chapters_and_links_that_lead_somewhere(language: str) -> None:
    shown = manual(language)
    assert [chapter.title.partition(".")[0] for chapter in shown.chapters] == [
        str(number) for number in range(1, len(CHAPTERS) + 1)
    ]
    contents = [shown.introduction, *(chapter.content for chapter in shown.chapters)]
    targets = {f"#{chapter.anchor}" for chapter in shown.chapters} | {f"?lang={code}" for code in LANGUAGES}
    linked = {unquote(link) for content in contents for link in LINKED.findall(content)}
    assert linked - targets == set()
    assert {f"?lang={code}" for code in LANGUAGES if code != language} <= linked


def test_help_leads_from_known_pages_to_chapters_of_the_manual() -> None:
    assert set(LINKED_CHAPTERS.values()) <= set(CHAPTERS)
    pages = {route.removeprefix("GET ") for route, rule in ROUTES.items() if rule.is_page}
    for path in (LINKED_CHAPTERS.keys() | WITHOUT_CHAPTER) - {"/alerts", "/hazards", "/areas"}:
        assert path in pages or any(page.startswith(f"{path}/") for page in pages), path


@pytest.mark.parametrize(
    ("path", "link"),
    [
        ("/", "/manual#board"),
        ("/alerts/0190c5a0-0000-7000-8000-000000000001", "/manual#alert"),
        ("/alerts/rosters/new", "/manual#rosters"),
        ("/registry/figures/history", "/manual#figures"),
        ("/alerts/rules", "/manual"),
        ("/audit", "/manual"),
    ],
)
def test_help_of_a_page_is_the_chapter_about_it(path: str, link: str) -> None:
    assert help_link(path) == link


def test_make_screenshots_photographs_every_page() -> None:
    assert missing() == []
