"""`python -m services.alerts [web|worker|migrate]`; without a word, web and worker."""

import asyncio
import sys

from services.alerts import worker
from services.alerts.app import create_app
from services.alerts.config import AlertsSettings
from shared import database, lifecycle, log
from shared.http import MOUNTS

SERVICE = "alerts"


async def main(side: str) -> None:
    settings = AlertsSettings().for_service(SERVICE)
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
