"""The page of the map, and its layers as GeoJSON."""

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from services.console.freshness import once_there, position_of
from services.console.map.features import FIELD_HOURS
from services.console.map.layers import LAYERS
from services.console.queries import snapshots
from services.console.state import console
from services.console.stream import vectors
from services.console.visibility import TOPICS, sees_localities
from shared.auth import access, tokens
from shared.pages import language_of
from shared.web.problems import Problem

router = APIRouter(include_in_schema=False)


@router.get("/map")
async def map_page(request: Request, takes_point: bool = False) -> Response:
    """The map. With `takes_point`, it was opened by the form for a new event, and gives the form a point."""
    here, principal = console(request), tokens.current(request)
    async with request.app.state.sessions() as session:
        vector = vectors.encoded(await snapshots.positions(session), TOPICS)
    return here.pages.render(
        request,
        "map.html",
        vector=vector,
        field_hours=FIELD_HOURS,
        sees_localities=sees_localities(principal),
        own_areas=[here.places.name(area, language_of(request)) for area in sorted(principal.areas)],
        may_report=not principal.roles.isdisjoint(access.CMC),
        takes_point=takes_point,
        sees_sites=not principal.roles.isdisjoint(access.COUNTERS),
    )


@router.get("/console/v1/map/{layer}")
async def map_layer(request: Request, layer: str, at: str = "") -> Response:
    """A layer as GeoJSON.

    Waits up to 3 seconds until the worker has stored all records before the position `at`, which the browser has
    reached.
    """
    read = LAYERS.get(layer)
    if read is None:
        raise Problem(404, "not-found", "There is no such layer.")
    content, headers = await once_there(request, position_of(at), lambda session: read(request, session))
    return JSONResponse(content, headers=headers)
