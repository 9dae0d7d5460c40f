"""The layers of the map. A reader sees the same data in a layer as in the board's matching panel."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession

from services.console import board, displaced_people, visibility
from services.console.map import features, intensities
from services.console.queries import board_alerts, snapshots
from services.console.queries import groups as group_queries
from services.console.sections import UNACKNOWLEDGED
from services.console.state import console
from shared.auth import tokens
from shared.country import TIME_ZONE
from shared.events.vocabulary import MsgType, Status
from shared.pages import language_of

MOST = 2_000  # the largest number of hazards or alerts on the map
MOST_QUAKES = 200  # intensities are computed for at most this number of earthquakes, the strongest first

Layer = dict[str, Any]


async def units(request: Request, _: AsyncSession) -> Layer:
    places, language = console(request).places, language_of(request)
    own = places.within(tokens.current(request).areas)
    return features.collection(features.unit(unit, language, own, places) for unit in places.units())


async def boundaries(request: Request, _: AsyncSession) -> Layer:
    shapes = console(request).places.boundaries
    return await asyncio.to_thread(lambda: features.collection(features.boundary(*known) for known in shapes.items()))


async def settlements(request: Request, _: AsyncSession) -> Layer:
    """Returns the points of all settlements. The page reads them only when a person searches for a place."""
    here, language, today = console(request), language_of(request), datetime.now(TIME_ZONE).date()
    known = (settlement for settlement in here.places.gazetteer.settlements() if settlement.is_valid(today))
    return features.collection(features.settlement(settlement, language, here.places) for settlement in known)


async def hazards(request: Request, session: AsyncSession) -> Layer:
    """Returns the layer of hazards. `hidden` counts the hazards beyond the limit `MOST`."""
    now, here, language = datetime.now(UTC), console(request), language_of(request)
    rows = await snapshots.hazards(session, now, MOST, has_shapes=True)
    listed = [row for row in rows if row.msg_type != MsgType.CANCEL]
    hidden = await snapshots.hazards_in_force(session, now) - len(listed)
    return features.collection((features.hazard(row, now, language, here.places) for row in listed), hidden=hidden)


async def hazard(request: Request, session: AsyncSession, hazard_id: UUID) -> Layer:
    """Returns one hazard, for the small map on an alert's page. The hazard may have ended."""
    row = await snapshots.hazard(session, hazard_id)
    known = [] if row is None or row.status == Status.DRAFT else [row]
    now, here, language = datetime.now(UTC), console(request), language_of(request)
    return features.collection(features.hazard(hazard, now, language, here.places) for hazard in known)


async def shaking(request: Request, session: AsyncSession) -> Layer:
    """Returns the expected intensities. `uncomputed` counts the earthquakes in force without a computed intensity."""
    here, language, now = console(request), language_of(request), datetime.now(UTC)
    status = here.settings.counted_status
    quakes = await snapshots.strongest_quakes(session, now, status, MOST_QUAKES)
    uncomputed = await snapshots.quakes_uncomputed(session, now, status)
    # in a thread, because the computation for all settlements takes long and would block the event loop
    expected = await asyncio.to_thread(intensities.highest, quakes, here.known_points)
    shaken = (features.intensity(quake, language, here.places) for quake in expected)
    return features.collection(shaken, uncomputed=uncomputed)


async def alerts(request: Request, session: AsyncSession) -> Layer:
    here, language = console(request), language_of(request)
    pcodes = board.concerning(tokens.current(request), here.places)
    sections = await board_alerts.sections(session, datetime.now(UTC), pcodes, MOST, wanted=UNACKNOWLEDGED)
    listed = [alert for section in sections.values() for alert in section.alerts]
    hidden = sum(section.hidden for section in sections.values())
    return features.collection((features.alert(row, language, here.places) for row in listed), hidden=hidden)


async def displaced(request: Request, session: AsyncSession) -> Layer:
    """Returns displaced people by district. The layer contains no single household and no locality."""
    here, areas, now = console(request), tokens.current(request).areas, datetime.now(UTC)
    status, places = here.settings.counted_status, here.places
    shared = await here.shared_figures.of(session, areas)
    rows = await displaced_people.registered(session, shared, areas, status, places, now)
    counted = await displaced_people.counted(session, shared, areas, status, places, by_district=True)
    reported = await group_queries.newest_reports(session, status, areas, places)
    return features.collection(features.displaced(rows, counted, reported, language_of(request), places))


async def localities(request: Request, session: AsyncSession) -> Layer:
    """Returns people by locality, or by district for readers who may not see localities."""
    here, principal, language = console(request), tokens.current(request), language_of(request)
    status, places, by_district = here.settings.counted_status, here.places, not visibility.sees_localities(principal)
    shared = await here.shared_figures.of(session, principal.areas)

    async def drawn() -> Layer:
        counted = await displaced_people.counted(
            session, shared, principal.areas, status, places, by_district=by_district
        )
        return features.collection(features.localities(counted, language, places))

    return await shared.get(f"localities {language} {by_district}", displaced_people.GROUP_TOPICS, drawn)


LAYERS: Mapping[str, Callable[[Request, AsyncSession], Awaitable[Layer]]] = {
    "units": units,
    "boundaries": boundaries,
    "settlements": settlements,
    "hazards": hazards,
    "intensities": shaking,
    "alerts": alerts,
    "displaced": displaced,
    "localities": localities,
}
