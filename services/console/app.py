"""The web app of the console."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from fastapi import FastAPI
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from starlette.routing import Mount, Route

from services.console import (
    areas,
    installation_status,
    measures,
    own_reports,
    purposes,
    readmissions,
    routes,
    saved_filters,
    sheets,
    sites,
    waiting,
    wall,
)
from services.console.administration import enrolment_pages
from services.console.administration import pages as account_pages
from services.console.administration.telephones import Telephones
from services.console.config import ConsoleSettings
from services.console.hazards import entry, granted_hazards, releases
from services.console.hazards import pages as hazard_pages
from services.console.hazards.callers import Callers
from services.console.kept_rows import KeptRows
from services.console.manual import pages as manual_pages
from services.console.map import backgrounds
from services.console.map import routes as map_routes
from services.console.map.backgrounds import BackgroundFault
from services.console.positions import Positions
from services.console.search import pages as search_pages
from services.console.shared_figures import SharedFigures
from services.console.sign_in import device_tokens, own_sign_ins, second_factor
from services.console.sign_in import routes as signin
from services.console.sign_in.attempts import Attempts
from services.console.sign_in.bootstrap import first_administrator, given_password
from services.console.sign_in.totp import TotpSecrets
from services.console.state import SETTLEMENTS, Console, console_pages
from services.console.stream.listening import Listening
from services.console.stream.reader import EventStream
from shared import log, pages, wiring
from shared.auth.revocations import Revocations
from shared.auth.signer import Signer
from shared.config import secret
from shared.country import TIME_ZONE
from shared.crypto.envelope_encryption import EnvelopeEncryption
from shared.failures import retry_while_unavailable
from shared.messaging import ledger
from shared.pages.settlements import SettlementsFile
from shared.places import Places
from shared.places.points import KnownPoints
from shared.web import letter_routes, redrive_routes
from shared.web.letter_routes import LetterReading

logger = log.get()
HERE = Path(__file__).parent
# a retry could count one failed sign-in twice, and lock the person out too early
NO_RETRY = Retry(NoBackoff(), 0)

ROUTERS = (
    signin.router,
    device_tokens.router,
    own_sign_ins.router,
    account_pages.router,
    enrolment_pages.router,
    purposes.router,
    readmissions.router,
    saved_filters.api,
    releases.router,
    second_factor.router,
    entry.router,
    entry.api,
    granted_hazards.api,
    installation_status.router,
    own_reports.router,
    sheets.router,
    sites.router,
    waiting.router,
    waiting.api,
    manual_pages.router,
    map_routes.router,
    search_pages.router,
    hazard_pages.router,
    areas.router,
    routes.router,
)


def create_app(settings: ConsoleSettings, access: Revocations | None = None) -> FastAPI:
    revocations = access or Revocations(settings)
    places = Places.load(settings.places_path)
    settlements = SettlementsFile(places, datetime.now(TIME_ZONE).date())
    stream = EventStream(settings, places)
    listening, has_account = Listening(stream, revocations), asyncio.Event()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[Iterable[wiring.Task]]:
        given = given_password()

        async def first_account() -> None:
            """Runs in the background, because the web app must start even if PostgreSQL is unavailable."""
            await retry_while_unavailable(lambda: first_administrator(app.state.sessions, settings, given))
            has_account.set()

        async def check_background() -> None:
            background = await asyncio.to_thread(backgrounds.look, settings.map_pmtiles)
            if isinstance(background, BackgroundFault):
                logger.warning("map background not usable", setting="MAP_PMTILES", fault=background)

        redis = Redis.from_url(
            settings.redis_url, password=secret(settings.redis_password_file), socket_timeout=5, retry=NO_RETRY
        )
        app.state.pages = pages_of_console = console_pages(settings)
        encryption = EnvelopeEncryption(settings.callers_key_file)
        app.state.letter_reading = LetterReading(pages_of_console, places, encryption)
        async with aclosing(redis):
            app.state.console = state = Console(
                settings=settings,
                pages=pages_of_console,
                kept_rows=KeptRows(pages_of_console, places, settings.counted_status, exercise=settings.exercise),
                places=places,
                known_points=KnownPoints(places),
                signer=Signer(settings.token_private_key_file),
                attempts=Attempts(redis),
                callers=Callers(settings.callers_key_file),
                totp=TotpSecrets(settings.callers_key_file),
                telephones=Telephones(settings.callers_key_file),
                positions=Positions(app.state.engine),
                shared_figures=SharedFigures(),
                settlements=settlements,
                started_at=datetime.now(UTC),
                edition=await asyncio.to_thread(wall.edition),
            )
            yield (
                first_account(),
                check_background(),
                stream.run(app.state.sessions),
                listening.watch(app.state.sessions),
                state.attempts.run(),
                state.positions.run(),
            )

    async def is_reading(_: FastAPI) -> bool:
        return stream.is_reading

    async def has_first_account(_: FastAPI) -> bool:
        return has_account.is_set()

    return wiring.web_app(
        "console",
        settings,
        lifespan=lifespan,
        ready={**wiring.POSTGRESQL, "stream": is_reading, "accounts": has_first_account},
        measures=[measures.installation, measures.monitoring(settings), measures.tokens, measures.search],
        revocations=revocations,
        routers=[
            *ROUTERS,
            ledger.routes("console"),
            redrive_routes.routes("console"),
            letter_routes.routes("console"),
        ],
        routes=[
            Route("/stream", listening, methods=["GET"]),
            Route(SETTLEMENTS, settlements.answer, methods=["GET"]),
            Mount("/static", pages.static(HERE / "static")),
        ],
    )
