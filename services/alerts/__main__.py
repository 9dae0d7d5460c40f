"""`python -m services.alerts [worker|migrate]`."""

import asyncio
import sys

from services.alerts import worker
from services.alerts.config import AlertsSettings
from shared import database, lifecycle, log

SERVICE = "alerts"


def main(what: str) -> None:
    log.configure(SERVICE)
    settings = AlertsSettings().for_service(SERVICE)
    if what == "migrate":
        asyncio.run(database.migrate(SERVICE, settings))
    else:
        lifecycle.run_worker(lambda: worker.run(settings))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "worker")
