"""A part of the console's page of a hazard: the counted groups that left because of the hazard."""

from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.registry.groups import queries as group_queries
from services.registry.record_pages import render, site_links
from services.registry.routes import Caller
from services.registry.visibility import visibility_of
from shared.postgres.database import Session

router = APIRouter(include_in_schema=False)
MOST = 100


@router.get("/hazards/{hazard_id}/groups")
async def hazard_groups(hazard_id: UUID, request: Request, session: Session, caller: Caller) -> Response:
    """The newest counts that name the hazard, of groups whose pages the caller may open."""
    places = request.app.state.places
    counts = await group_queries.of_hazard(session, hazard_id, visibility_of(caller, places), MOST)
    readable = await group_queries.readable(session, {count.group_id for count in counts}, caller, places)
    shown = [count for count in counts if count.group_id in readable]
    sites = await site_links(session, request, caller, {count.site_id for count in shown if count.site_id})
    return render(request, "hazard-groups.html", counts=shown, sites=sites, most=MOST if len(counts) == MOST else None)
