"""The page where the desk sends a file with a list of households. The browser sends the file to intake."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.console.hazards.entry import hazards
from services.console.state import console
from shared.displacement_reasons import BY_ONSET
from shared.pages import language_of
from shared.shelters import BY_ARRANGEMENT

router = APIRouter(include_in_schema=False)


@router.get("/sheets")
async def sheets_page(request: Request) -> Response:
    here = console(request)
    return here.pages.render(
        request,
        "sheets.html",
        hazards=hazards(request),
        places=here.places.options(language_of(request)),
        reasons=BY_ONSET,
        shelters=BY_ARRANGEMENT,
    )
