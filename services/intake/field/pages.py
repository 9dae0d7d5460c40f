"""The field form's page and files. Phones cache the page, so the page is the same for everybody."""

import os
from collections.abc import Awaitable, Callable
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from services.intake.config import IntakeSettings
from services.intake.field.map_places import MapPlacesFile
from services.intake.phone_keys import PhoneKeys
from shared.config import Settings
from shared.country import ABROAD, TIME_ZONE
from shared.displacement_reasons import BY_ONSET
from shared.events.movements import HAVE_A_DESTINATION, NEED_A_DESTINATION
from shared.events.vocabulary import AgeBracket, HazardType, Movement, Severity, Sex
from shared.pages import Pages
from shared.pages.formats import country_options
from shared.pages.languages import language_of
from shared.pages.packed_files import PackedFile
from shared.pages.pages import HERE as SHARED_PAGES
from shared.pages.settlements import SettlementsFile
from shared.places import Places
from shared.shelters import BY_ARRANGEMENT

HERE = Path(__file__).parent
PAGE = "/intake/field"
STATIC = HERE / "static"
SCOPE = "/"  # `/field` is printed on paper, so the service worker must control this address as well.
USUAL_COUNTRIES = ("RU", "KZ", "UZ", "TJ", "TR", "CN")  # most emigrants from Kyrgyzstan live in these countries
# The phone uses these colours for its own bars, and for the app's screen before the first page.
COLOUR, GROUND = "#0b5cad", "#eef1f4"
KINDS = (".css", ".html", ".js", ".po", ".png", ".py", ".svg")
SHOWN = {"exercise", "intake_location_metres", "institution_ky", "institution_ru", "institution_en"}
ICONS = [  # drawn by `make icons`
    {"src": f"/static/icon-{size}.png", "sizes": f"{size}x{size}", "type": "image/png"} for size in (192, 512)
] + [{"src": "/static/icon-maskable-512.png", "sizes": "512x512", "type": "image/png", "purpose": "maskable"}]
USUAL = (HazardType.MUDFLOW, HazardType.RIVER_FLOOD, HazardType.LANDSLIDE, HazardType.EARTHQUAKE)


class FieldForm:
    def __init__(self, settings: IntakeSettings, places: Places, keys: PhoneKeys) -> None:
        self.settings, self.places, self.keys = settings, places, keys
        self.pages = Pages("intake", HERE / "templates", HERE.parent / "locales", settings)
        self.settlements = SettlementsFile(places, datetime.now(TIME_ZONE).date())
        self.map_places = MapPlacesFile(places)
        self.release = release(settings, places, self.settlements.version + self.map_places.version)
        worker = (STATIC / "worker.js").read_text(encoding="utf-8")
        self.script = worker.replace('RELEASE = ""', f'RELEASE = "{self.release}"')

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/field", self.page),
            Route("/field/worker.js", self.worker),
            Route("/field/key", self.key),
            Route("/field/app.webmanifest", self.manifest),
            Route("/field/files/{release}/settlements.json", self.of_release(self.settlements)),
            Route("/field/files/{release}/map-places.json", self.of_release(self.map_places)),
            Mount("/field/files", Files(self.release)),
        ]

    async def page(self, request: Request) -> Response:
        return self.pages.render(
            request,
            "field.html",
            release=self.release,
            colour=COLOUR,
            metres=self.settings.intake_location_metres,
            status_of=self.settings.counted_status,
            units=self.units,
            usual_countries=(*USUAL_COUNTRIES, ABROAD),
            countries=country_options,
            hazards=[*USUAL, *(code for code in HazardType if code not in USUAL)],
            severities=list(Severity),
            brackets=[bracket for bracket in AgeBracket if bracket is not AgeBracket.UNKNOWN],
            sexes=(Sex.FEMALE, Sex.MALE),
            reasons=BY_ONSET,
            shelters=BY_ARRANGEMENT,
            movements=list(Movement),
            need_a_destination=NEED_A_DESTINATION,
            have_a_destination=HAVE_A_DESTINATION,
        )

    async def worker(self, _: Request) -> Response:
        """A response header lets the service worker control pages outside its own folder."""
        headers = {"service-worker-allowed": SCOPE, "cache-control": "no-cache"}
        return Response(self.script, media_type="text/javascript", headers=headers)

    async def key(self, _: Request) -> Response:
        return JSONResponse(self.keys.newest._asdict(), headers={"cache-control": "no-cache"})

    async def manifest(self, request: Request) -> Response:
        """The manifest, with which a phone can install the form as an app."""
        language = language_of(request)
        name = self.pages.gettext(language, "Field form")
        short = "Dayar" if language == "en" else "Даяр"
        if self.settings.exercise:  # The name says "exercise", so that nobody takes the app for the real app.
            short = self.pages.gettext(language, "EXERCISE")
            name = f"{short} · {name}"
        content = {
            "id": PAGE,
            "name": f"{name} · {getattr(self.settings, f'institution_{language}')}",
            "short_name": short,
            "lang": language,
            "start_url": f"{PAGE}?lang={language}",
            "scope": PAGE,
            "display": "standalone",
            "theme_color": COLOUR,
            "background_color": GROUND,
            "icons": ICONS,
        }
        headers = {"cache-control": "no-cache"}
        return JSONResponse(content, headers=headers, media_type="application/manifest+json")

    def of_release(self, file: PackedFile) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            is_own = request.path_params["release"] == self.release
            return await file.answer(request) if is_own else Response(status_code=404)

        return answer

    def units(self, language: str) -> list[dict[str, Any]]:
        options = self.places.options(language)
        return [
            {**top, "districts": [option for option in options if option["parent"] == top["pcode"]]}
            for top in options
            if top["level"] == 1
        ]


class Files(StaticFiles):
    """The folder is named after the release.

    A cached page therefore always loads the scripts of its own release. The form imports all its scripts from this one
    folder, so the folder also contains the shared scripts.
    """

    def __init__(self, release: str) -> None:
        super().__init__(directory=STATIC)
        self.all_directories = [*self.all_directories, SHARED_PAGES / "static"]
        self._release = release

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        named, _, file = path.partition("/")
        return super().lookup_path(file) if named == self._release else ("", None)


def release(settings: Settings, places: Places, lists: str) -> str:
    """A hash of everything that the page and its files are made of."""
    digest = sha256(f"{places.version} {lists} {settings.model_dump_json(include=SHOWN)}".encode())
    for folder in (HERE, HERE.parent / "locales", SHARED_PAGES):
        for file in sorted(file for file in folder.rglob("*") if file.suffix in KINDS):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
