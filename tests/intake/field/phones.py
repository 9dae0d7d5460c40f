"""The steps of a person with a phone: opening the form, signing in, filling in the form.

Other functions read the phone's storage.
"""

import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, expect

from deploy.local.process import wait_until
from tests import gazetteers
from tests.browsers import PATIENT_CALLS, SEEN_PRESSES, wait_for_script
from tests.console.conftest import PASSWORD, Served
from tests.installation import Installation, in_thread
from tests.intake.records import records
from tests.intake.sealing import opened as opened_report
from tests.journeys.count import everything

FORM = "/intake/field"
PIN = "258013467029"  # a PIN so long that no id or time contains it by chance
FAMILY, GIVEN, TELEPHONE, NOTES = "Токтогулова", "Айгүл", "+996 555 010203", "sleeps at Айгүл's"
KEEP = "([key, value]) => localStorage.setItem(key, JSON.stringify(value))"
UNSEEN = """() => {
    const was = Date.now;
    Object.defineProperty(document, "hidden", { configurable: true, value: true });
    document.dispatchEvent(new Event("visibilitychange"));
    Object.defineProperty(document, "hidden", { configurable: true, value: false });
    Date.now = () => was() + 6 * 60_000;
    document.dispatchEvent(new Event("visibilitychange"));
}"""  # the author puts the page away, and looks at it again after six minutes
# A key is derived from a PIN in 600,000 rounds, which take a quarter of a CPU second. Tests use 600 rounds.
CHEAP_KEYS = """
const derive = self.SubtleCrypto?.prototype.deriveKey;
if (derive) SubtleCrypto.prototype.deriveKey = function (method, ...others) {
  return derive.call(this, method.iterations ? { ...method, iterations: method.iterations / 1000 } : method, ...others);
};
"""
# Counts the cryptographic operations that are running. The form stores a report or draft at once after sealing it.
SEALING = """
self.sealing = 0;
for (const name of ["generateKey", "importKey", "exportKey", "deriveKey", "deriveBits", "sign", "encrypt", "decrypt"]) {
  const own = self.SubtleCrypto?.prototype[name];
  if (own) SubtleCrypto.prototype[name] = function (...given) {
    self.sealing += 1;
    return own.apply(this, given).finally(() => { self.sealing -= 1; });
  };
}
"""


class Centre(Served):
    """The centre's web process with a gazetteer. Phones need no worker, so no worker runs."""

    def __init__(self, installation: Installation) -> None:
        bundle = gazetteers.imported(installation.folder)
        super().__init__(installation, installation.web(env={"PLACES_PATH": str(bundle)}))

    def displacements(self) -> int:
        return len(in_thread(everything(self.installation, "displacements", "registry")))


# Shows the whole form on one page, as most tests need it.
ONE_PAGE = "try { if (!localStorage.getItem('dayar.steps')) localStorage.setItem('dayar.steps', 'no'); } catch {}"


def new_phone(browser: Browser, **options: Any) -> BrowserContext:
    context = browser.new_context(viewport={"width": 360, "height": 740}, **options)
    context.add_init_script(PATIENT_CALLS)
    context.add_init_script(SEEN_PRESSES)
    context.add_init_script(CHEAP_KEYS)
    context.add_init_script(SEALING)
    context.add_init_script(ONE_PAGE)
    return context


class UsedPhone:
    """One phone that many tests use. Before each test, everything except the cached form is deleted from the phone.

    Without the cached form, each test would need 70 requests to open the form. A test that changes the phone's clock or
    connection must use another phone.
    """

    def __init__(self, browser: Browser, centre: Centre) -> None:
        self.context = new_phone(browser, has_touch=True, locale="ru")
        self._devtools = self.context.new_cdp_session(self.context.new_page())
        self._emptied = {"origin": centre.url, "storageTypes": "local_storage,indexeddb"}

    def empty(self) -> None:
        for page in self.context.pages[1:]:
            page.close()
        self.context.clear_cookies()
        self._devtools.send("Storage.clearDataForOrigin", self._emptied)


def opened(phone: BrowserContext, centre: Served, language: str = "en", *, script: str = "") -> Page:
    page = phone.new_page()
    page.add_init_script(script)
    faults: list[str] = []
    page.on("requestfailed", lambda request: faults.append(f"{request.url}: {request.failure}"))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text))
    page.goto(f"{centre.url}{FORM}?lang={language}")
    wait_for_script(page, "navigator.serviceWorker.ready.then(() => true)")
    if not wait_until(lambda: page.locator("#opening").is_hidden(), timeout=30):
        # On a busy machine, the form twice failed to open although the page had loaded. The warning states which script
        # failed.
        warnings.warn(f"the form did not open: {faults}", stacklevel=2)
        page.click(".unopened .button")
    choose_pin(page)
    return page


def choose_pin(page: Page) -> None:
    """Chooses a PIN if the phone has no PIN."""
    # while a page loads, a missing element counts as hidden
    expect(page.locator("#pin-choose, #report").filter(visible=True).first).to_be_visible()
    if page.locator("#pin-choose").is_visible():
        page.fill("#pin", PIN)
        page.fill("#pin-again", PIN)
        page.click("#pin-form .is-primary")
    expect(page.locator("#report")).to_be_visible()


def enter_pin(page: Page, pin: str = PIN) -> None:
    expect(page.locator("#pin-enter")).to_be_visible()
    page.fill("#pin", pin)
    page.click("#pin-form .is-primary")


def signed_in(page: Page, name: str, shown: str = "") -> None:
    page.fill("#name", name)
    page.fill("#password", PASSWORD)
    page.click("#sign-in button")
    expect(page.locator("#account-name")).to_have_text(shown or name)


def keep_account(page: Page, name: str) -> None:
    """Simulates a sign-in in another tab. The centre refuses the token that is stored."""
    account = {"token": "not one", "name": name, "expires_at": "2999-12-31T00:00:00Z"}
    page.evaluate("account => localStorage.setItem('dayar.account', JSON.stringify(account))", account)


@contextmanager
def no_signal(phone: BrowserContext, centre: Centre) -> Iterator[None]:
    """Makes the phone offline and stops the server.

    Chromium's offline mode is not enough: a page that is being loaded can still send a report.
    """
    phone.set_offline(True)
    centre.web.stop()
    try:
        yield
    finally:
        centre.web.start()
        assert wait_until(lambda: centre.is_ready("/intake/ready"), timeout=60)
        phone.set_offline(False)


def filled(page: Page, *, send: bool = True, **values: str) -> None:
    page.select_option("#origin-oblast", "KG05000000000")
    page.select_option("#origin-district", "KG05258000000")
    page.select_option("#destination-oblast", values.get("destination", "RU"))
    page.fill("#persons", values.get("persons", "4"))
    if send:
        sent(page)


def sent(page: Page) -> None:
    """Clicks the send button. Waits until the form has sealed the report, or has shown an invalid field."""
    page.click("#send")
    expect(page.locator("#report")).not_to_have_attribute("aria-busy", "true")


def hazard_sent(page: Page) -> None:
    page.check("input[value=hazard]", force=True)
    page.select_option("#seen-type", "snowstorm")
    page.select_option("#origin-oblast", "KG05000000000")
    sent(page)


def begun(page: Page) -> None:
    page.fill("#notes", "sleeps at Айгүл's")
    saved(page)


def saved(page: Page) -> None:
    """Waits until the draft is stored.

    If a page is reloaded while it seals a draft, the draft's last change is lost.
    """
    wait_for_script(page, "self.sealing === 0")


def shown(page: Page) -> list[str]:
    return page.locator("#reports .answer").all_inner_texts()


def kept_reports(page: Page, centre: Centre) -> list[Any]:
    """Returns the reports on the phone, with their content in `body`.

    A sealed report is decrypted with the centre's key. If the centre has answered, `body` is the content that the
    centre recorded.
    """
    kept = page.evaluate("Object.entries(localStorage).filter(([key]) => key.startsWith('dayar.report.'))")
    return [with_body(json.loads(value), centre) for _, value in kept]


def with_body(report: dict[str, Any], centre: Centre) -> dict[str, Any]:
    clear, sealed = report["clear"], report.get("sealed")
    envelope = {"report_id": clear["report_id"], "version": clear["version"], **(sealed or {})}
    if sealed:
        return {**report, "body": opened_report(envelope, centre.installation.secrets / "phones-key")}
    found = in_thread(records(centre.installation, "displacements", clear["report_id"]))
    at_centre = [{**at.opened.clear.model_dump(mode="json", exclude_none=True), **at.opened.sealed} for at in found]
    # a delayed request may arrive after a later version of the report
    same = [body for body in at_centre if body["version"] == clear["version"]]
    return {**report, "body": same[-1] if same else clear}


def written(page: Page, *, send: bool = True) -> None:
    page.evaluate("document.querySelector('details[data-kind]').open = true")
    page.fill("#family-name", FAMILY)
    page.click("#add-member")
    page.fill("[data-name=given_name]", GIVEN)
    page.fill("#phone", TELEPHONE)
    begun(page)
    filled(page, persons="1", send=send)
