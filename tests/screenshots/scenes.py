"""The manual's pictures: the content of each, and the steps on the page before it is photographed."""

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page, expect

from shared.auth.tokens import Role
from tests.console.conftest import PASSWORD
from tests.screenshots.evening import NAMES
from tests.screenshots.pages import PHONE_FORM, SIGN_IN

ACKNOWLEDGED = ".alert[data-section=acknowledged]"
WAITING = ".alert[data-section=waiting]:not([data-severity=Extreme])"


def nothing(page: Page) -> None:
    del page


@dataclass(frozen=True, slots=True)
class Scene:
    """The picture shows the element `part`. Without `part`, the picture shows the window."""

    path: str
    arrange: Callable[[Page], None] = nothing
    role: Role | None = Role.DUTY_HEAD
    width: int = 1366
    height: int = 768
    part: str = ""


def menu(page: Page) -> None:
    page.locator(".menu summary").click()


def first_row(page: Page) -> None:
    page.locator(".alert[data-section=waiting]").first.focus()


def beside(page: Page) -> None:
    first_row(page)
    page.keyboard.press("Enter")
    expect(page.locator("#beside-content article")).to_be_visible()


def several(page: Page) -> None:
    for box in page.locator(f"{WAITING} input[data-select]").all()[:3]:
        box.check()
    expect(page.locator("#selection")).to_be_visible()


def answering(page: Page, key: str) -> None:
    page.locator(WAITING).first.focus()
    page.keyboard.press(key)
    expect(page.locator("#answering")).to_be_visible()


def closing(page: Page) -> None:
    answering(page, "r")


def snoozing(page: Page) -> None:
    answering(page, "z")
    page.locator("#snooze-reason").fill(page.locator("#snooze-reasons option").first.text_content() or "")


LOST = "import('/static/link.js').then((link) => link.say('lost', { time: '21:47' }))"


def lost(page: Page) -> None:
    """Loads the page without its stream of events: a message of the stream would end the state "connection lost"."""
    page.route("**/stream*", lambda route: route.abort())
    page.reload()
    page.evaluate(LOST)
    expect(page.locator("#link")).to_have_attribute("data-state", "lost")


def phone(page: Page) -> None:
    page.fill("#name", NAMES[Role.FIELD])
    page.fill("#password", PASSWORD)
    page.click("#sign-in button")
    for field in ("#pin", "#pin-again"):
        page.fill(field, "258013")
    page.click("#pin-form .is-primary")
    expect(page.locator("#readiness.is-ready")).to_be_visible()


def phone_without_signal(page: Page) -> None:
    phone(page)
    page.context.set_offline(True)


SCENES = {
    "sign-in": Scene(SIGN_IN, role=None),
    "board": Scene("/", width=1920, height=1080),
    "menu": Scene("/", menu),
    "row": Scene("/", first_row, height=1000, part="#panel-alerts"),
    "beside": Scene("/", beside),
    "several": Scene("/", several, height=1000, part="#panel-alerts"),
    "closing": Scene("/", closing, part="#answering"),
    "snoozing": Scene("/", snoozing, part="#answering"),
    "silences": Scene("/alerts/silences"),
    "new-event": Scene("/new-event"),
    "new-count": Scene("/new-count"),
    "new-household": Scene("/new-household"),
    "new-movement": Scene("/new-movement?household={household}"),
    "phone": Scene(PHONE_FORM, phone, role=None, width=390, height=844),
    "phone-without-signal": Scene(PHONE_FORM, phone_without_signal, role=None, width=390, height=844),
    "waiting": Scene("/waiting"),
    "map": Scene("/map"),
    "search": Scene("/search?q=Кадамжай"),
    "figures": Scene("/registry/figures"),
    "household-search": Scene("/registry/search"),
    "wall": Scene("/wall", role=Role.VIEWER, width=1920, height=1080),
    "rosters": Scene("/alerts/rosters/{roster}"),
    "shift-handover": Scene("/alerts/shift-handover"),
    "accounts": Scene("/accounts", role=Role.ADMINISTRATOR),
    "lost": Scene("/", lost, part=".bar"),
}
