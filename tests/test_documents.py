"""In the documents, every path in backticks and every relative link names an existing file."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "STYLE.md")] + sorted(
    [*(ROOT / "docs").glob("*.md"), *(ROOT / "services" / "console" / "manual").glob("*.md")]
)
OURS = {path.name for path in ROOT.iterdir()}
SOURCES = (".py", ".md", ".html", ".js", ".css", ".toml", ".po", ".sh", ".yml")
PATH = re.compile(r"`([\w.@-]+(?:/[\w.@-]+)*/?)`")
LINK = re.compile(r"\]\(([^)\s#]+)[^)]*\)")


def paths(text: str) -> list[str]:
    """Returns the paths in the text, from the repository's root.

    Some words with a slash are not paths: topics, routes, and files of an installation.
    """
    names = [path for path in PATH.findall(text) if "/" in path]
    return [path for path in names if path.split("/")[0] in OURS or path.endswith(SOURCES)]


def links(text: str) -> list[str]:
    return [link for link in LINK.findall(text) if ":" not in link]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_every_path_in_a_document_exists(document: Path) -> None:
    named = paths(document.read_text(encoding="utf-8"))
    assert [path for path in named if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_every_relative_link_in_a_document_leads_to_a_file(document: Path) -> None:
    linked = links(document.read_text(encoding="utf-8"))
    assert [link for link in linked if not (document.parent / link).exists()] == []


def test_each_decision_has_a_number_of_its_own_in_its_name_and_title() -> None:
    decisions = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    numbers = [int(file.name.split("-")[0]) for file in decisions]
    titles = [file.read_text(encoding="utf-8").split(".")[0] for file in decisions]
    assert numbers == list(range(1, len(decisions) + 1))
    assert titles == [f"# {number}" for number in numbers]


def test_a_renamed_file_is_noticed() -> None:
    text = "See `shared/gone.py`, `gone/`, `STATE/access` and [the runbook](docs/gone.md#start); not https://example.org/a."
    assert paths(text) == ["shared/gone.py"]
    assert links(text) == ["docs/gone.md"]
