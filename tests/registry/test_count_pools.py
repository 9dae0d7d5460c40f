"""A site gets a new count. Tests which of the site's counts are loaded, and which are written again."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from services.registry.counts import pools as count_pools
from services.registry.counts.headcounts import Headcount
from shared.places import Places
from tests.registry.conftest import Filing
from tests.registry.factories import BATKEN, KADAMJAI, LEILEK, NOON, OSH, group, movement
from tests.registry.test_site_movements import REGISTRAR, SCHOOL, moved

pytestmark = pytest.mark.anyio


def counted(origin: str, hours: float = 0, **changed: Any) -> dict[str, Any]:
    at = (NOON + timedelta(hours=hours)).isoformat()
    times = {"counted_at": at, "reported_at": at}
    return group(site_id=SCHOOL, destination={"pcode": BATKEN}, origin={"pcode": origin}, **times, **changed)


async def rows_of(file: Filing) -> dict[str, str]:
    """Returns the physical position (`ctid`) of each count's row.

    PostgreSQL gives a row a new position when it writes the row again.
    """
    stored = await file.session.execute(text("SELECT report_id::text, ctid::text FROM counts"))
    return {row.report_id: row.ctid for row in stored}


async def test_counts_at_a_site_where_nobody_moved_are_not_loaded(
    file: Filing, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded, headcount = list[Any](), count_pools.headcount

    def noted(row: Any, places: Places) -> Headcount:
        loaded.append(row["report_id"])
        return headcount(row, places)

    monkeypatch.setattr(count_pools, "headcount", noted)
    await file(counted(KADAMJAI), counted(LEILEK))
    await file(counted(OSH, 1))
    assert loaded == []


async def test_only_counts_that_change_are_written_again(file: Filing) -> None:
    first, second = counted(KADAMJAI), counted(LEILEK)
    await file(first, second, moved(SCHOOL, "confirmed_here", 1))
    filed = await rows_of(file)
    await file(movement(first, "returned", persons=1))
    before = await rows_of(file)
    assert before[second["report_id"]] == filed[second["report_id"]]
    await file(counted(OSH, 1))
    assert before.items() <= (await rows_of(file)).items()
    await file(moved(SCHOOL, "returned", 2), **REGISTRAR)
    again = await rows_of(file)
    assert not {again[body["report_id"]] for body in (first, second)} & {*before.values()}
