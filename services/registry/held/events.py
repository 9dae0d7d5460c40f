"""The registry's events about people who are known only from held reports.

The alerts service counts the people in held reports.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.counts.headcounts import Headcount
from services.registry.counts.pools import OTHERS, headcount, typed_sites
from services.registry.counts.standings import Recounts
from services.registry.held.people import HeldChange
from services.registry.held.stocks import unpublished
from services.registry.households.events import SOURCE
from services.registry.places.typed_sites import TypedSites
from shared import events, tracing
from shared.country import TIME_ZONE
from shared.crypto.randomness import random_id
from shared.events import EventData, GroupHeld, HouseholdHeld, Message, Place
from shared.events.displacements import GroupClear
from shared.places import Places
from shared.postgres import database

# raw SQL: one statement draws several numbers of the sequence
SEQUENCES = "SELECT nextval('held_sequence') FROM generate_series(1, $1)"


async def held_events(
    session: AsyncSession, changes: Sequence[HeldChange], places: Places, now: datetime
) -> list[Message]:
    """No event is published about a held count whose stock is the same as in the last event.

    The caller has locked these households and groups, so that later events get higher sequences.
    """
    if not changes:
        return []
    connection = await database.driver(session)
    held = [Headcount.of(change.filed) for change in changes if isinstance(change.filed.clear, GroupClear)]
    sites = await typed_sites(connection, places, held) if held else TypedSites(())
    counts = {count.report_id: count.at_typed_site(sites) for count in held}
    stocks = await stocks_of(list(counts.values()), connection, places, sites)
    changes = await unpublished(session, changes, counts, stocks)
    sequences = [row["nextval"] for row in await connection.fetch(SEQUENCES, len(changes))]
    return [
        published(event(change, sequence, places, stocks), now)
        for change, sequence in zip(changes, sequences, strict=True)
    ]


def published(event: EventData, now: datetime) -> Message:
    with tracing.caused_by(str(event.key)):
        return events.message(event, id=random_id(), source=SOURCE, time=now)


async def stocks_of(counts: Sequence[Headcount], connection: Any, places: Places, sites: TypedSites) -> dict[str, UUID]:
    """Recorded counts of the same people may name the hazard that the held count lacks."""
    populations = {count.population for count in counts if count.population}
    rows = await connection.fetch(OTHERS, list(populations), [], [], []) if populations else []
    recorded = [headcount(row, places).at_typed_site(sites) for row in rows]
    return {count.report_id: UUID(Recounts([count, *recorded]).with_hazard(count).stock_id) for count in counts}


def event(change: HeldChange, sequence: int, places: Places, stocks: Mapping[str, UUID]) -> EventData:
    filed, clear = change.filed, change.filed.clear
    fields: dict[str, Any] = {
        "report_id": UUID(filed.report_id),
        "version": clear.version,
        "sequence": sequence,
        "is_held": change.is_held,
        "status": clear.status,
        "occurred_on": clear.occurred_at.astimezone(TIME_ZONE).date(),
        "occurred_on_precision": clear.occurred_at_precision,
        "mobility": clear.mobility,
        "origin": district(clear.origin, places),
        "destination": district(clear.destination, places),
        "persons": clear.persons,
        "places_version": filed.places_version,
        "reported_on": filed.known_at.astimezone(TIME_ZONE).date(),
    }
    if not isinstance(clear, GroupClear):
        return HouseholdHeld(household_id=clear.household_id, **fields)
    fields["reported_on"] = Headcount.of(filed).counted_at.astimezone(TIME_ZONE).date()
    return GroupHeld(
        group_id=clear.group_id,
        stock_id=stocks[filed.report_id],
        measure=clear.measure,
        households=clear.households,
        household_unit=clear.household_unit,
        **fields,
    )


def district(place: Place, places: Places) -> Place:
    """An event about a held report must name no place that is smaller than a district."""
    return Place(pcode=places.district(place.pcode)) if place.pcode else place
