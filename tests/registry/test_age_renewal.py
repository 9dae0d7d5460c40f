"""An earlier release stored displacements without ages and assessed persons. The worker computes both."""

import pytest
from sqlalchemy import select, text

from services.registry.figures.age_renewal import TABLES, AgeRenewal
from services.registry.models import ASSESSMENT_NAMES
from shared.postgres import bulk_copy
from tests.registry.conftest import Office
from tests.registry.factories import household, movement

pytestmark = pytest.mark.anyio

# Empties the columns that an earlier release of Dayar did not have.
STORED_AGAIN = """
WITH removed AS (DELETE FROM {table} RETURNING {columns}) INSERT INTO {table} ({columns}) SELECT * FROM removed
"""


@pytest.mark.parametrize("unknown", [ASSESSMENT_NAMES, ("ages", *ASSESSMENT_NAMES)], ids=["assessed", "ages"])
async def test_rows_of_an_earlier_release_get_their_ages_and_assessed_persons(
    office: Office, unknown: tuple[str, ...]
) -> None:
    moved, unreadable = household(), household()
    for body in (moved, unreadable):
        body["members"][0]["functioning"] = {"walking": "cannot_do_at_all"}
    await office.file(household(), household(members=[]), moved, movement(moved, "returned"), unreadable)
    sessions, state = office.app.state.sessions, office.app.state
    before = await rows(office)
    async with sessions.begin() as session:
        for table in TABLES:
            columns = ", ".join(name for name in bulk_copy.columns(table) if name not in unknown)
            await session.execute(text(STORED_AGAIN.format(table=table.__tablename__, columns=columns)))
        id = {"id": unreadable["household_id"]}
        await session.execute(text("UPDATE reports SET sealed = '' WHERE subject_id = :id"), id)
    renewal = AgeRenewal(sessions, state.encryption, state.search, state.places)
    assert await renewal.run() == 3
    assert await renewal.run() == 0
    after = await rows(office)
    of_unreadable = "episodes", unreadable["household_id"]
    kept = [] if "ages" in unknown else before[of_unreadable][0]
    assert {key: numbers for key, numbers in after.items() if numbers != before[key]} == {of_unreadable: (kept, 0, 0)}


async def rows(office: Office) -> dict[tuple[str, str], tuple[list[int], int, int]]:
    async with office.app.state.sessions() as session:
        return {
            (table.__tablename__, str(household_id)): (ages, assessed, with_disability)
            for table in TABLES
            for household_id, ages, assessed, with_disability in await session.execute(
                select(table.household_id, table.ages, table.assessed, table.with_disability)
            )
        }
