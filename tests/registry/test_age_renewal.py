"""The worker computes the ages of displacements that an earlier release stored without ages."""

import pytest
from sqlalchemy import text

from services.registry.age_renewal import AgeRenewal
from tests.registry.conftest import Office
from tests.registry.factories import household, movement

pytestmark = pytest.mark.anyio

TABLES = ("episodes", "stays", "passages")


async def test_rows_without_ages_get_their_ages(office: Office) -> None:
    moved, unreadable = household(), household()
    await office.file(household(), household(members=[]), moved, movement(moved, "returned"), unreadable)
    sessions, state = office.app.state.sessions, office.app.state
    before = await rows(office)
    async with sessions.begin() as session:
        for table in TABLES:
            await session.execute(text(f"UPDATE {table} SET ages = NULL"))
        id = {"id": unreadable["household_id"]}
        await session.execute(text("UPDATE reports SET sealed = '' WHERE subject_id = :id"), id)
    renewal = AgeRenewal(sessions, state.encryption, state.search, state.places)
    assert await renewal.run() == 3
    assert await renewal.run() == 0
    after = await rows(office)
    assert {key: ages for key, ages in after.items() if ages != before[key]} == {
        ("episodes", unreadable["household_id"]): []
    }


async def rows(office: Office) -> dict[tuple[str, str], list[int]]:
    async with office.app.state.sessions() as session:
        return {
            (table, str(household_id)): ages
            for table in TABLES
            for household_id, ages in await session.execute(text(f"SELECT household_id, ages FROM {table}"))
        }
