"""Keeps contexts of browsers, each with its own cookies and storage."""

from playwright.sync_api import Browser, BrowserContext, CDPSession, Error

from tests.browsers import PATIENT_CALLS, SEEN_PRESSES, SLOW_MS


class Contexts:
    """Keeps the contexts of browsers for later tests. A new context would load and compile all scripts anew.

    The first page of each context stays blank and open. If a context had no open page, its next page would start a new
    process.
    """

    def __init__(self, url: str) -> None:
        self._emptied = {"origin": url, "storageTypes": "all"}
        self._free: dict[Browser, list[BrowserContext]] = {}
        self._devtools: dict[BrowserContext, CDPSession] = {}

    def take(self, browser: Browser) -> BrowserContext:
        free = self._free.setdefault(browser, [])
        if free:
            return free.pop()
        context = new_context(browser)
        self._devtools[context] = context.new_cdp_session(context.new_page())
        return context

    def give_back(self, context: BrowserContext, browser: Browser) -> None:
        if has_own_clock(context):
            context.close()
            return
        context.set_offline(False)
        for page in context.pages[1:]:
            page.close()
        # delete cookies only after the pages are closed: an answer to an open page could set a cookie
        context.clear_cookies()
        self._devtools[context].send("Storage.clearDataForOrigin", self._emptied)
        self._free[browser].append(context)


def has_own_clock(context: BrowserContext) -> bool:
    """True if the test has installed Playwright's clock.

    If so, the context's later pages would have Playwright's clock instead of the real clock.
    """
    try:
        return any(page.evaluate("'__pwClock' in globalThis") for page in context.pages)
    except Error:  # a loading page gives no answer, and may have Playwright's clock
        return True


def new_context(browser: Browser) -> BrowserContext:
    # with reduced motion, a new alert does not flash: drawing each frame of the flash takes time
    context = browser.new_context(viewport={"width": 1920, "height": 1080}, locale="en", reduced_motion="reduce")
    context.set_default_timeout(SLOW_MS)
    context.add_init_script(PATIENT_CALLS)
    context.add_init_script(SEEN_PRESSES)
    return context
