"""`python -m services.registry [web|worker|migrate]`; without a word, web and worker."""

import asyncio
import sys

from services.registry import worker
from services.registry.app import create_app
from services.registry.config import RegistrySettings
from shared import database, lifecycle, log
from shared.http import MOUNTS

SERVICE = "registry"


async def main(side: str) -> None:
    settings = RegistrySettings().for_service(SERVICE)
    async with asyncio.TaskGroup() as tasks:
        if side == "migrate":
            await database.migrate(SERVICE, settings)
        if side in ("web", "both"):
            app = create_app(settings)
            tasks.create_task(lifecycle.serve(app, host=settings.host, port=settings.port, mount=MOUNTS[SERVICE]))
        if side in ("worker", "both"):
            tasks.create_task(worker.run(settings))


if __name__ == "__main__":
    log.configure(SERVICE)
    side = sys.argv[1] if len(sys.argv) > 1 else "both"
    lifecycle.run_worker(lambda: main(side))
