"""`python -m services.console [web|worker|migrate]`; without a word, web and worker."""

import asyncio
import sys

from services.console import worker
from services.console.app import create_app
from services.console.config import ConsoleSettings
from shared import database, lifecycle, log

SERVICE = "console"


async def main(side: str) -> None:
    settings = ConsoleSettings().for_service(SERVICE)
    if side == "migrate":
        await database.migrate(SERVICE, settings)
    async with asyncio.TaskGroup() as tasks:
        if side in ("web", "both"):
            tasks.create_task(lifecycle.serve(create_app(settings), host=settings.host, port=settings.port))
        if side in ("worker", "both"):
            tasks.create_task(worker.run(settings))


if __name__ == "__main__":
    log.configure(SERVICE)
    side = sys.argv[1] if len(sys.argv) > 1 else "both"
    lifecycle.run_worker(lambda: main(side))
