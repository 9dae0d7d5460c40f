"""`python -m services.intake [web|worker|migrate]`; without a word, web and worker."""

import asyncio
import sys

from services.intake.app import create_app
from services.intake.config import IntakeSettings
from services.intake.worker import run
from shared import lifecycle, log
from shared.database import migrate
from shared.http import MOUNTS


async def main(side: str) -> None:
    settings = IntakeSettings().for_service("intake")
    async with asyncio.TaskGroup() as tasks:
        if side == "migrate":
            await migrate("intake", settings)
        if side in ("web", "both"):
            app = create_app(settings)
            tasks.create_task(lifecycle.serve(app, host=settings.host, port=settings.port, mount=MOUNTS["intake"]))
        if side in ("worker", "both"):
            tasks.create_task(run(settings))


if __name__ == "__main__":
    log.configure("intake")
    side = sys.argv[1] if len(sys.argv) > 1 else "both"
    lifecycle.run_worker(lambda: main(side))
