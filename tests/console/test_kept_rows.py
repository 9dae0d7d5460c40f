"""The console renders a row of the board again only if a fact in the row has changed."""

import re
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


def kept_rows(templates: Path, **limits: int) -> KeptRows:
    pages = Pages("console", templates, SHARED, Settings())
    return KeptRows(pages, Places.load(), Status.ACTUAL, exercise=False, **limits)


def test_a_row_is_kept_until_its_version_or_a_fact_changes(tmp_path: Path) -> None:
    (tmp_path / "row.html").write_text("{{ shown.name }} {{ is_forecast }}")
    (tmp_path / "impure.html").write_text("{{ principal }}")
    rows = kept_rows(tmp_path)
    shown = SimpleNamespace(name="<a>", pcodes=[])
    assert rows.row("en", "row.html", 1, shown, is_forecast=True) == "&lt;a&gt; True"
    shown.name = "b"
    assert rows.row("en", "row.html", 1, shown, is_forecast=True) == "&lt;a&gt; True"
    assert rows.row("en", "row.html", 1, shown, is_forecast=False) == "b False"
    assert rows.row("ru", "row.html", 1, shown, is_forecast=True) == "b True"
    assert rows.row("en", "row.html", 2, shown, is_forecast=True) == "b True"
    with pytest.raises(UndefinedError):  # several readers share a row, so the row must not show its reader
        rows.row("en", "impure.html", 1, shown)


def test_rows_that_were_not_shown_for_long_make_room_for_others(tmp_path: Path) -> None:
    (tmp_path / "row.html").write_text("{{ shown.name }}")
    rows = kept_rows(tmp_path, most_bytes=3_500)
    shown = SimpleNamespace(name="a" * 1_000, pcodes=[])
    for version in (1, 2, 1):
        rows.row("en", "row.html", version, shown)
    shown.name = "b" * 1_000
    assert [rows.row("en", "row.html", version, shown)[0] for version in (3, 1, 2)] == ["b", "a", "b"]


def test_of_a_row_that_the_page_has_only_a_gap_is_sent(tmp_path: Path) -> None:
    """A digest depends only on a row's content. Equal rows have equal digests in all web processes."""
    (tmp_path / "row.html").write_text('<li data-key="{{ shown.name }}">{{ shown.text }}</li>')
    shown = SimpleNamespace(name="a", text="is 5 data-key=6", pcodes=[])
    sent = kept_rows(tmp_path).row_or_gap(frozenset([""]), "en", "row.html", 1, shown)
    found = re.fullmatch('<li data-row="(.{8})" data-key="a">is 5 data-key=6</li>', sent)
    assert found
    rows, known = kept_rows(tmp_path), frozenset(found.groups())
    assert rows.row_or_gap(known, "en", "row.html", 1, shown) == f'<template data-row="{found[1]}"></template>'
    assert rows.row("en", "row.html", 1, shown) == sent
    shown.text = "is 7"
    assert "is 7" in rows.row_or_gap(known, "en", "row.html", 2, shown)
