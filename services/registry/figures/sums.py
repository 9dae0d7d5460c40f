"""Adds the changes of displacements to sums by day, month and year, so that a figure reads few rows.

Without sums, a figure of a million displacements would read a million rows. Triggers write each change to
`figure_changes` or `movement_changes`, in the transaction of the change. The triggers do not update the sums
themselves, because transactions would then wait for each other. The worker moves the changes into the sums. Queries
read the changes and the sums, so figures are always exact.
"""

# raw SQL throughout: one statement removes the changes from their table and adds them to the sums

import asyncio
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.registry.figures.conditions import SHELTER
from services.registry.figures.queries import Summary, today
from services.registry.figures.statements import GIVEN_NEEDS
from services.registry.models import CHANGED_NAMES, DIMENSION_NAMES, FIGURE_AGES, FIGURE_NUMBERS
from shared.failures import retry_while_unavailable

CHANGES_AT_ONCE = 20_000  # in the slowest case, with changes in random order, a transaction takes some seconds
IDLE_SECONDS = 5.0
AGES_AHEAD = timedelta(days=60)  # the changes of ages on 1 January are written this long before the day
PAUSE_SECONDS = 0.1  # pause between two transactions, because reports need the CPU
# the lock prevents two workers from inserting the same dimensions; a function in the database takes this lock, too
LOCK = "figure sums"


def listed(*names: str, form: str = "{}") -> str:
    return ", ".join(form.format(name) for name in names)


# A caller may see figures of people whose destination is in the caller's areas. If the people are abroad, their origin
# must be in the caller's areas. Most summaries contain the destination of everybody, and the origin of people who are
# abroad.
SEEN = "CASE WHEN destination_pcode IS NULL THEN origin_pcode END, destination_pcode"
IS_STOCK = "span NOT IN ('flow', 'vague_flow')"
IS_DISPLACEMENT = "movement IS NULL AND duration IS NULL"
IS_STOCK_OF_DISPLACEMENTS = f"{IS_STOCK} AND {IS_DISPLACEMENT}"
SUMMARIES = f"""
SELECT '{Summary.DESTINATION}', {SEEN}, ARRAY[reasons[1]], NULL, NULL, NULL, NULL, NULL, NULL WHERE {IS_DISPLACEMENT}
UNION ALL SELECT '{Summary.ORIGIN}', origin_pcode, NULL, ARRAY[reasons[1]], NULL, NULL, NULL, NULL, NULL, NULL
    WHERE {IS_DISPLACEMENT}
UNION ALL SELECT '{Summary.REASON}', {SEEN}, reasons, hazard_type, NULL, NULL, NULL, NULL, NULL WHERE {IS_DISPLACEMENT}
UNION ALL SELECT '{Summary.SHELTER}', {SEEN}, NULL, NULL, {SHELTER}, evacuation, NULL, NULL, NULL
    WHERE {IS_STOCK_OF_DISPLACEMENTS}
UNION ALL SELECT '{Summary.NEED}', {SEEN}, NULL, NULL, NULL, NULL, NULL, NULL, need FROM {GIVEN_NEEDS}
    WHERE {IS_STOCK_OF_DISPLACEMENTS} AND (households, displaced) <> (0, 0)
UNION ALL SELECT '{Summary.MOVEMENT}', origin_pcode, destination_pcode, NULL, NULL, NULL, NULL, movement, NULL, NULL
    WHERE movement IS NOT NULL
UNION ALL SELECT '{Summary.DURATION}', {SEEN}, NULL, NULL, NULL, NULL, NULL, duration, NULL
    WHERE duration IS NOT NULL
"""  # noqa: S608 - constants
CHANGED = listed(*CHANGED_NAMES)
SUMMED_BY = ("summary", *DIMENSION_NAMES, "need")
TAKEN = f"""
DELETE FROM {{table}} WHERE ctid = ANY(ARRAY(SELECT ctid FROM {{table}} LIMIT :most))
RETURNING {CHANGED}, {listed(*FIGURE_NUMBERS)}
"""  # noqa: S608 - constants
# Sums by all dimensions have few rows, because many households of a disaster have equal dimensions.
MERGED = f"""
SELECT {CHANGED}, {listed(*FIGURE_NUMBERS, form="sum({0})::integer AS {0}")} FROM taken GROUP BY {CHANGED}
"""  # noqa: S608 - constants
# A displacement adds its numbers to the stock on its first day, and subtracts them on the day of its end. A completed
# displacement adds its numbers on the day of completion, and never subtracts them.
SPREAD = """
SELECT merged.*, span, since, sign FROM merged CROSS JOIN LATERAL (
    SELECT span, date_trunc(span, day)::date AS since, sign
    FROM (VALUES (began_on, 1), (ended_on, -1)) AS ends (day, sign)
    CROSS JOIN (VALUES ('day'), ('month'), ('year')) AS spans (span)
    WHERE (began_on < ended_on OR duration IS NOT NULL) AND isfinite(day)
    UNION ALL
    SELECT CASE WHEN has_month THEN 'flow' ELSE 'vague_flow' END, date_trunc('month', began_on)::date, 1
    WHERE is_flow OR movement IS NOT NULL
) AS spread
"""
SUMMED = f"""
SELECT span, since, summary, status, CASE WHEN {IS_STOCK} THEN sub_stock END AS sub_stock, mobility,
    own.origin_pcode, origin_country, own.destination_pcode, destination_country, own.reasons, own.hazard_type,
    own.shelter, own.evacuation, own.movement, own.duration, need,
    {listed(*FIGURE_NUMBERS, form="coalesce(sum(sign * {0}), 0)::integer AS {0}")}
FROM spread CROSS JOIN LATERAL ({SUMMARIES})
    AS own (summary, origin_pcode, destination_pcode, reasons, hazard_type, shelter, evacuation, movement, duration,
        need)
GROUP BY {listed(*map(str, range(1, 3 + len(SUMMED_BY))))}
"""  # noqa: S608 - constants
# Rows are written in the order of the index, so that the rows of a figure are stored close to each other.
ADD_CHANGES = f"""
WITH displacements AS ({TAKEN.format(table="figure_changes")}),
movements AS ({TAKEN.format(table="movement_changes")}),
taken AS (SELECT * FROM displacements UNION ALL SELECT * FROM movements),
merged AS ({MERGED}), spread AS ({SPREAD}), summed AS ({SUMMED}),
named AS MATERIALIZED (SELECT *, ROW({listed(*SUMMED_BY)})::text AS name FROM summed),
added AS (
    INSERT INTO figure_dimensions (name, {listed(*SUMMED_BY)})
    SELECT DISTINCT name, {listed(*SUMMED_BY)} FROM named
    WHERE NOT EXISTS (SELECT FROM figure_dimensions AS known WHERE known.name = named.name)
    RETURNING dimensions_id, name
),
known AS (SELECT dimensions_id, name FROM figure_dimensions UNION ALL SELECT dimensions_id, name FROM added),
written AS (
    INSERT INTO figure_sums AS sums (summary, span, since, dimensions_id, {listed(*FIGURE_NUMBERS)})
    SELECT summary, span, since, dimensions_id, {listed(*FIGURE_NUMBERS)} FROM named JOIN known USING (name)
    ORDER BY summary, span, since, dimensions_id
    ON CONFLICT (summary, span, since, dimensions_id)
    DO UPDATE SET {listed(*FIGURE_NUMBERS, form="{0} = sums.{0} + excluded.{0}")}
)
SELECT count(*) FROM taken
"""  # noqa: S608 - constants


async def keep_summed(sessions: async_sessionmaker[AsyncSession]) -> None:
    """Until cancelled, add changes to the sums.

    In the last 60 days of a year, also add the next year's changes of ages.
    """
    while True:
        await retry_while_unavailable(lambda: note_ages(sessions, today(datetime.now(UTC) + AGES_AHEAD).year))
        count = await retry_while_unavailable(lambda: sum_some(sessions))
        await asyncio.sleep(PAUSE_SECONDS if count >= CHANGES_AT_ONCE else IDLE_SECONDS)


async def sum_some(sessions: async_sessionmaker[AsyncSession], *, at_once: int = CHANGES_AT_ONCE) -> int:
    """Moves at most `at_once` changes from each of the two tables into the sums.

    Returns the number of moved changes, or 0 if another worker has the lock.
    """
    async with sessions.begin() as session:
        if not await session.scalar(select(func.pg_try_advisory_xact_lock(func.hashtextextended(LOCK, 0)))):
            return 0
        count: int = (await session.execute(text(ADD_CHANGES), {"most": at_once})).scalar_one()
    return count


async def note_ages(sessions: async_sessionmaker[AsyncSession], year: int) -> None:
    """Adds the changes of ages on each 1 January until `year`.

    Changes that are already stored are not written twice.
    """
    async with sessions.begin() as session:
        if (await session.execute(select(FIGURE_AGES.c.until_year))).scalar_one() < year:
            await session.execute(select(func.note_ages(year)))
