"""`python -m bench.console` measures the console on a busy day.

500 alerts are open, 300 hazards are in force, and people are counted in 2,000 localities. The benchmark measures how
long the server renders each page, and how long the first load of the board takes. The benchmark also measures how
busy the browser is while the map is panned, and the time from Kafka to the screen. The event stream is compared with
the stream of a plain app.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import httpx

from bench import busy_day, console_pages, console_panning, console_screen, console_streams
from bench.promises import Promises
from shared.auth.tokens import Role
from tests.browsers import chromium
from tests.components import components
from tests.console.pages.conftest import Whole
from tests.installation import Ground, Installation

AS_USED = "--js-flags="  # the tests' browser does not optimise scripts


def measure_pages(whole: Whole, desk: httpx.Client, promises: Promises, arguments: argparse.Namespace) -> None:
    console_pages.measure(desk, [whole.web.pid], promises, requests=arguments.requests)


def measure_screen(whole: Whole, _: httpx.Client, promises: Promises, arguments: argparse.Namespace) -> None:
    with chromium(AS_USED) as browser:
        console_screen.measure_first_load(whole, browser, promises)
        console_screen.measure_kafka_to_screen(whole, browser, promises, seconds=arguments.seconds)


def measure_panning(whole: Whole, _: httpx.Client, promises: Promises, __: argparse.Namespace) -> None:
    with chromium(AS_USED, has_webgl=True) as browser:
        console_panning.measure(whole, browser, promises)


PARTS = {"pages": measure_pages, "screen": measure_screen, "panning": measure_panning}
STREAMS = "streams"


def measure_busy_day(installation: Installation, promises: Promises, arguments: argparse.Namespace) -> None:
    parts = [measure for name, measure in PARTS.items() if name in arguments.parts]
    if not parts:
        return
    whole = Whole(installation)
    desk = whole.signed_in(Role.OPERATOR)
    busy_day.fill(whole, desk)
    print(f"{len(busy_day.ids(desk, 'alerts'))} alerts, {len(busy_day.ids(desk, 'hazards'))} hazards", flush=True)
    for measure in parts:
        measure(whole, desk, promises, arguments)
    whole.stop()


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--parts", nargs="+", choices=[*PARTS, STREAMS], default=[*PARTS, STREAMS])
    options.add_argument("--requests", type=int, default=100)
    options.add_argument("--seconds", type=int, default=60, help="of the changes from Kafka to the screen")
    arguments = options.parse_args()
    promises = Promises()
    with components(own=True) as servers, tempfile.TemporaryDirectory() as folder:
        ground = Ground(servers)
        installation = Installation(ground, Path(folder) / "installation")
        measure_busy_day(installation, promises, arguments)
        if STREAMS in arguments.parts:
            console_streams.measure(installation, promises)
        installation.remove()
        ground.remove()
    print(f"missed: {', '.join(promises.missed) or 'nothing'}")
    return 1 if promises.missed else 0


if __name__ == "__main__":
    sys.exit(main())
