"""Measures how long the server takes to render the console's pages, panels and layers of the map."""

import time
from collections.abc import Callable, Iterator
from itertools import cycle

import httpx

from bench.busy_day import ids
from bench.processes import cpu, family
from bench.promises import Promises, percentile

PROMISED_MS = 100.0
LAYERS = ("units", "hazards", "alerts", "displaced", "localities")
PANELS = ("alerts", "hazards", "households", "key-figures", "recent")


def measure(desk: httpx.Client, pids: list[int], promises: Promises, *, requests: int) -> None:
    """The CPU time is the web process's time, without PostgreSQL's time."""
    for name, next_path in paths(desk).items():
        taken = []
        answer = desk.get(next_path()).raise_for_status()
        spent = cpu(family(pids))
        for _ in range(requests):
            path = next_path()
            began = time.perf_counter()
            answer = desk.get(path)
            taken.append(1000 * (time.perf_counter() - began))
            answer.raise_for_status()
        milliseconds = 1000 * (cpu(family(pids)) - spent) / requests
        more = f"p50 {percentile(taken, 0.5):.0f} ms, CPU {milliseconds:.0f} ms, {len(answer.content) / 1000:.0f} kB"
        promises.at_most(f"server, {name}: p99", percentile(taken, 0.99), PROMISED_MS, "ms", more)


def paths(desk: httpx.Client) -> dict[str, Callable[[], str]]:
    alerts, hazards = map(cycle, (of_the_alerts_service(desk), ids(desk, "hazards")))
    words = cycle(("сель", "оползень", "mudflow", "километр", "mud kadamjai", "нет такого слова"))
    return {
        "board": lambda: "/",
        **{f"panel {panel}": always(f"/board/{panel}") for panel in PANELS},
        "alert": lambda: f"/alerts/{next(alerts)}",
        "hazard": lambda: f"/hazards/{next(hazards)}",
        "search": lambda: f"/search?q={next(words)}",
        **{f"layer {layer}": always(f"/console/v1/map/{layer}") for layer in LAYERS},
    }


def always(path: str) -> Callable[[], str]:
    return lambda: path


def of_the_alerts_service(desk: httpx.Client) -> Iterator[str]:
    """The alerts service has pages only for alerts that the alerts service raised itself."""
    return iter([each["alert_id"] for each in desk.get("/alerts/v1/alerts?state=open&limit=200").json()["alerts"]])
