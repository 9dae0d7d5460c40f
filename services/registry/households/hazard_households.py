"""A part of the console's page of a hazard: how many registered households last left because of the hazard.

The part contains no personal data. A link leads to the search, which logs each household that is shown.
"""

from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.registry import queries
from services.registry.record_pages import render
from services.registry.routes import Caller
from services.registry.visibility import figures_of
from shared.auth import role_groups
from shared.postgres.database import Session

router = APIRouter(include_in_schema=False)


@router.get("/hazards/{hazard_id}/households")
async def hazard_households(hazard_id: UUID, request: Request, session: Session, caller: Caller) -> Response:
    """The households in the caller's areas whose latest displacement was caused by the hazard.

    A household that was displaced again for another reason is not counted.
    """
    visibility = figures_of(caller, request.app.state.places)
    status = request.app.state.settings.counted_status
    return render(
        request,
        "hazard-households.html",
        hazard_id=hazard_id,
        counts=await queries.of_hazard(session, hazard_id, status, visibility),
        may_search=not caller.roles.isdisjoint(role_groups.COUNTERS),
    )
