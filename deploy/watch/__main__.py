"""`python -m deploy.watch` monitors the installation until a signal ends it."""

from deploy.watch import paths
from deploy.watch.settings import WatchSettings
from deploy.watch.surroundings import Surroundings
from deploy.watch.watch import Watch, alone
from shared import lifecycle, log
from shared.monitoring.status import folder_of
from shared.outbound import Outbound


async def watched(settings: WatchSettings) -> None:
    with alone(folder := folder_of(settings)):
        async with Outbound(settings) as outbound:
            ways = paths.of(settings, outbound)
            if not ways and not settings.exercise:
                log.get().warning("nobody is told of failures: WATCH_MAIL_TO and WATCH_WEBHOOK are not set")
            await Watch(Surroundings(settings), ways, folder).run()


async def main() -> None:
    settings = WatchSettings().for_service("watch")
    await lifecycle.beating(watched(settings), settings.beat_path)


def run() -> None:
    """Run until a signal, then end the process."""
    log.configure("watch")
    lifecycle.run_worker(main)


if __name__ == "__main__":
    run()
