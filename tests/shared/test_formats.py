"""Dates have the country's formats and time zone."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from shared.config import Settings
from shared.pages import Pages
from shared.pages.catalogs import SHARED
from shared.pages.formats import filters


@pytest.mark.parametrize(
    ("language", "day", "short"),
    [
        ("ky", "05.03.2026", "06.03, 01:30"),
        ("ru", "05.03.2026", "06.03, 01:30"),
        ("en", "5 Mar 2026", "6 Mar, 01:30"),
    ],
)
def test_the_day_comes_before_the_month(language: str, day: str, short: str) -> None:
    known = filters(language)
    evening = datetime(2026, 3, 5, 19, 30, tzinfo=UTC)  # in Bishkek, the next day has begun at 19:30 UTC
    assert (known["day"](date(2026, 3, 5)), known["short_moment"](evening)) == (day, short)


def test_a_year_is_shown_unless_it_is_the_present_one() -> None:
    later = datetime(datetime.now(UTC).year + 1, 12, 24, 3, 5, tzinfo=UTC)
    assert filters("en")["short_moment"](later) == f"24 Dec {later.year}, 09:05"
    assert filters("ru")["short_moment"](later) == f"24.12.{later.year}, 09:05"


def test_a_constant_in_a_template_is_formatted_in_each_language(tmp_path: Path) -> None:
    """All languages share one compiled template.

    A constant in a template must therefore not be formatted at compile time.
    """
    (tmp_path / "constant.html").write_text("{{ 0.5 | number }}")
    pages = Pages("console", tmp_path, SHARED, Settings())
    assert [pages.text(language, "constant.html") for language in ("en", "ru", "ky")] == ["0.5", "0,5", "0,5"]
