"""The page of an oblast or a district: its displaced people, hazards and alerts, and the time of the last report.

The map shows the same facts after a click on the district.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import and_
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from services.console import board, displaced_people, visibility
from services.console.groups import CountedGroups, CountRange
from services.console.map import features, positions
from services.console.models import BoardAlert, BoardHazard
from services.console.queries import board_alerts, snapshots
from services.console.queries import groups as group_queries
from services.console.search.lines import hazard_state
from services.console.sections import Section
from services.console.state import console
from shared.auth import role_groups, tokens
from shared.auth.tokens import Principal
from shared.events.vocabulary import MsgType
from shared.pages import language_of
from shared.places import Places
from shared.postgres.database import Session
from shared.web.problems import Problem

router = APIRouter(include_in_schema=False)
MOST = 2_000
OPEN = (Section.WAITING, Section.UNSEEN, Section.ACKNOWLEDGED, Section.IN_PROGRESS)


@router.get("/areas/{pcode}")
async def area_page(pcode: str, request: Request, session: Session) -> Response:
    """Staff may open every area, but the page shows people and alerts only of the reader's own areas."""
    here, principal, now = console(request), tokens.current(request), datetime.now(UTC)
    unit = here.places.unit(pcode)
    if unit is None:
        raise Problem(404, "not-found", "There is no such area.")
    hazards, hazards_hidden = await hazards_of(session, pcode, here.places, now)
    alerts, alerts_hidden = await alerts_of(session, pcode, principal, here.places, now)
    shown = shown_codes(principal, pcode, here.places)
    people, counted = await people_of(request, session, shown, now)
    reported = [row["reported_at"] for row in people if row["reported_at"]]
    return here.pages.render(
        request,
        "area.html",
        unit=unit,
        now=now,
        hazards=hazards,
        hazards_hidden=hazards_hidden,
        alerts=alerts,
        alerts_hidden=alerts_hidden,
        people=people,
        counted_persons=sum(
            (CountRange(row["counted_lowest"], row["counted_highest"]) for row in people), CountRange()
        ),
        groups=counted,
        groups_most=MOST,
        reported_at=max(
            chain(map(datetime.fromisoformat, reported), (hazard.received_at for hazard in hazards)), default=None
        ),
        is_own=bool(shown),
        is_whole=shown == here.places.within([pcode]),
        own_areas=[here.places.name(area, language_of(request)) for area in sorted(principal.areas)],
        counted=here.settings.counted_status,
        places=here.places,
        state_of=lambda hazard: hazard_state(hazard, now),
        row=partial(here.kept_rows.row, language_of(request)),
        whereabouts=lambda pcodes: board.whereabouts(pcodes, here.places, language_of(request)),
        may_count=not principal.roles.isdisjoint(role_groups.COUNTERS),
    )


def concerns(pcodes: Sequence[str], area: str, places: Places) -> bool:
    """Returns True if an event in `pcodes` concerns `area`. An event in an oblast concerns all its districts."""
    around = places.around([area])
    return around is None or not around.isdisjoint(positions.districts(pcodes, places))


def shown_codes(principal: Principal, area: str, places: Places) -> frozenset[str]:
    inside, own = places.within([area]) or frozenset(), places.within(principal.areas)
    return inside if own is None else inside & own


async def hazards_of(session: AsyncSession, pcode: str, places: Places, now: datetime) -> tuple[list[BoardHazard], int]:
    touches = board_alerts.touch(BoardHazard.pcodes.expression, places.around([pcode]))
    is_chosen = and_(BoardHazard.msg_type != MsgType.CANCEL, touches)
    rows = await snapshots.hazards(session, now, MOST, is_chosen=is_chosen)
    hidden = await snapshots.hazards_in_force(session, now, is_chosen) - len(rows)
    return [row for row in rows if concerns(row.pcodes, pcode, places)], hidden


async def alerts_of(
    session: AsyncSession, pcode: str, principal: Principal, places: Places, now: datetime
) -> tuple[list[tuple[Section, BoardAlert]], int]:
    touches = board_alerts.touch(BoardAlert.pcodes.expression, places.around([pcode]))
    sections = await board_alerts.sections(
        session, now, board.concerning(principal, places), MOST, touches, wanted=OPEN
    )
    listed = [(section, alert) for section in OPEN for alert in sections[section].alerts]
    hidden = sum(sections[section].hidden for section in OPEN)
    return [(section, alert) for section, alert in listed if concerns(alert.pcodes, pcode, places)], hidden


async def people_of(
    request: Request, session: AsyncSession, codes: frozenset[str], now: datetime
) -> tuple[list[dict[str, Any]], CountedGroups]:
    """Returns no groups for readers who may not see localities."""
    here, principal = console(request), tokens.current(request)
    places, status = here.places, here.settings.counted_status
    if not codes:
        return [], CountedGroups([])
    shared = await here.shared_figures.of(session, codes)
    rows = await displaced_people.registered(session, shared, codes, status, places, now)
    by_district = await displaced_people.counted(session, shared, codes, status, places, by_district=True)
    reported = await group_queries.newest_reports(session, status, codes, places)
    drawn = features.displaced(rows, by_district, reported, language_of(request), places)
    people = [feature["properties"] for feature in drawn if feature["properties"]["id"] in codes]
    if not visibility.sees_localities(principal):
        return people, CountedGroups([])
    by_village = await displaced_people.counted(session, shared, codes, status, places, by_district=False)
    inside = [line for line in by_village.here if line.place.pcode and places.district(line.place.pcode) in codes]
    return people, CountedGroups(inside)
