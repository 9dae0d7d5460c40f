"""SQL for displaced households and their departures. The caller commits."""

# raw SQL throughout: these statements run for every batch of households and must be fast

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import fields
from itertools import zip_longest
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.models import DepartureRow, HouseholdRow
from services.alerts.projections import Departure, DisplacedHousehold
from shared.postgres import database
from shared.postgres.upsert import upsert

_household = TypeAdapter(DisplacedHousehold)
_departure = TypeAdapter(Departure)
HOUSEHOLD_COLUMNS = tuple(field.name for field in fields(DisplacedHousehold))
DEPARTURE_COLUMNS = tuple(field.name for field in fields(Departure))
SELECT_HOUSEHOLDS = f"SELECT {', '.join(HOUSEHOLD_COLUMNS)} FROM households"  # noqa: S608
SELECT_DEPARTURES = f"SELECT {', '.join(DEPARTURE_COLUMNS)} FROM departures"  # noqa: S608


async def households(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, DisplacedHousehold]:
    connection = await database.driver(session)
    rows = await connection.fetch(f"{SELECT_HOUSEHOLDS} WHERE household_id = ANY($1)", list(ids))
    return {row["household_id"]: _household.validate_python(dict(row)) for row in rows}


async def departures(session: AsyncSession, report_ids: Collection[UUID]) -> dict[UUID, Departure]:
    connection = await database.driver(session)
    rows = await connection.fetch(f"{SELECT_DEPARTURES} WHERE report_id = ANY($1)", list(report_ids))
    return {row["report_id"]: _departure.validate_python(dict(row)) for row in rows}


async def save_households(session: AsyncSession, known: Iterable[DisplacedHousehold]) -> None:
    rows = [{column: getattr(household, column) for column in HOUSEHOLD_COLUMNS} for household in known]
    await upsert(session, HouseholdRow, rows)


async def save_departures(session: AsyncSession, departures: Mapping[UUID, Departure | None]) -> None:
    """None as departure deletes the stored departure of the report."""
    connection = await database.driver(session)
    if none := [report_id for report_id, departure in departures.items() if departure is None]:
        await connection.execute("DELETE FROM departures WHERE report_id = ANY($1)", none)
    by_household: defaultdict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for departure in filter(None, departures.values()):
        row = {column: getattr(departure, column) for column in DEPARTURE_COLUMNS}
        by_household[departure.household_id].append(row)
    # A statement must have only one departure for each household, because the counting trigger sees all rows of the
    # statement.
    for rows in zip_longest(*by_household.values()):
        await upsert(session, DepartureRow, [row for row in rows if row is not None])
