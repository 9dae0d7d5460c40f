"""The web app of intake."""

from collections.abc import AsyncIterator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from starlette.routing import Route

from services.intake import hazard_proposals, openapi, own_report_routes, phone_key_uses, receipt_routes, sheet_routes
from services.intake.admission import Admission, AdmissionRules
from services.intake.config import IntakeSettings
from services.intake.counts import AdmissionMetrics, Counts
from services.intake.deduplication import Deduplication
from services.intake.drafting import THREADS, Drafting
from services.intake.fast_path import FastPath, PathParameters
from services.intake.feeds import measures
from services.intake.feeds import pages as feed_pages
from services.intake.feeds import routes as feeds
from services.intake.feeds.routes import FeedMetrics
from services.intake.field.pages import FieldForm
from services.intake.hazard_scopes import HazardScopes
from services.intake.phone_keys import PhoneKeys
from services.intake.publication import Publication
from services.intake.recent_hazards import RecentHazards
from services.intake.routes import HOT, ROUTES
from services.intake.sent_reports import SentReports
from services.intake.sheet_routes import Sheets
from services.intake.spool import Spool
from shared import wiring
from shared.auth.revocations import Revocations
from shared.crypto.envelope_encryption import EnvelopeEncryption
from shared.crypto.keyring import Keyring
from shared.crypto.seal import Sealer
from shared.messaging import ledger
from shared.messaging.publisher import Publisher
from shared.pages import Pages
from shared.places import Places
from shared.web import letter_routes, redrive_routes
from shared.web.letter_routes import LetterReading

HERE = Path(__file__).parent


def create_app(settings: IntakeSettings, access: Revocations | None = None) -> FastAPI:
    revocations = access or Revocations(settings)
    sealer = Sealer(settings.seal_public_key_file)
    deduplication = Deduplication(settings, settings.memory_key_file)
    phone_keys = PhoneKeys(settings.phones_key_file)
    counts = Counts()
    places = Places.load(settings.places_path)
    form = FieldForm(settings, places, phone_keys)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[Iterable[wiring.Task]]:
        async with AsyncExitStack() as stack:
            spool = Spool.open(settings.spool_folder, limit=settings.intake_spool_bytes)
            stack.callback(spool.close)
            publication = Publication(
                deduplication=deduplication,
                sealer=sealer,
                publisher=await stack.enter_async_context(Publisher(settings)),
                spool=spool,
                counts=counts,
                revocations=revocations,
            )
            threads = stack.enter_context(ThreadPoolExecutor(THREADS, thread_name_prefix="drafting"))
            drafting = Drafting(AdmissionRules(places, settings.exercise).draft, threads)
            recent_hazards = RecentHazards(app.state.sessions, places)
            scopes = HazardScopes(app.state.sessions)
            sent_reports = SentReports(app.state.sessions)
            app.state.admission = Admission(drafting, publication, counts, scopes, recent_hazards, sent_reports)
            feed_metrics = FeedMetrics(app.state.sessions)
            app.state.metrics.register(AdmissionMetrics(counts, spool))
            app.state.metrics.register(feed_metrics)
            uses = phone_key_uses.keep_stored(app.state.sessions, phone_keys.used)
            yield (
                deduplication.run(),
                spool.write(),
                publication.run(),
                recent_hazards.run(),
                sent_reports.run(),
                feed_metrics.run(),
                uses,
            )

    async def has_valkey(_: FastAPI) -> bool:
        return await deduplication.is_there()

    app = wiring.web_app(
        "intake",
        settings,
        lifespan=lifespan,
        # `/ready` ignores PostgreSQL, because intake accepts reports without PostgreSQL.
        ready={"kafka": has_kafka, "valkey": has_valkey},
        measures=[measures.of(settings.feeds)],
        revocations=revocations,
        routers=(
            feeds.router,
            feed_pages.router,
            own_report_routes.router,
            receipt_routes.router,
            hazard_proposals.router,
            ledger.routes("intake"),
            redrive_routes.routes("intake"),
            letter_routes.routes("intake"),
        ),
        routes=[*ROUTES, *sheet_routes.ROUTES, *form.routes()],
    )
    app.state.phone_keys, app.state.places = phone_keys, places
    app.state.pages = Pages("intake", HERE / "templates", HERE / "locales", settings)
    app.state.sheets = Sheets(places, Keyring(settings.memory_key_file))
    app.state.letter_reading = LetterReading(form.pages, places, EnvelopeEncryption(settings.memory_key_file))
    # The fast path serves the routes of reports and sheets, which limit the size of bodies themselves.
    paths = {route.path for route in (*HOT, *sheet_routes.ROUTES)}
    guarded = [route for route in app.router.routes if isinstance(route, Route) and route.path in paths]
    hot = {route.path: app.state.edge(PathParameters(route.app, counts)) for route in guarded}
    app.middleware_stack = FastPath(app.build_middleware_stack(), hot)
    app.openapi = openapi.described(app)  # type: ignore[method-assign] # FastAPI's documented way to extend OpenAPI
    return app


async def has_kafka(app: FastAPI) -> bool:
    admission: Admission = app.state.admission
    return await admission.publication.publisher.is_there()
