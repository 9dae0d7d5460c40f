"""A part of the console's page of a hazard: the counted groups that left because of the hazard."""

from functools import partial
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.registry.groups import queries as group_queries
from services.registry.groups.timelines import why_not_counted
from services.registry.record_pages import render, site_links
from services.registry.routes import Caller
from services.registry.visibility import visibility_of
from shared.postgres.database import Session

router = APIRouter(include_in_schema=False)
MOST = 100


@router.get("/hazards/{hazard_id}/groups")
async def hazard_groups(hazard_id: UUID, request: Request, session: Session, caller: Caller) -> Response:
    """The people of the groups that left because of the hazard, by present place.

    The caller may open the pages of all listed groups.
    """
    places = request.app.state.places
    rows = await group_queries.of_hazard(session, hazard_id, visibility_of(caller, places), MOST)
    readable = await group_queries.readable(session, {row.group_id for row in rows}, caller, places)
    shown = [row for row in rows if row.group_id in readable]
    sites = await site_links(session, request, caller, {row.site_id for row in shown if row.site_id})
    return render(
        request,
        "hazard-groups.html",
        parts=shown,
        sites=sites,
        most=MOST if len(rows) == MOST else None,
        why_not_counted=partial(why_not_counted, counted_status=request.app.state.settings.counted_status),
    )
