"""The field form's page and its files; the page is the same for everybody, as the phone keeps it."""

from pathlib import Path
from typing import Any

from babel import Locale
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from shared.config import Settings
from shared.events.vocabulary import AgeBracket, HazardType, Sex
from shared.pages import Pages
from shared.places import Places

HERE = Path(__file__).parent
STATIC = HERE / "static"
SCOPE = "/intake/field"
COUNTRIES = ("RU", "KZ", "UZ", "TJ", "TR", "CN")  # where people of the country mostly are; any other is ZZ here
USUAL = (HazardType.MUDFLOW, HazardType.RIVER_FLOOD, HazardType.LANDSLIDE, HazardType.EARTHQUAKE)


class FieldForm:
    def __init__(self, settings: Settings, places: Places) -> None:
        self.settings, self.places = settings, places
        self.pages = Pages("intake", HERE / "templates", HERE.parent / "locales", settings)

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/field", self.page),
            Route("/field/worker.js", self.worker),
            Mount("/field/files", StaticFiles(directory=STATIC)),
        ]

    async def page(self, request: Request) -> Response:
        return self.pages.render(
            request, "field.html", status_of=self.settings.counted_status, units=self.units, countries=countries,
            hazards=[*USUAL, *(code for code in HazardType if code not in USUAL)],
            brackets=[bracket for bracket in AgeBracket if bracket is not AgeBracket.UNKNOWN], sexes=(Sex.FEMALE, Sex.MALE),
        )  # fmt: skip

    async def worker(self, _: Request) -> Response:
        """The script that answers without a signal; the header lets it stand before the page above its own folder."""
        return FileResponse(
            STATIC / "worker.js", headers={"service-worker-allowed": SCOPE, "cache-control": "no-cache"}
        )

    def units(self, language: str) -> list[dict[str, Any]]:
        """Each oblast or city with what lies in it."""
        options = self.places.options(language)
        return [
            {**top, "districts": [each for each in options if each["parent"] == top["pcode"]]}
            for top in options
            if top["level"] == 1
        ]


def countries(language: str) -> list[tuple[str, str]]:
    territories = Locale(language).territories
    return [(code, territories[code]) for code in COUNTRIES]
