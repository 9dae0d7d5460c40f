"""Starts the system's Chromium for tests of pages."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from playwright.sync_api import Browser, BrowserType, Page, expect, sync_playwright

from deploy.local.process import wait_until

# deploy/local/needs.sh searches for the same programs, in the same order.
# The headless shell is first, because it opens a page five times as fast.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # all pages of a context share one process: each new process would take a tenth of a CPU second
    "--renderer-process-limit=1",
    # a test's page is open for seconds only: V8 would need more time to optimise its code than the optimised code saves
    "--js-flags=--no-opt --no-maglev --single-threaded",
)
WEBGL = ("--use-angle=swiftshader", "--enable-unsafe-swiftshader")  # WebGL works without a graphics card
# Playwright enables WebGL, and this flag disables WebGL. Without a graphics card, each map would take seconds on all
# cores.
NO_WEBGL = ("--disable-3d-apis",)
# with this flag, the browser of a wall screen plays sounds (docs/board.md)
ALLOWS_SOUND = "--autoplay-policy=no-user-gesture-required"
SLOW_MS = 60_000
# Pages give up a call after ten or twenty seconds, so these limits are multiplied by six. On a busy machine, some calls
# take longer, for example the closure of 163 alerts.
PATIENT_CALLS = "{ const own = AbortSignal.timeout.bind(AbortSignal); AbortSignal.timeout = (ms) => own(6 * ms); }"
# A test presses a button as soon as the button appears. clicks.js ignores presses of a button that has just come under
# the pointer. At each press, clicks.js therefore reads a clock that is 600 ms ahead, as if the person had first looked
# at the button. If the test itself moves or stops the clock, the test's clock is used.
SEEN_PRESSES = """{
  let usual;
  const ahead = () => usual.call(performance) + (new Error().stack.includes("/clicks.js") ? 600 : 0);
  addEventListener("DOMContentLoaded", () => { usual = performance.now; });
  addEventListener("pointerdown", () => { if (performance.now === usual) performance.now = ahead; }, true);
  for (const kind of ["mousedown", "pointerup"])
    addEventListener(kind, () => { if (performance.now === ahead) performance.now = usual; }, true);
}"""
# Returns the texts of options that are wider than their drop-down list. If the page sets `font-variant-numeric`, the
# computed `font` is empty, and a canvas ignores an empty font. The parts of the font are therefore joined here.
CUT_OPTIONS = """selects => selects.flatMap((select) => {
  const [style, pen] = [getComputedStyle(select), document.createElement("canvas").getContext("2d")];
  pen.font = `${style.fontStyle} ${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
  const arrow = 20;
  const room = select.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight) - arrow;
  return [...select.options].map((option) => option.text).filter((text) => pen.measureText(text).width > room);
})"""
# Returns the texts of options that need more lines than their list has, or that have a word wider than the list. On a
# phone, a list wraps the chosen option and grows to its height.
CUT_IN_LINES = """selects => selects.flatMap((select) => {
  const [style, pen] = [getComputedStyle(select), document.createElement("canvas").getContext("2d")];
  pen.font = `${style.fontStyle} ${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
  const sides = ["Top", "Right", "Bottom", "Left"].map((side) => parseFloat(style[`padding${side}`]));
  const arrow = 20, room = select.clientWidth - sides[1] - sides[3] - arrow;
  const line = 1.2 * parseFloat(style.fontSize);  // the browser states no line height of a list
  const high = style.fieldSizing === "content" ? 9 : Math.floor((select.clientHeight - sides[0] - sides[2]) / line);
  const lines = style.whiteSpace === "normal" ? high : 1;
  const needed = (text) => text.split(" ").reduce(({ count, line }, word) => {
    const longer = line ? `${line} ${word}` : word;
    if (pen.measureText(word).width > room) return { count: Infinity, line: "" };
    return pen.measureText(longer).width > room ? { count: count + 1, line: word } : { count, line: longer };
  }, { count: 1, line: "" }).count;
  return [...select.options].map((option) => option.text).filter((text) => needed(text) > lines);
})"""
expect.set_options(timeout=SLOW_MS)  # Playwright's default of 5 s is too short while tests use all cores


Called = TypeVar("Called")


@contextmanager
def chromium(*flags: str, has_webgl: bool = False) -> Iterator[Browser]:
    with sync_playwright() as playwright, launched(playwright.chromium, *flags, has_webgl=has_webgl) as browser:
        yield browser


@contextmanager
def launched(browser_type: BrowserType, *flags: str, has_webgl: bool = False) -> Iterator[Browser]:
    program = next(filter(None, map(shutil.which, NAMES)), None)
    assert program, "no Chromium: sh deploy/local/needs.sh chromium"
    browser = browser_type.launch(executable_path=program, args=[*FLAGS, *(WEBGL if has_webgl else NO_WEBGL), *flags])
    yield browser
    browser.close()


def wait_for_call(page: Page, calls: Sequence[Called]) -> Called:
    """Waits until a callback has added something to `calls`, and returns the first entry.

    Playwright runs the callbacks for routes, requests and dialogs only while the test waits for a page.
    """
    assert wait_until(lambda: bool(page.evaluate("true") and calls), timeout=60)
    return calls[0]


def wait_for_script(page: Page, expression: str, argument: object = None, timeout: float = SLOW_MS / 1000) -> None:
    """Polls the expression from Python. `page.wait_for_function` needs `eval`, which the pages forbid."""
    assert wait_until(lambda: is_true(page, expression, argument), timeout), f"not so in {timeout} s: {expression}"


def is_true(page: Page, expression: str, argument: object = None) -> bool:
    """The page converts the result to a boolean, because Playwright would return an element as `{}`."""
    script = f"""async (argument) => {{
        const result = ({expression});
        return Boolean(await (typeof result === "function" ? result(argument) : result));
    }}"""
    answer: bool = page.evaluate(script, argument)
    return answer
