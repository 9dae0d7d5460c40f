"""The page of sites. The browser reads and changes the sites in the registry.

The console adds only the names of units.
"""

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.console.state import console
from shared.events.vocabulary import SiteNeed, SiteState, SiteType
from shared.pages import language_of

router = APIRouter(include_in_schema=False)


@router.get("/sites")
async def sites_page(request: Request) -> Response:
    here = console(request)
    return here.pages.render(
        request,
        "sites.html",
        places=here.places.options(language_of(request)),
        settlements=here.settlements_path,
        types=list(SiteType),
        states=list(SiteState),
        needs=list(SiteNeed),
    )
