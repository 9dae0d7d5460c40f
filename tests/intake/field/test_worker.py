"""A phone with free storage caches one complete release of the form, for use without a signal."""

import re
from typing import Any

import httpx
from playwright.sync_api import BrowserContext, Page, expect

from services.intake.field import pages
from shared.auth.tokens import Role
from shared.pages.pages import HERE as SHARED
from tests.browsers import wait_for_script
from tests.intake.field.phones import FORM, KEEP, Centre, choose_pin, no_signal, opened, signed_in

KEPT = """async () => {
  const names = await caches.keys();
  const files = await (await caches.open(names[0])).keys();
  return [names, files.map((file) => new URL(file.url).pathname)];
}"""
# Adds a cache like the cache of another release's service worker.
OTHER = """async (page) => {
  const kept = await caches.open("field-other");
  await kept.put(page, new Response("of another release", { headers: { "content-type": "text/html" } }));
}"""


MAP_LIBRARY = "/static/maplibre/maplibre-gl.mjs"
DELETE = "async (file) => (await caches.open((await caches.keys())[0])).delete(file)"


def release(page: Page) -> str:
    source: str = page.locator("script[type=module]").get_attribute("src") or ""
    return source.split("/")[-2]


# Returns the largest difference of a colour between the icon's PNG and its SVG.
DIFFERENCE = """async ([png, svg, size]) => {
  const pixels = await Promise.all([png, svg].map(async (src) => {
    const image = Object.assign(new Image(size, size), { src });
    await image.decode();
    const pen = new OffscreenCanvas(size, size).getContext("2d");
    pen.drawImage(image, 0, 0, size, size);
    return [image.naturalWidth, pen.getImageData(0, 0, size, size).data];
  }));
  const [[width, drawn], [, expected]] = pixels;
  const wrong = drawn.filter((value, place) => Math.abs(value - expected[place]) > 64).length;
  return [width, wrong / drawn.length];
}"""


def test_the_form_is_an_app_that_a_phone_can_install(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre, "ru")
    address = page.locator("link[rel=manifest]").get_attribute("href") or ""
    answer = httpx.get(f"{centre.url}{address}", timeout=30)
    app = answer.json()
    assert answer.headers["content-type"] == "application/manifest+json"
    assert "Полевая форма" in app["name"]
    assert (app["lang"], app["start_url"], app["scope"], app["display"]) == (
        "ru",
        f"{FORM}?lang=ru",
        FORM,
        "standalone",
    )
    for icon, svg in zip(app["icons"], ("icon.svg", "icon.svg", "icon-maskable.svg"), strict=True):
        size = int(icon["sizes"].split("x")[0])
        width, wrong = page.evaluate(DIFFERENCE, [icon["src"], f"/static/{svg}", size])
        assert (width, round(wrong, 2)) == (size, 0), f"draw {icon['src']} again: make icons"
    assert [icon.get("purpose") for icon in app["icons"]] == [None, None, "maskable"]
    page.evaluate("dispatchEvent(Object.assign(new Event('beforeinstallprompt'), { prompt: () => {} }))")
    page.click("#install")
    expect(page.locator("#install")).to_be_hidden()


def test_every_file_of_the_form_is_cached_under_its_release(fresh_phone: BrowserContext, centre: Centre) -> None:
    page = opened(fresh_phone, centre)
    expect(page.locator("#readiness-text")).to_have_text("Not ready without signal: sign in first.")
    names, files = page.evaluate(KEPT)
    assert names == [f"field-{release(page)}"]
    own = {file.name for file in pages.STATIC.iterdir()} - {"worker.js"}
    scripts = imported(own)
    assert scripts - own == {
        "births.js",
        "clicks.js",
        "combobox.js",
        "elements.js",
        "event-question.js",
        "expectations.js",
        "place-search.js",
        "presets.js",
        "report-codes.js",
        "romanised.js",
        "settlements.js",
        "sites.js",
        "texts.js",
        "time.js",
        "toasts.js",
        "uuid.js",
    }
    assert {f"{FORM}/files/{release(page)}/{name}" for name in (*scripts, "settlements.json")} <= set(files)


def imported(files: set[str]) -> set[str]:
    folders = (pages.STATIC, SHARED / "static")
    found = {file: folder / file for file in files for folder in folders if (folder / file).exists()}
    names = {name for file in found.values() for name in re.findall(r'(?:from|import) "\./(.+)";', file.read_text())}
    return files if names <= files else imported(files | names)


def test_a_script_is_served_only_under_its_own_release(centre: Centre) -> None:
    assert httpx.get(f"{centre.url}{FORM}/files/other/field.js", timeout=30).status_code == 404


def test_the_cache_of_another_release_is_deleted(fresh_phone: BrowserContext, centre: Centre) -> None:
    page = opened(fresh_phone, centre)
    page.evaluate("navigator.serviceWorker.ready.then((worker) => worker.unregister())")
    page.evaluate(OTHER, f"{FORM}?lang=en")
    page.reload()
    wait_for_script(page, "caches.keys().then((names) => names.length === 1 && !names.includes('field-other'))")


def test_a_new_release_brings_its_map_if_the_phone_had_the_map_of_the_other_release(
    fresh_phone: BrowserContext, centre: Centre
) -> None:
    page = opened(fresh_phone, centre)
    page.evaluate("navigator.serviceWorker.ready.then((worker) => worker.unregister())")
    page.evaluate("caches.keys().then((names) => Promise.all(names.map((name) => caches.delete(name))))")
    page.evaluate(OTHER, MAP_LIBRARY)
    page.reload()
    # the new release is active only after its map was cached
    wait_for_script(page, "caches.keys().then((names) => names.length === 1 && !names.includes('field-other'))")
    _, files = page.evaluate(KEPT)
    assert {MAP_LIBRARY, f"{FORM}/files/{release(page)}/map-places.json"} <= set(files)


def test_offline_the_form_is_of_one_release(fresh_phone: BrowserContext, centre: Centre) -> None:
    """Without a signal, the page and its scripts are of one release: the release that the phone loaded last."""
    page = opened(fresh_phone, centre)
    page.reload()
    kept = release(page)
    with no_signal(fresh_phone, centre):
        page.reload()
        assert release(page) == kept
        expect(page.locator("#form-title")).to_have_text("New report")
        expect(page.locator("#signing")).to_be_visible()


def test_the_printed_address_opens_the_form_offline(fresh_phone: BrowserContext, centre: Centre) -> None:
    page = opened(fresh_phone, centre)
    wait_for_script(page, "navigator.serviceWorker.getRegistration('/field').then((found) => found?.active)")
    with no_signal(fresh_phone, centre):
        page.goto(f"{centre.url}/field")
        expect(page).to_have_url(f"{centre.url}{FORM}")
        expect(page.locator("#report")).to_be_visible()


SILENT_STORAGE = "() => { caches.open = () => new Promise(() => {}); }"  # the storage never answers


def test_a_phone_whose_storage_does_not_answer_opens_the_form_from_the_network(
    fresh_phone: BrowserContext, centre: Centre
) -> None:
    page = opened(fresh_phone, centre)
    page.reload()
    wait_for_script(page, "navigator.serviceWorker.controller")
    for worker in fresh_phone.service_workers:
        worker.evaluate(SILENT_STORAGE)
    page.reload()
    expect(page.locator("#report")).to_be_visible()


def full(phone: BrowserContext, page: Page, centre: Centre) -> None:
    """Sets the phone's storage limit so low that no page can store a byte."""
    session = phone.new_cdp_session(page)
    session.send("Storage.overrideQuotaForOrigin", {"origin": centre.url, "quotaSize": 1})


def test_a_form_of_which_a_script_did_not_load_is_opened_again(fresh_phone: BrowserContext, centre: Centre) -> None:
    page = fresh_phone.new_page()
    page.route("**/kept.js", lambda route: route.abort(), times=1)
    with page.expect_event("requestfailed"):
        page.goto(f"{centre.url}{FORM}?lang=en", wait_until="commit")
    choose_pin(page)
    assert page.evaluate("sessionStorage.getItem('dayar.opened-again')") is None


def test_a_full_phone_without_a_cache_opens_the_form(fresh_phone: BrowserContext, centre: Centre) -> None:
    page = opened(fresh_phone, centre)
    page.evaluate("caches.keys().then((names) => Promise.all(names.map((name) => caches.delete(name))))")
    full(fresh_phone, page, centre)
    page.reload()
    expect(page.locator("#account")).to_be_hidden()
    expect(page.locator("#signing")).to_be_visible()
    expect(page.locator("#readiness")).to_contain_text("Not ready without signal")
    page.click("#save-form")
    expect(page.locator("#readiness")).to_contain_text("free storage on the phone")


# The first check of the phone's files lasts until the test calls `late`. The second check ends at once.
LATE_CHECK = """() => {
  const workers = navigator.serviceWorker;
  workers.getRegistration = () => {
    delete workers.getRegistration;
    return new Promise((_, fail) => { self.late = () => fail(new DOMException("denied", "SecurityError")); });
  };
  for (const _ of [1, 2]) document.dispatchEvent(new Event("visibilitychange"));
}"""
DENIED = """() => {
  navigator.serviceWorker.getRegistration = () => Promise.reject(new DOMException("denied", "SecurityError"));
}"""


def stored(page: Page, key: str, value: Any) -> None:
    page.evaluate(KEEP, [key, value])
    page.evaluate("dispatchEvent(new Event('dayar-kept-changed'))")


def test_the_form_says_what_is_missing_without_signal_and_saves_it_again(
    fresh_phone: BrowserContext, centre: Centre
) -> None:
    page = opened(fresh_phone, centre)
    said, ready = page.locator("#readiness-text"), "Ready without signal"
    signed_in(page, centre.account(Role.FIELD))
    expect(said).to_have_text(ready)
    account, pins = page.evaluate("['dayar.account', 'dayar.pin'].map((key) => JSON.parse(localStorage.getItem(key)))")
    stored(page, "dayar.account", {**account, "isOver": True})
    expect(said).to_have_text("Not ready without signal: sign in first.")
    expect(page.locator("#save-form")).to_be_hidden()
    stored(page, "dayar.account", account)
    expect(said).to_have_text(ready)
    stored(page, "dayar.pin", [])
    expect(said).to_have_text("Not ready without signal: choose the PIN of this phone first.")
    stored(page, "dayar.pin", pins)
    expect(said).to_have_text(ready)
    page.evaluate(DELETE, f"{FORM}/files/{release(page)}/pin.js")
    page.evaluate(LATE_CHECK)
    expect(said).to_contain_text("Not ready without signal: 1 of")
    page.evaluate("async () => late()")
    expect(said).to_contain_text("Not ready without signal: 1 of")
    page.click("#save-form")
    expect(said).to_have_text(ready)
    page.evaluate(DELETE, f"{FORM}/files/{release(page)}/pin.js")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.evaluate(DENIED)
    page.click("#save-form")
    expect(said).to_contain_text("This browser cannot save the form")
