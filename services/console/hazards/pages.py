"""The page of one hazard: all its texts, its area and times, its public version, and its alerts."""

from datetime import UTC, datetime
from uuid import UUID

from fastapi import APIRouter, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from services.console import board
from services.console.hazards import corrections, releases
from services.console.map import features
from services.console.models import BoardHazard
from services.console.queries import board_alerts, snapshots
from services.console.queries import releases as release_queries
from services.console.search.lines import Related, ResultLine, ResultLines, hazard_state
from services.console.state import console
from shared.auth import role_groups, tokens
from shared.events.vocabulary import Status
from shared.pages import language_of
from shared.pages.languages import LANGUAGES
from shared.postgres.database import Session
from shared.web.problems import Problem

router = APIRouter(include_in_schema=False)
MOST_ALERTS = 100


@router.get("/hazards/{hazard_id}")
async def hazard_page(hazard_id: UUID, request: Request, session: Session) -> Response:
    """Staff may open every hazard, and other systems may open no hazard."""
    hazard = await snapshots.hazard(session, hazard_id)
    if hazard is None or hazard.status == Status.DRAFT:
        raise Problem(404, "not-found", "There is no such hazard.")
    here, language, now = console(request), language_of(request), datetime.now(UTC)
    principal = tokens.current(request)
    release = await release_queries.release(session, hazard_id)
    lines = await alerts(request, session, hazard, now)
    return here.pages.render(
        request,
        "hazard.html",
        hazard=hazard,
        texts=texts(hazard, language),
        where=board.whereabouts(hazard.pcodes, here.places, language),
        locality=here.places.locality_name(hazard.area, hazard.locality_pcode, language),
        validity=hazard_state(hazard, now),
        public=releases.state(hazard, release, None, unreleased_since=None, now=now),
        alerts=lines,
        most=MOST_ALERTS if len(lines) == MOST_ALERTS else None,
        counted=here.settings.counted_status,
        area={"pcodes": hazard.pcodes, "feature": features.hazard(hazard, now, language, here.places)},
        may_correct=corrections.may_correct(principal, hazard),
        sees_groups=not principal.roles.isdisjoint(role_groups.COUNTERS),
        may_release=not principal.roles.isdisjoint(role_groups.CMC),
    )


def texts(hazard: BoardHazard, language: str) -> list[tuple[str, dict[str, str]]]:
    order = [language, *LANGUAGES]
    return sorted(hazard.text.items(), key=lambda text: order.index(text[0]) if text[0] in order else len(order))


async def alerts(request: Request, session: AsyncSession, hazard: BoardHazard, now: datetime) -> list[ResultLine]:
    here = console(request)
    pcodes = board.concerning(tokens.current(request), here.places)
    newest = await board_alerts.of_hazard(session, hazard.hazard_id, pcodes, MOST_ALERTS)
    lines = ResultLines(here.pages, here.places, language_of(request), now)
    return lines.of(newest, Related({hazard.hazard_id: hazard.source}, {}))
