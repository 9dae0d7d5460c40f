"""`python -m bench.filing FILE GO` runs the registry's consumer without the outbox relay.

The program first applies a new digest key to all stored digests. When the file GO exists, the program runs the
consumer. The consumer creates FILE when it decrypts its first record.
"""

import sys
from pathlib import Path

from services.registry import worker
from services.registry.config import RegistrySettings
from services.registry.digests import Digests
from services.registry.handlers import Registrar
from services.registry.opening import ReportOpener
from services.registry.search.keys import SearchKeys
from shared import lifecycle
from shared.crypto.envelope_encryption import EnvelopeEncryption
from shared.crypto.seal import Opener
from shared.messaging.records import Received, Record
from shared.places import Places
from shared.postgres import database
from tests.waiting import wait_for


class Watched:
    def __init__(self, settings: RegistrySettings, file: Path, digests: Digests) -> None:
        self._open, self._file = ReportOpener(Opener(settings.seal_private_keys), digests), file
        self._has_begun = False

    def __call__(self, record: Record) -> Received:
        if not self._has_begun:
            self._has_begun = True
            self._file.touch()
        return self._open(record)


async def run() -> None:
    settings = RegistrySettings().for_service("registry")
    engine = database.engine(settings)
    try:
        digests = Digests(settings.digest_key_file)
        await digests.lay_newest(settings)
        opened, go = Path(sys.argv[1]), Path(sys.argv[2])
        opened.with_suffix(".laid").touch()
        await wait_for(go.exists, timeout=60)
        registrar = Registrar(
            EnvelopeEncryption(settings.registry_kek_file),
            SearchKeys(settings.search_root_file),
            Places.load(settings.places_path),
        )
        worker.settle_garbage()
        await worker.consumer(settings, engine, registrar, Watched(settings, opened, digests), digests).run()
    finally:
        await engine.dispose()


if __name__ == "__main__":
    lifecycle.run_worker(run)
