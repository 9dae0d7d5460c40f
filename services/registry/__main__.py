"""`python -m services.registry [worker|migrate]`."""

import asyncio
import sys

from services.registry import worker
from services.registry.config import RegistrySettings
from shared import database, lifecycle, log

SERVICE = "registry"


def main(what: str) -> None:
    log.configure(SERVICE)
    settings = RegistrySettings().for_service(SERVICE)
    if what == "migrate":
        asyncio.run(database.migrate(SERVICE, settings))
    else:
        lifecycle.run_worker(lambda: worker.run(settings))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "worker")
