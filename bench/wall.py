"""`python -m bench.wall` measures whether a wall screen uses the same memory after 10,000 updates and seven days.

A browser shows the wall screen of a viewer, with 60 unacknowledged alerts. In each round, ten alerts change, the page
draws these alerts, and the benchmark sets the page's clock forward. Over all rounds, the page's clock advances by seven
days. The benchmark compares the page's memory, elements and listeners before the first round and after the last round.
At the end, the page must be connected and signed in.
"""

import argparse
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

from anyio.from_thread import start_blocking_portal
from playwright.sync_api import Browser, Page

from shared.auth.tokens import Role
from shared.config import Settings
from shared.messaging.publisher import Publisher
from tests.browsers import chromium
from tests.components import components
from tests.console.factories import message
from tests.console.pages.conftest import Seat, Whole
from tests.console.pages.contexts import new_context
from tests.console.pages.walls import ChangingWall
from tests.installation import Ground, Installation

PROMISED = 0.10
AT_ONCE, ALERTS, DAYS = 10, 60, 7
WARM_UP = 50
DAY_MS = 86_400_000


def run(installation: Installation, browser: Browser, updates: int) -> bool:
    whole = Whole(installation)
    publisher = Publisher(installation.settings(Settings, "alerts"))
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(publisher):

        def publish(*events: Any) -> None:
            messages = [message(event) for event in events]
            portal.call(partial(publisher.publish_all, messages, timeout=20))

        seat = Seat(whole, new_context(browser), Role.VIEWER)
        seat.page.clock.install()
        wall = ChangingWall(seat.open("/wall"), publish, alerts=ALERTS)
        is_kept = measure(wall, updates // AT_ONCE)
        is_kept = is_live(seat.page) and is_kept
        print(f"errors on the page: {seat.errors or 'none'}")
    whole.stop()
    return is_kept


def measure(wall: ChangingWall, rounds: int) -> bool:
    for _ in range(WARM_UP):
        wall.change(AT_ONCE, later_ms=0)
    before, began = wall.memory(), time.monotonic()
    for _ in range(rounds):
        wall.change(AT_ONCE, later_ms=DAYS * DAY_MS // rounds)
    after = wall.memory()
    print(f"{rounds * AT_ONCE} updates in {rounds} rounds and {DAYS} days, {time.monotonic() - began:.0f} s")
    for name, value in before.items():
        print(f"{name:<17} {value:12.0f} before {after[name]:12.0f} after {after[name] / value - 1:+8.1%}")
    growth = after["JSHeapUsedSize"] / before["JSHeapUsedSize"] - 1
    print(f"memory grows by {growth:+.1%}, promised {PROMISED:.0%}: {'kept' if growth < PROMISED else 'missed'}")
    return growth < PROMISED


def is_live(page: Page) -> bool:
    state, is_over = page.locator("#link").get_attribute("data-state"), page.locator("#session-ended").is_visible()
    print(f"connection: {state}; signed in: {'no' if is_over else 'yes'}")
    return state == "live" and not is_over


def main() -> int:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--updates", type=int, default=10_000)
    chosen = arguments.parse_args()
    with components(own=True) as servers, tempfile.TemporaryDirectory() as folder, chromium() as browser:
        ground = Ground(servers)
        installation = Installation(ground, Path(folder) / "installation")
        is_kept = run(installation, browser, chosen.updates)
        installation.remove()
        ground.remove()
    return 0 if is_kept else 1


if __name__ == "__main__":
    sys.exit(main())
