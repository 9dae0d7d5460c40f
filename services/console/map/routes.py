"""The page of the map, its layers as GeoJSON, and its detailed background."""

import asyncio
import re
from functools import partial
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic_core import to_json
from starlette.responses import FileResponse, Response

from services.console.freshness import once_there, position_of
from services.console.map import backgrounds, layers
from services.console.map.backgrounds import Background, BackgroundFault, BadBackground
from services.console.map.features import FIELD_HOURS
from services.console.map.layers import LAYERS
from services.console.queries import snapshots
from services.console.state import console
from services.console.stream import vectors
from services.console.visibility import TOPICS, sees_localities
from shared.auth import role_groups, tokens
from shared.pages import language_of
from shared.web.problems import Problem

router = APIRouter(include_in_schema=False)
RANGE = re.compile(r"bytes=([0-9]{1,15})-([0-9]{1,15})")
MOST_BYTES = 16 * 1_048_576  # the longest byte range in one answer; every tile and directory is far smaller


@router.get("/map")
async def map_page(request: Request, takes_point: bool = False) -> Response:
    """Shows the map. With `takes_point`, a person chooses a point for the form of a new event."""
    here, principal = console(request), tokens.current(request)
    background = await asyncio.to_thread(backgrounds.look, here.settings.map_pmtiles)
    async with request.app.state.sessions() as session:
        vector = vectors.encoded(await snapshots.positions(session), TOPICS)
    return here.pages.render(
        request,
        "map.html",
        vector=vector,
        field_hours=FIELD_HOURS,
        places=here.places.options(language_of(request)),
        settlements=here.settlements_path,
        sees_localities=sees_localities(principal),
        own_areas=[here.places.name(area, language_of(request)) for area in sorted(principal.areas)],
        may_report=not principal.roles.isdisjoint(role_groups.CMC),
        takes_point=takes_point,
        sees_figures=not principal.roles.isdisjoint(role_groups.FIGURES),
        sees_sites=not principal.roles.isdisjoint(role_groups.COUNTERS),
        background=background.described() if isinstance(background, Background) else None,
        background_fault=background if isinstance(background, BackgroundFault) else None,
    )


@router.get("/map/background.pmtiles")
async def map_background(request: Request) -> Response:
    """Sends one range of the PMTiles file. The console never sends the whole file, which may have many gigabytes."""
    path = console(request).settings.map_pmtiles
    try:
        known = await asyncio.to_thread(backgrounds.usable_stat, path) if path else None
    except BadBackground:
        known = None
    if path is None or known is None:
        raise Problem(404, "not-found", "This installation has no detailed background of the map.")
    byte_range = RANGE.fullmatch(request.headers.get("range", ""))
    # an If-Range with an old value would make FileResponse send the whole file
    if byte_range is None or "if-range" in request.headers or int(byte_range[2]) - int(byte_range[1]) >= MOST_BYTES:
        raise Problem(416, "range", f"Send one range of at most {MOST_BYTES} bytes, as in: Range: bytes=0-16383")
    return FileResponse(path, media_type="application/vnd.pmtiles", stat_result=known)


@router.get("/console/v1/map/{layer}")
async def map_layer(request: Request, layer: str, at: str = "", hazard: UUID | None = None) -> Response:
    """Returns a layer as GeoJSON. If the URL names a `hazard`, the layer `hazards` contains only this hazard.

    The browser states its position `at`. The answer waits up to 3 seconds until the worker has stored all records
    before `at`.
    """
    read = partial(layers.hazard, hazard_id=hazard) if layer == "hazards" and hazard else LAYERS.get(layer)
    if read is None:
        raise Problem(404, "not-found", "There is no such layer.")
    content, headers = await once_there(request, position_of(at), lambda session: read(request, session))
    # a layer may have a megabyte, and the standard library's encoder is five times slower
    return Response(to_json(content), headers=headers, media_type="application/json")
