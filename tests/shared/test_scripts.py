"""The pages' scripts: what several of them need stands in one of them."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = [file for room in ("services", "shared") for file in (ROOT / room).rglob("static/*.js")]
HOMES = {
    "the zone and its offset": (r"Asia/Bishkek|\+06:00|6 \* 3_600_000|21_600", "time.js"),
    "random UUIDs": (r"randomUUID|getRandomValues", "uuid.js"),
    "the search for an element that must be there": (r"function element\(", "elements.js"),
}


@pytest.mark.parametrize("subject", HOMES)
def test_one_script_is_the_home_of(subject: str) -> None:
    pattern, home = HOMES[subject]
    assert {file.name for file in SCRIPTS if re.search(pattern, file.read_text(encoding="utf-8"))} == {home}
