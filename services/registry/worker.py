"""The registry at work: reports become households, and what became of them leaves through the outbox."""

import asyncio
import gc

from services.registry.config import RegistrySettings
from services.registry.handlers import Registrar
from services.registry.opening import ReportOpener
from services.registry.vault import Vault
from shared import database
from shared.consumer import Consumer
from shared.outbox import Relay
from shared.places import Places
from shared.seal import Opener, Sealer


async def run(settings: RegistrySettings) -> None:
    """Until cancelled."""
    settle_garbage()
    registrar = Registrar(Vault(settings.registry_kek_file), Places.load(settings.places_path))
    engine = database.engine(settings)
    consumer = Consumer(
        "registry", ["displacements"], registrar.file_reports,
        settings=settings,
        sessions=database.sessions(engine),
        opener=ReportOpener(Opener(settings.seal_private_keys)),
        max_records=settings.registry_batch,
        sealer=Sealer(settings.seal_public_key_file),
    )  # fmt: skip
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(consumer.run())
            group.create_task(Relay(settings, engine).run())
    finally:
        await engine.dispose()


def settle_garbage() -> None:
    """A batch is many small objects in no cycles: looking through them all the time would cost a third of the speed."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(1_000_000, 20, 20)
