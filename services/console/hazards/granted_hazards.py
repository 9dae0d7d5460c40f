"""The route by which another system reads the Restricted hazards of the areas that were granted to it."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from services.console import visibility
from services.console.hazards.granted_content import GRANTED_FIELDS, GrantedHazard
from services.console.models import BoardHazard
from services.console.queries import hazard_grants
from services.console.state import console
from shared import audit
from shared.audit import Action, Result
from shared.auth import tokens
from shared.postgres.database import Session
from shared.web import cursors
from shared.web.problems import Problem

api = APIRouter()


class GrantedHazards(BaseModel):
    """A page of hazards. `next` is the `cursor` of the next page, or null after the last page."""

    hazards: list[GrantedHazard]
    next: str | None = None


@api.get("/v1/restricted-hazards")
async def restricted_hazards(
    request: Request,
    session: Session,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
) -> GrantedHazards:
    """The Restricted hazards of the areas that an administrator granted to this account.

    The hazard received last comes first.
    """
    after = cursors.decoded(cursor)
    caller = tokens.current(request)
    granted = await hazard_grants.areas(session, caller.account) if visibility.may_be_granted(caller) else ()
    if not granted:
        refused = audit.entry_of(request, Action.READ, result=Result.REFUSED, reason="not-granted")
        await audit.write(request.app.state.sessions, refused)
        raise Problem(404, "not-granted", "No restricted hazards are granted to this account.")
    around = console(request).places.around(granted)
    rows = await hazard_grants.hazards(session, around, limit, after)
    await audit.add(session, audit.entry_of(request, Action.READ, objects=[row.hazard_id for row in rows]))
    return GrantedHazards(
        hazards=[_granted(row) for row in rows],
        next=cursors.encoded(rows[-1].received_at, rows[-1].hazard_id) if len(rows) == limit else None,
    )


def _granted(row: BoardHazard) -> GrantedHazard:
    point = None if row.lat is None else {"lat": row.lat, "lon": row.lon}
    fields: dict[str, Any] = {name: getattr(row, name) for name in GRANTED_FIELDS}
    return GrantedHazard.model_validate({**fields, "area": {"pcodes": row.pcodes, "point": point}})
