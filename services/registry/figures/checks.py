"""Compares the stored sums with the displacements, and computes all sums again if they differ."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.registry.figures.age_profiles import AgeProfile
from services.registry.figures.durations import durations
from services.registry.figures.movement_figures import movements
from services.registry.figures.needs import needs
from services.registry.figures.queries import FigureQuery, Kind, day_after, today
from services.registry.figures.statistics import figures
from services.registry.households.positions import STOCK
from services.registry.reports import MOVES
from shared import log, months
from shared.events.vocabulary import Status, SubStock
from shared.failures import retry_while_unavailable
from shared.places import Places

# after an update, the worker must add up all displacements before the first check
FIRST_SECONDS = 60 * 60.0
DAY_SECONDS = 24 * 60 * 60.0


async def keep_checked(sessions: async_sessionmaker[AsyncSession], places: Places) -> None:
    await asyncio.sleep(FIRST_SECONDS)
    while True:
        await retry_while_unavailable(lambda: check(sessions, places))
        await asyncio.sleep(DAY_SECONDS)


async def check(sessions: async_sessionmaker[AsyncSession], places: Places) -> bool:
    """Returns True if all sums are right.

    If a sum is wrong, all sums are computed again.
    """
    wrong = await differences(sessions, places)
    if wrong:
        log.get().error("sums of figures are wrong and are made again", wrong=wrong)
        async with sessions.begin() as session:
            await session.execute(select(func.note_all_displacements()))
    return not wrong


async def differences(sessions: async_sessionmaker[AsyncSession], places: Places) -> list[str]:
    wrong: list[str] = []
    async with sessions.begin() as session:
        # All statements read one snapshot, so that reports that are filed meanwhile make no difference.
        _ = await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        for status in Status:
            wrong += [f"{status} {kind}" for kind in await differing(session, status, places)]
    return wrong


async def differing(session: AsyncSession, status: Status, places: Places) -> list[str]:
    known = places.codes
    everything = FigureQuery(status, known, mobilities=MOVES, sub_stocks=STOCK)
    day = today(datetime.now(UTC))
    present = replace(everything, until=day_after(day))
    # The stock of a day in the middle of a month reads sums by day, too.
    earlier = replace(everything, until=months.first_day(months.before(f"{day:%Y-%m}")).replace(day=16))
    kinds: tuple[tuple[Kind, FigureQuery], ...] = (("stock", present), ("flows", everything))
    queries = [(kind, replace(query, age_profile=profile)) for kind, query in kinds for profile in AgeProfile]
    queries.append(("stock", earlier))
    wrong: list[str] = [
        f"{kind} {query.age_profile} {query.until or ''}".rstrip()
        for kind, query in queries
        if await figures(session, kind, query, places) != await figures(session, kind, query, places, is_summed=False)
    ]
    if await needs(session, present) != await needs(session, present, is_summed=False):
        wrong.append("needs")
    if await movements(session, everything, places) != await movements(session, everything, places, is_summed=False):
        wrong.append("movements")
    displaced = replace(present, sub_stocks=(SubStock.IN_DISPLACEMENT,), has_cells=False)
    if await durations(session, displaced) != await durations(session, displaced, is_summed=False):
        wrong.append("durations")
    return wrong
