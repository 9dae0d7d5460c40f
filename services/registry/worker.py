"""The registry's worker consumes reports, publishes the outbox, executes decisions and applies new keys."""

import gc
from datetime import timedelta
from functools import partial

from sqlalchemy.ext.asyncio import AsyncEngine

from services.registry.config import RegistrySettings
from services.registry.counts.renewal import recount_old
from services.registry.digests import Digests
from services.registry.duplicates.comparisons import keep_compared
from services.registry.figures.age_renewal import AgeRenewal
from services.registry.figures.checks import keep_checked
from services.registry.figures.sums import keep_summed
from services.registry.handlers import REPORTS, Registrar
from services.registry.held.earlier import complete_list, keep_published
from services.registry.households.coded_movements import keep_identified
from services.registry.models import AdoptionReversal, CountDecision, EventAnswer, HeldDecision, PlaceDecision
from services.registry.opening import ReportOpener
from services.registry.places.comparisons import PlaceComparing
from services.registry.rewrap import rewrap
from services.registry.search.keys import SearchKeys
from services.registry.search.renewal import SearchRenewal
from services.registry.sites.key_renewal import SiteKeyRenewal
from services.registry.sites.movements import keep_applied
from services.registry.sites.resident_sums import SummingResidents
from services.registry.stepped_tasks import keep_stepping
from shared import wiring
from shared.crypto.envelope_encryption import EnvelopeEncryption
from shared.crypto.rotation import keep_newest
from shared.crypto.seal import Opener, Sealer
from shared.failures import retry_while_unavailable
from shared.messaging import records
from shared.messaging.consumer import Consumer
from shared.messaging.decisions import Decisions
from shared.messaging.redrives import Redrives
from shared.places import Places
from shared.postgres import database


async def run(settings: RegistrySettings) -> None:
    async with database.opened(settings, pool_size=10) as engine:
        keys = Opener(settings.seal_private_keys)
        digests = Digests(settings.digest_key_file)
        encryption = EnvelopeEncryption(settings.registry_kek_file)
        search, places = SearchKeys(settings.search_root_file), Places.load(settings.places_path)
        kept = timedelta(days=settings.registry_unknown_code_days)
        registrar = Registrar(encryption, search, places, unknown_codes_kept=kept)
        reports = consumer(settings, engine, registrar, ReportOpener(keys, digests), digests)
        settle_garbage()
        redrives = Redrives("registry", [reports], settings=settings, keys=keys)
        await retry_while_unavailable(lambda: digests.lay_newest(settings))
        await retry_while_unavailable(lambda: complete_list(database.sessions(engine)))
        await wiring.work(
            settings,
            engine,
            reports.run(),
            keep_newest("households", lambda: rewrap(database.sessions(engine), encryption)),
            keep_newest("digests", lambda: digests.renew(settings)),
            keep_newest("search keys", SearchRenewal(database.sessions(engine), encryption, search, places).run),
            keep_newest(
                "keys of sites",
                SiteKeyRenewal(database.sessions(engine), encryption, search, places).run,
            ),
            keep_newest("ages", AgeRenewal(database.sessions(engine), encryption, search, places).run),
            keep_applied(engine, registrar),
            keep_identified(database.sessions(engine), registrar),
            keep_published(engine, registrar),
            recount_old(database.sessions(engine), registrar, places),
            keep_compared(database.sessions(engine), encryption, search, places),
            keep_stepping(
                engine,
                lambda: PlaceComparing(database.sessions(engine), encryption, search, places, settings.counted_status),
            ),
            keep_stepping(
                engine,
                lambda: SummingResidents(database.sessions(engine), search, settings.counted_status),
            ),
            keep_summed(database.sessions(engine)),
            keep_checked(database.sessions(engine), places),
            Decisions("registry", HeldDecision, engine, registrar.prepare_held).run(),
            Decisions("registry", AdoptionReversal, engine, registrar.prepare_reversal).run(),
            Decisions(
                "registry", PlaceDecision, engine, partial(registrar.prepare_places, database.sessions(engine))
            ).run(),
            Decisions("registry", CountDecision, engine, registrar.prepare_counts).run(),
            Decisions("registry", EventAnswer, engine, registrar.prepare_event).run(),
            redrives=redrives,
            encryption=encryption,
        )


def consumer(
    settings: RegistrySettings, engine: AsyncEngine, registrar: Registrar, opener: records.Opener, digests: Digests
) -> Consumer:
    return Consumer(
        "registry",
        REPORTS.bound(registrar),
        settings=settings,
        sessions=database.sessions(engine),
        opener=opener,
        max_records=settings.registry_batch,
        sealer=Sealer(settings.seal_public_key_file),
        check=digests.hold,
    )


def settle_garbage() -> None:
    """With frequent garbage collection, the worker is slower by a third.

    Rare garbage collection is enough, because the objects of a batch form no cycles.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(1_000_000, 20, 20)
