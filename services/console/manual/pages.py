"""The page of the operators' manual, and its pictures."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.console.manual.manuals import HERE, manual
from services.console.state import console
from shared.pages import language_of
from shared.pages.files import PageFiles

router = APIRouter(include_in_schema=False)
PICTURES = PageFiles(directory=HERE / "pictures")


@router.get("/manual")
async def manual_page(request: Request) -> Response:
    return console(request).pages.render(request, "manual.html", manual=manual(language_of(request)))


@router.get("/manual/pictures/{language}/{name}")
async def manual_picture(request: Request, language: str, name: str) -> Response:
    return await PICTURES.get_response(f"{language}/{name}", request.scope)
