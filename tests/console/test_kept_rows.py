"""A row of the board is rendered again only if something changed that it shows."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from jinja2 import UndefinedError

from services.console.kept_rows import KeptRows
from shared.config import Settings
from shared.events.vocabulary import Status
from shared.pages import Pages
from shared.pages.catalogs import SHARED
from shared.places import Places


def test_a_row_is_kept_until_its_version_or_a_fact_changes(tmp_path: Path) -> None:
    (tmp_path / "row.html").write_text("{{ shown.name }} {{ is_forecast }}")
    (tmp_path / "impure.html").write_text("{{ principal }}")
    rows = KeptRows(Pages("console", tmp_path, SHARED, Settings()), Places.load(), Status.ACTUAL, exercise=False)
    shown = SimpleNamespace(name="<a>", pcodes=[])
    assert rows.row("en", "row.html", 1, shown, is_forecast=True) == "&lt;a&gt; True"
    shown.name = "b"
    assert rows.row("en", "row.html", 1, shown, is_forecast=True) == "&lt;a&gt; True"
    assert rows.row("en", "row.html", 1, shown, is_forecast=False) == "b False"
    assert rows.row("ru", "row.html", 1, shown, is_forecast=True) == "b True"
    assert rows.row("en", "row.html", 2, shown, is_forecast=True) == "b True"
    with pytest.raises(UndefinedError):  # a row that showed this would show it to the next reader
        rows.row("en", "impure.html", 1, shown)
