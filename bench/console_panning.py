"""Measures how long scripts and styles keep the browser's main thread busy, per frame, while the map is panned."""

import json
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from playwright.sync_api import Browser, Page, expect

from bench.promises import Promises, percentile
from shared.auth.tokens import Role
from tests.console.pages.conftest import Seat, Whole
from tests.console.pages.contexts import new_context

PROMISED_MS = 8.0
CATEGORIES = ["devtools.timeline", "disabled-by-default-devtools.timeline"]
FRAME = "FireAnimationFrame"
WORK = frozenset(
    {
        FRAME,
        "EventDispatch",
        "EvaluateScript",
        "FunctionCall",
        "Layout",
        "MajorGC",
        "MinorGC",
        "RunMicrotasks",
        "TimerFire",
        "UpdateLayoutTree",
        "XHRReadyStateChange",
        "v8.callFunction",
    }
)
DRAGS, STEPS = 6, 40


class Work(NamedTuple):
    began: int
    ended: int
    cpu: float  # CPU milliseconds of the thread, which other programs do not change


def measure(whole: Whole, browser: Browser, promises: Promises) -> None:
    seat = Seat(whole, new_context(browser), Role.OPERATOR, width=1366, height=768)
    page = seat.open("/map")
    expect(page.locator("#map[data-state=drawn]")).to_be_visible(timeout=120_000)
    browser.start_tracing(page=page, categories=CATEGORIES)
    pan(page)
    frames = list(frames_of(json.loads(browser.stop_tracing())["traceEvents"]))
    more = f"p50 {percentile(frames, 0.5):.1f} ms, longest {max(frames):.1f} ms, {len(frames)} frames"
    promises.at_most("panning, scripts and styles: p95", percentile(frames, 0.95), PROMISED_MS, "ms", more)
    seat.context.close()


def pan(page: Page) -> None:
    box = page.locator("#map canvas").bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for drag in range(DRAGS):
        direction = 1 if drag % 2 else -1
        page.mouse.move(x, y)
        page.mouse.down()
        for step in range(STEPS):
            page.mouse.move(x + direction * 5 * step, y + direction * 2 * step)
        page.mouse.up()
        expect(page.locator("#map[data-state=drawn]")).to_be_visible()


def frames_of(trace: Sequence[dict[str, Any]]) -> Iterator[float]:
    work = [event for event in trace if event.get("ph") == "X" and event["name"] in WORK]
    of_frames = [event for event in work if event["name"] == FRAME]
    main = {(event["pid"], event["tid"]) for event in of_frames}
    whole = outermost(sorted((event for event in work if (event["pid"], event["tid"]) in main), key=begin))
    starts = sorted({event["ts"] for event in of_frames})
    for began, ended in pairwise(starts):
        yield sum(each.cpu for each in whole if began <= each.began < ended)


def begin(event: dict[str, Any]) -> tuple[int, int]:
    return event["ts"], -event.get("dur", 0)


def outermost(events: Sequence[dict[str, Any]]) -> list[Work]:
    """Drops an event that lies inside another event, because the outer event already counts the time."""
    whole: list[Work] = []
    for event in events:
        ended = event["ts"] + event.get("dur", 0)
        if not whole or event["ts"] >= whole[-1].ended:
            whole.append(Work(event["ts"], ended, event.get("tdur", event.get("dur", 0)) / 1000))
    return whole
