"""A wall screen with changing alerts and a moving clock. The tests measure the memory of its page."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

from playwright.sync_api import Page, expect

from shared.events import AlertResolved
from tests.console.factories import NOW, alert

SLOW_MS = 120_000
SEVERITIES = ("Extreme", "Severe", "Moderate", "Minor")
AREAS = ("KG05258000000", "KG05236000000", "KG06226000000", "KG05000000000")


class ChangingWall:
    """In each round, changes many alerts, with one event per alert. The page draws after each round."""

    def __init__(self, page: Page, publish: Callable[..., None], *, alerts: int) -> None:
        self.page, self._publish = page, publish
        self._ids = [uuid4() for _ in range(alerts)]
        self._round = 0
        self._devtools = page.context.new_cdp_session(page)
        self._devtools.send("Performance.enable")

    def change(self, updates: int, *, later_ms: int) -> None:
        self.page.clock.fast_forward(later_ms)
        self._round += 1
        first = self._round * updates
        changed = [self._ids[number % len(self._ids)] for number in range(first, first + updates)]
        self._publish(*(self._alert(alert_id, first + place) for place, alert_id in enumerate(changed)))
        shown = f"#wall-rows > li[data-key='{changed[-1]}'][data-revision='{first + updates - 1}']"
        # `wait_for_selector` returns a handle of the row, which would keep the whole list in the page's memory
        expect(self.page.locator(shown)).to_be_attached(timeout=SLOW_MS)

    def close(self) -> None:
        """Closes the alerts, so that no later page shows them.

        The closed alerts exist on the board only, and not in the alerts service.
        """
        closed = {"sequence": 10**9, "resolved_at": NOW, "verdict": "expired"}
        self._publish(*(alert(AlertResolved, alert_id=alert_id, **closed) for alert_id in self._ids))

    def _alert(self, alert_id: UUID, number: int) -> Any:
        place = number % len(self._ids)
        severity, area = SEVERITIES[place % len(SEVERITIES)], AREAS[place % len(AREAS)]
        return alert(alert_id=alert_id, sequence=number, level=number, severity=severity, pcodes=[area])

    def memory(self) -> dict[str, float]:
        for _ in range(3):  # the first collection may leave garbage for the second
            self._devtools.send("HeapProfiler.collectGarbage")
        metrics = self._devtools.send("Performance.getMetrics")["metrics"]
        wanted = ("JSHeapUsedSize", "Nodes", "JSEventListeners")
        return {metric["name"]: metric["value"] for metric in metrics if metric["name"] in wanted}
