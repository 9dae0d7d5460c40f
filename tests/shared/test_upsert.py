"""The upsert inserts rows with new keys. The upsert updates stored rows if the caller's conditions are true."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.console.models import BoardAlert, StoredCheck
from shared.config import Settings
from shared.postgres import upsert as module
from shared.postgres.upsert import upsert
from tests.installation import Installation

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 6, 15, 3, 4, 5, 678901, tzinfo=UTC)


@pytest.fixture(scope="module")
def settings(shared_tables: Installation) -> Settings:
    return shared_tables.settings(Settings, "console")


def check(name: str = "clock", **changed: Any) -> dict[str, Any]:
    return {"name": name, "checked_at": NOW, "is_well": True, "figure": 0.25, "due_at": None, **changed}


def alert(alert_id: UUID, sequence: int, **changed: Any) -> dict[str, Any]:
    return {
        "alert_id": alert_id,
        "sequence": sequence,
        "status": "Actual",
        "nature": "machine",
        "rule": "hazard",
        "reason": "magnitude",
        "figures": {"magnitude": 5.5, "place": 'Кызыл-Кыя "центр" \\ \''},
        "severity": "Severe",
        "pcodes": ("KG03", "KG06"),
        "onset": NOW,
        "raised_at": NOW,
        "level": 0,
        "is_suppressed": False,
        **changed,
    }


async def checks(session: AsyncSession) -> dict[str, StoredCheck]:
    rows = await session.scalars(select(StoredCheck).execution_options(populate_existing=True))
    return {row.name: row for row in rows}


async def test_new_rows_are_inserted_and_stored_ones_updated(session: AsyncSession) -> None:
    assert [*map(tuple, await upsert(session, StoredCheck, [check()]))] == [("clock",)]
    later = NOW + timedelta(microseconds=1)
    stored = await upsert(session, StoredCheck, [check(checked_at=later, is_well=None), check("paper", is_well=False)])
    assert [row["name"] for row in stored] == ["clock", "paper"]
    stored_checks = await checks(session)
    assert {name: (row.checked_at, row.is_well) for name, row in stored_checks.items()} == {
        "clock": (later, None),
        "paper": (NOW, False),
    }


async def test_without_rows_nothing_is_sent(session: AsyncSession) -> None:
    assert await upsert(session, StoredCheck, []) == []


async def test_arrays_objects_and_quotes_are_stored_as_given(session: AsyncSession) -> None:
    row = alert(uuid4(), 1)
    await upsert(session, BoardAlert, [row])
    stored = (await session.scalars(select(BoardAlert).where(BoardAlert.alert_id == row["alert_id"]))).one()
    assert (stored.figures, stored.pcodes, stored.onset) == (row["figures"], ["KG03", "KG06"], NOW)


async def test_only_newer_rows_replace_stored_ones(session: AsyncSession) -> None:
    first, second = uuid4(), uuid4()
    await upsert(session, BoardAlert, [alert(first, 2), alert(second, 2)], newer_by="sequence")
    rows = [alert(first, 2, severity="Minor"), alert(second, 3, severity="Extreme")]
    assert [row["alert_id"] for row in await upsert(session, BoardAlert, rows, newer_by="sequence")] == [second]
    severities = select(BoardAlert.alert_id, BoardAlert.severity).where(BoardAlert.alert_id.in_([first, second]))
    stored = {row.alert_id: row.severity for row in await session.execute(severities)}
    assert stored == {first: "Severe", second: "Extreme"}


async def test_a_lasting_column_keeps_its_value_if_the_new_row_has_none(session: AsyncSession) -> None:
    for due_at in (NOW, None):
        await upsert(session, StoredCheck, [check(due_at=due_at, is_well=due_at is None)], lasting="due_at")
    row = (await checks(session))["clock"]
    assert (row.due_at, row.is_well) == (NOW, True)


async def test_only_the_changed_columns_are_updated(session: AsyncSession) -> None:
    await upsert(session, StoredCheck, [check()])
    await upsert(session, StoredCheck, [check(figure=9.0, is_well=False)], changed=("is_well",))
    row = (await checks(session))["clock"]
    assert (row.figure, row.is_well) == (0.25, False)


async def test_a_column_that_the_rows_lack_keeps_its_default_or_its_stored_value(session: AsyncSession) -> None:
    short = {name: value for name, value in check().items() if name != "figure"}
    await upsert(session, StoredCheck, [short, short | {"name": "paper"}])
    await upsert(session, StoredCheck, [check("paper")])
    await upsert(session, StoredCheck, [short | {"name": "paper"}])
    assert {name: row.figure for name, row in (await checks(session)).items()} == {"clock": None, "paper": 0.25}


async def test_added_numbers_are_summed(session: AsyncSession) -> None:
    for figure in (3, 4):
        await upsert(session, StoredCheck, [check(figure=figure)], added=("figure",))
    assert (await checks(session))["clock"].figure == 7


async def test_the_statement_is_built_once_for_the_same_columns(session: AsyncSession) -> None:
    await upsert(session, StoredCheck, [check()])
    built = module.statement.cache_info().misses
    await upsert(session, StoredCheck, [check(is_well=False), check("paper")])
    assert module.statement.cache_info().misses == built
