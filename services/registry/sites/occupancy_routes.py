"""Routes for the number of people at each site, and the part of the board that lists the sites with most people."""

from collections.abc import Collection
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from services.registry.record_pages import name_of
from services.registry.sites import queries as site_queries
from services.registry.sites.occupancies import Occupancy, occupancies
from services.registry.visibility import visibility_of
from shared.auth import tokens
from shared.auth.tokens import Principal
from shared.pages import Pages, language_of
from shared.postgres.database import Session

router = APIRouter()
Caller = Annotated[Principal, Depends(tokens.current)]
MOST = 1_000
# the board reads at most MOST_SITES sites, and shows the MOST_SHOWN sites with the most people
MOST_SITES, MOST_SHOWN = 20_000, 30


class OccupancyView(BaseModel):
    """The number of people at a site. If teams disagree, the number is between `lowest` and `highest`.

    `reports` are the added counts. If `has_partial_counts` is true, the number may be too high, because several counts
    may include the same people. `registered_came` and `registered_left` are the persons of registered households who
    came or left after a count. Both `lowest` and `highest` include persons who came after a count, and leave out
    persons who left. `registered` are all registered persons who are at the site now. `is_registered` is true if nobody
    has counted everybody at the site, and more registered persons are there than all counts together have. The number
    of people is then the number of registered persons. Without counts, `counted_at` is null.
    """

    model_config = ConfigDict(from_attributes=True)

    lowest: int
    highest: int
    counted_at: datetime | None
    reports: tuple[UUID, ...]
    has_partial_counts: bool
    registered_came: int
    registered_left: int
    registered: int
    is_registered: bool
    counted_at_precision: str


class Occupancies(BaseModel):
    """The occupancy of each site in the caller's areas. None means that no report places people at the site."""

    occupancies: dict[UUID, OccupancyView | None]
    next: UUID | None = None


@router.get("/v1/occupancies")
async def people_at_sites(
    request: Request,
    session: Session,
    caller: Caller,
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = MOST,
) -> Occupancies:
    """The people at each site, by counts, later movements and registered persons, in the order of the sites' ids."""
    visibility = visibility_of(caller, request.app.state.places)
    site_ids = await site_queries.visible_ids(session, visibility, limit, after)
    by_site = await occupancies_of(request, session, site_ids)
    return Occupancies(
        occupancies={
            site_id: OccupancyView.model_validate(by_site[site_id]) if site_id in by_site else None
            for site_id in site_ids
        },
        next=site_ids[-1] if len(site_ids) == limit else None,
    )


@router.get("/occupied-sites", include_in_schema=False)
async def occupied_sites(request: Request, session: Session, caller: Caller) -> Response:
    """The part of the board about sites with people in the caller's areas, the sites with most people first."""
    places, language = request.app.state.places, language_of(request)
    site_ids = await site_queries.visible_ids(session, visibility_of(caller, places), MOST_SITES)
    by_site = await occupancies_of(request, session, site_ids)
    occupied = sorted(
        (site_id for site_id, occupancy in by_site.items() if occupancy.highest),
        key=lambda site_id: (-by_site[site_id].highest, site_id),
    )
    shown = {site.site_id: site for site in await site_queries.named(session, occupied[:MOST_SHOWN])}
    pages: Pages = request.app.state.pages
    return pages.render(
        request,
        "occupied-sites.html",
        rows=[(shown[site_id], by_site[site_id]) for site_id in occupied if site_id in shown],
        occupied=len(occupied),
        name_of=lambda site: name_of(site, language),
        places=places,
    )


async def occupancies_of(request: Request, session: AsyncSession, site_ids: Collection[UUID]) -> dict[UUID, Occupancy]:
    state = request.app.state
    counts = await site_queries.counts(session, state.settings.counted_status, site_ids)
    registered = await site_queries.registered(session, state.search, state.settings.counted_status, site_ids)
    return occupancies(counts, registered)
