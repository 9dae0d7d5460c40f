"""Measures the board in a browser: its first load, and the time from Kafka until the screen shows a change."""

import asyncio
import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from anyio.from_thread import start_blocking_portal
from playwright.sync_api import Browser, expect

from bench import listeners
from bench.busy_day import DISTRICTS
from bench.listeners import ACCOUNTS, Counted
from bench.promises import Promises, percentile
from shared.auth.tokens import Role
from shared.config import Settings
from shared.events import AlertRaised, HazardReported, HazardUpdated
from shared.messaging.publisher import Publisher
from tests.console.factories import NOW, alert, hazard, message
from tests.console.pages.conftest import Seat, Whole
from tests.console.pages.contexts import new_context

PROMISED_LOAD_MS, PROMISED_SCREEN_MS = 2_000.0, 300.0
LOADS = 7
RATE, LISTENERS = 20, 99
CHANGED = 30
WARM_UP_SECONDS = 5
# Records when the screen first shows each version of a row.
WATCH = """() => {
  window.shown = {};
  document.addEventListener("drawn", () => requestAnimationFrame(() => setTimeout(() => {
    const at = performance.timeOrigin + performance.now();
    for (const { dataset } of document.querySelectorAll(".alert, .hazards .row")) {
      window.shown[`${dataset.key} ${dataset.sequence ?? dataset.revision}`] ??= at;
    }
  })));
}"""


def measure_first_load(whole: Whole, browser: Browser, promises: Promises) -> None:
    """Each load has a new profile of the browser, without any cached file."""
    loads = []
    for _ in range(LOADS):
        seat = Seat(whole, new_context(browser), Role.OPERATOR)
        seat.sign_in()
        began = time.perf_counter()
        seat.page.goto(f"{whole.url}/", wait_until="commit")
        expect(seat.page.locator("#link[data-state=live]")).to_be_visible()
        loads.append(1000 * (time.perf_counter() - began))
        seat.context.close()
    more = f"p50 of {LOADS}; the slowest {max(loads):.0f} ms"
    promises.at_most("first load of the board", percentile(loads, 0.5), PROMISED_LOAD_MS, "ms", more)


@dataclass
class Changes:
    alerts: list[UUID] = field(default_factory=lambda: [uuid4() for _ in range(CHANGED)])
    hazards: list[UUID] = field(default_factory=lambda: [uuid4() for _ in range(CHANGED)])
    published: list[tuple[UUID, int, float]] = field(default_factory=list)

    def alert(self, number: int, version: int) -> AlertRaised:
        place: dict[str, Any] = {
            "severity": "Extreme",
            "demand": "acknowledgement",
            "pcodes": [DISTRICTS[number % len(DISTRICTS)]],
        }
        moment = NOW - timedelta(hours=20)
        return alert(alert_id=self.alerts[number], sequence=version, raised_at=moment, onset=moment, **place)

    def hazard(self, number: int, version: int) -> HazardReported:
        kind = HazardReported if version == 1 else HazardUpdated
        state: dict[str, Any] = {
            "revision": version,
            "msg_type": "Alert" if version == 1 else "Update",
            "severity": "Extreme",
        }
        return hazard(kind, hazard_id=self.hazards[number], onset=NOW, **state)

    async def publish(self, of_alerts: Publisher, of_hazards: Publisher, seconds: float) -> None:
        """Publications have scheduled times: a late publication does not delay the next publication."""
        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for turn in range(int(seconds * RATE)):
                await asyncio.sleep(max(0.0, began + turn / RATE - time.monotonic()))
                version, number = 2 + len(self.published) // (2 * CHANGED), turn // 2 % CHANGED
                event, publisher = (
                    (self.alert(number, version), of_alerts) if turn % 2 else (self.hazard(number, version), of_hazards)
                )
                key = self.alerts[number] if turn % 2 else self.hazards[number]
                self.published.append((key, version, 1000 * time.time()))
                group.create_task(publisher.publish(message(event), timeout=20))

    def delays(self, shown: dict[str, float]) -> list[float]:
        times: dict[UUID, list[tuple[int, float]]] = {}
        for name, at in shown.items():
            key, version = name.split()
            times.setdefault(UUID(key), []).append((int(version), at))
        return [
            min((at for known, at in times.get(key, ()) if known >= version), default=float("inf")) - published
            for key, version, published in self.published
        ]


def measure_kafka_to_screen(whole: Whole, browser: Browser, promises: Promises, *, seconds: int) -> None:
    changes = Changes()
    whole.publish(*(make(number, 1) for number in range(CHANGED) for make in (changes.alert, changes.hazard)))
    seat = Seat(whole, new_context(browser), Role.OPERATOR)
    page = seat.open("/")
    expect(page.locator("#link[data-state=live]")).to_be_visible()
    expect(page.locator(f"#hazard-{changes.hazards[-1]}")).to_be_attached()
    expect(page.locator(f"#alert-{changes.alerts[-1]}")).to_be_attached()
    page.evaluate(WATCH)
    with start_blocking_portal() as portal:
        running = portal.start_task_soon(run, whole, changes, seconds)
        while not running.done():
            page.wait_for_timeout(200)  # Playwright handles the browser's messages during the wait
        running.result()
    page.wait_for_timeout(3_000)
    taken = changes.delays(page.evaluate("window.shown"))[WARM_UP_SECONDS * RATE :]
    more = f"p50 {percentile(taken, 0.5):.0f} ms, {RATE} events/s, {LISTENERS} other listeners"
    promises.at_most("Kafka to screen: p99", percentile(taken, 0.99), PROMISED_SCREEN_MS, "ms", more)
    seat.context.close()


async def run(whole: Whole, changes: Changes, seconds: int) -> None:
    tokens = [whole.installation.token(roles=[Role.OPERATOR]) for _ in range(ACCOUNTS)]
    opened = await listeners.listen(urlsplit(whole.url).port or 0, tokens, LISTENERS, Counted())
    async with (
        Publisher(whole.installation.settings(Settings, "intake")) as hazards,
        Publisher(whole.installation.settings(Settings, "alerts")) as alerts,
    ):
        await changes.publish(alerts, hazards, WARM_UP_SECONDS + seconds)
    listeners.close(opened)
