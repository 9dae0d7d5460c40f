"""The SQL of displaced households and their departures; the caller commits."""

# raw SQL throughout: every batch of hazards and households waits for these statements

from collections.abc import Collection, Iterable, Mapping
from dataclasses import fields
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.projections import Departure, DisplacedHousehold
from services.alerts.queries.statements import many, upsert
from shared.postgres import database

_household = TypeAdapter(DisplacedHousehold)
_departure = TypeAdapter(Departure)
HOUSEHOLD_COLUMNS = tuple(field.name for field in fields(DisplacedHousehold))
DEPARTURE_COLUMNS = tuple(field.name for field in fields(Departure))
SELECT_HOUSEHOLDS = f"SELECT {', '.join(HOUSEHOLD_COLUMNS)} FROM households"  # noqa: S608
SELECT_DEPARTURES = f"SELECT {', '.join(DEPARTURE_COLUMNS)} FROM departures"  # noqa: S608
SAVE_HOUSEHOLD = upsert("households", HOUSEHOLD_COLUMNS)
SAVE_DEPARTURE = upsert("departures", DEPARTURE_COLUMNS)


async def households(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, DisplacedHousehold]:
    connection = await database.driver(session)
    rows = await connection.fetch(f"{SELECT_HOUSEHOLDS} WHERE household_id = ANY($1)", list(ids))
    return {row["household_id"]: _household.validate_python(dict(row)) for row in rows}


async def departures(session: AsyncSession, report_ids: Collection[UUID]) -> dict[UUID, Departure]:
    """The stored departure of each of these reports."""
    connection = await database.driver(session)
    rows = await connection.fetch(f"{SELECT_DEPARTURES} WHERE report_id = ANY($1)", list(report_ids))
    return {row["report_id"]: _departure.validate_python(dict(row)) for row in rows}


async def save_households(session: AsyncSession, known: Iterable[DisplacedHousehold]) -> None:
    await many(
        session, SAVE_HOUSEHOLD, [[getattr(household, column) for column in HOUSEHOLD_COLUMNS] for household in known]
    )


async def save_departures(session: AsyncSession, departures: Mapping[UUID, Departure | None]) -> None:
    """Stores the departures by report; None deletes the departure of that report."""
    connection = await database.driver(session)
    if none := [report_id for report_id, departure in departures.items() if departure is None]:
        await connection.execute("DELETE FROM departures WHERE report_id = ANY($1)", none)
    left = [departure for departure in departures.values() if departure is not None]
    await many(
        session, SAVE_DEPARTURE, [[getattr(departure, column) for column in DEPARTURE_COLUMNS] for departure in left]
    )
