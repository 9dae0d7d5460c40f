"""Reports of households come together with movements of their sites. Workers wait for each other."""

import asyncio
from collections.abc import Sequence
from typing import Any

from sqlalchemy import text

from services.registry.models import HeldDecision
from shared.events.vocabulary import Flag
from tests.installation import wait_for
from tests.registry.conftest import Filing, Office
from tests.registry.factories import BATKEN, Desk, group, household, movement
from tests.registry.test_site_movements import CAMP, REGISTRAR, SCHOOL, TO_CAMP, anyio, displaced, moved, transferred


async def together(office: Office, *batches: Sequence[dict[str, Any]]) -> None:
    """Files all batches at the same time, each in its own transaction. A deadlock raises DeadlockDetectedError."""
    await asyncio.gather(*(office.file(*batch, flags=(Flag.REGISTRAR_OF_COUNTRY,)) for batch in batches))


ROUNDS = 5
TO_SCHOOL: dict[str, Any] = {"destination": {"pcode": BATKEN}, "destination_site_id": SCHOOL}


@anyio
async def test_two_workers_file_households_and_counts_at_the_same_site(office: Office) -> None:
    for _ in range(ROUNDS):
        at_school = [[household(site_id=SCHOOL), group(site_id=SCHOOL)] for _ in range(2)]
        await together(office, *at_school)
        await together(
            office,
            [household(site_id=SCHOOL), group(site_id=CAMP)],
            [household(site_id=CAMP), group(site_id=SCHOOL)],
        )


@anyio
async def test_a_report_of_a_household_and_a_movement_of_its_site_come_at_once(office: Office) -> None:
    here = [household(site_id=SCHOOL) for _ in range(6)]
    await office.file(*here)
    for number in range(ROUNDS):
        seen = movement(here[number], "confirmed_here")
        moves = [moved(SCHOOL, "confirmed_here", number), movement(here[-1], "confirmed_here")]
        await together(office, [seen, group(site_id=SCHOOL)], moves, [transferred(here[number], CAMP)])


@anyio
async def test_two_sites_to_which_people_of_each_other_moved_are_moved_at_once(office: Office) -> None:
    await office.file(household(site_id=SCHOOL), household(site_id=CAMP))
    for number in range(ROUNDS):
        to_camp, to_school = moved(SCHOOL, "transferred", number, **TO_CAMP), moved(CAMP, "transferred", 7, **TO_SCHOOL)
        await together(office, [to_camp], [to_school])


@anyio
async def test_an_accepted_report_waits_for_the_movement_of_its_site(office: Office) -> None:
    here = household(site_id=SCHOOL)
    await office.file(here, flags=(Flag.EXPIRED_TOKEN,))
    sessions, desk = office.app.state.sessions, Desk(office.installation.secrets / "seal")
    async with sessions() as session:
        outcome_id = await session.scalar(text("SELECT outcome_id FROM reports WHERE outcome = 'held'"))

    async def accept() -> str:
        decision = HeldDecision(outcome_id=outcome_id, is_accepted=True)
        async with sessions.begin() as session:
            return await office.registrar.settle_held(decision, session)

    async def is_waiting() -> bool:
        waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        async with sessions() as session:
            return bool(await session.scalar(waiting))

    async with sessions.begin() as session:
        assert await Filing(office.registrar, desk, session)(moved(SCHOOL, "returned"), **REGISTRAR) == ["recorded"]
        accepted = asyncio.create_task(accept())
        await wait_for(is_waiting)
    assert await accepted == "recorded"
    async with sessions() as session:
        assert await displaced(Filing(office.registrar, desk, session)) == {}
