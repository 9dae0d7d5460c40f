"""A phone sends counts of groups, with localities, a time and a unit. A count can be zero, or a full recount."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from playwright.sync_api import BrowserContext, Page, expect

from deploy.local.process import wait_until
from shared.auth.tokens import Role
from tests.gazetteers import DOBO, KADAMJAI
from tests.intake.field.phones import (
    Centre,
    choose_pin,
    enter_pin,
    kept_reports,
    no_signal,
    opened,
    saved,
    sent,
    signed_in,
)

LEILEK = "KG05236000000"
# People do not notice a delay of up to 0.1 s. The tests' browser does not optimise scripts (see `FLAGS` in
# tests/browsers.py). The tests' browser is therefore about as slow as a cheap phone's browser.
INSTANT_MS = 100
# Returns the shortest time of many searches: the milliseconds from a changed text to the drawn list. The shortest time
# of many searches depends little on the load of the machine. If even the shortest time is long, the machine may be too
# busy, and the test searches again.
SEARCH_MS = """(text) => {
  const field = document.getElementById("origin-locality");
  const milliseconds = Array.from({ length: 20 }, () => {
    const begun = performance.now();
    field.value = text;
    field.dispatchEvent(new Event("input"));
    return performance.now() - begun;
  });
  return Math.min(...milliseconds);
}"""


def begun_group(page: Page, persons: str) -> None:
    page.check("input[value=group]", force=True)
    for place in ("origin", "destination"):
        page.select_option(f"#{place}-oblast", "KG05000000000")
        page.select_option(f"#{place}-district", "KG05258000000")
    page.fill("#origin-locality", "Комсомол")
    page.fill("#destination-locality", "Тобей мечити")
    page.fill("#counted", "2022-05-05T21:40")
    page.fill("#persons", persons)


def test_a_count_has_its_localities_its_time_and_its_unit(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    signed_in(page, centre.account(Role.FIELD))
    begun_group(page, "150")
    page.fill("#households", "45")
    page.select_option("#household-unit", "yards")
    page.check("[name=persons_estimated]")
    page.check("[name=is_full_recount]")
    page.click("#send")
    expect(page.locator("#reports .answer")).to_have_text("Received by the centre")
    [kept] = kept_reports(page, centre)
    body = kept["body"]
    assert (body["origin_locality"], body["destination_locality"]) == ("Комсомол", "Тобей мечити")
    assert (body["households"], body["household_unit"], body["persons_estimated"]) == (45, "yards", True)
    assert body["is_full_recount"] is True
    assert datetime.fromisoformat(body["counted_at"]) == datetime.fromisoformat("2022-05-05T21:40+06:00")


def test_zero_is_a_result_of_a_count_but_an_empty_field_is_not(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    page.tap("#short")
    begun_group(page, "")
    expect(page.locator("#counted-precision")).to_have_value("hour")
    expect(page.locator("#counted-precision")).to_be_visible()
    page.click("#send")
    expect(page.locator("#wrong")).to_have_text("Number of persons: must be filled in")
    page.fill("#persons", "0")
    sent(page)
    [kept] = kept_reports(page, centre)
    assert kept["body"]["persons"] == 0
    expect(page.locator("#reports .muted")).to_contain_text("persons: 0")


def test_a_full_recount_names_its_place(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    begun_group(page, "26")
    page.check("[name=is_full_recount]")
    page.fill("#destination-locality", "")
    page.click("#send")
    expect(page.locator("#wrong")).to_have_text("Where they are now: must be filled in")
    page.fill("#destination-locality", "Чайкана")
    page.click("#send")
    expect(page.locator("#reports .muted")).to_contain_text("persons: 26")


def test_a_draft_of_a_count_continues_with_all_it_had(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    page.set_viewport_size({"width": 320, "height": 640})
    begun_group(page, "26")
    page.check("[name=is_full_recount]")
    expect(page.locator("#counted-precision")).to_have_value("hour")
    page.select_option("#counted-precision", "day")
    expect(page.locator("#counted")).to_have_value("2022-05-05")
    page.select_option("#counted-precision", "hour")
    expect(page.locator("#counted")).to_have_value("2022-05-05T21:40")
    page.select_option("#counted-precision", "week")
    saved(page)
    page.reload()
    enter_pin(page)
    expect(page.locator("#destination-locality")).to_have_value("Тобей мечити")
    expect(page.locator("#counted-precision")).to_have_value("week")
    expect(page.locator("#counted")).to_have_value("2022-05-05")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    expect(page.locator("[name=is_full_recount]")).to_be_checked()
    expect(page.locator("[name=persons_estimated]")).not_to_be_checked()
    sent(page)
    [kept] = kept_reports(page, centre)
    assert (kept["body"]["counted_at"], kept["body"]["counted_at_precision"]) == ("2022-05-05T12:00:00+06:00", "week")


def test_a_settlement_is_searched_without_signal_and_of_a_household_it_is_sealed(
    phone: BrowserContext, centre: Centre
) -> None:
    """The gazetteer has 2,500 settlements."""
    page = opened(phone, centre)
    with no_signal(phone, centre):
        page.reload()
        choose_pin(page)
        page.select_option("#destination-oblast", "RU")
        page.fill("#persons", "4")
        page.fill("#origin-locality", "чоко до")
        expect(page.locator("#origin-locality-list li")).to_have_text(["Choko-Dobo Maidan, Kadamjai rayon"])
        assert wait_until(lambda: page.evaluate(SEARCH_MS, "кызыл т") < INSTANT_MS, timeout=60)
        page.fill("#origin-locality", "Chokko-Dö")  # not the spelling of any list
        page.locator("#origin-locality-list li").tap()
        expect(page.locator("#origin-district")).to_have_value(KADAMJAI)
        saved(page)
        page.reload()
        enter_pin(page)
        expect(page.locator("#origin-locality")).to_have_value("Choko-Dobo")
        sent(page)
        [kept] = kept_reports(page, centre)
    stored = page.evaluate("JSON.stringify(Object.entries(localStorage))")
    assert (kept["body"]["origin_locality"], kept["body"]["origin_locality_pcode"]) == ("Choko-Dobo", DOBO)
    assert "Choko" not in stored and DOBO not in stored
    assert "counted_at" not in kept["body"]


def test_a_settlement_is_no_longer_chosen_when_its_name_or_district_changes(
    phone: BrowserContext, centre: Centre
) -> None:
    page = opened(phone, centre)
    begun_group(page, "4")
    for changed in ("name", "district"):
        page.fill("#origin-locality", "choko-dobo")
        page.locator("#origin-locality-list li").tap()
        expect(page.locator("#origin-locality")).to_have_attribute("data-settlement", DOBO)
        if changed == "name":
            page.fill("#origin-locality", "Choko-Dobo, upper part")
        else:
            page.select_option("#origin-district", LEILEK)
        expect(page.locator("#origin-locality")).not_to_have_attribute("data-settlement", DOBO)
    sent(page)
    [kept] = kept_reports(page, centre)
    assert (kept["body"]["origin_locality"], kept["body"].get("origin_locality_pcode")) == ("Choko-Dobo", None)


def test_a_site_is_searched_without_signal_and_gives_its_district_and_shelter(
    fresh_phone: BrowserContext, centre: Centre
) -> None:
    name = f"Школа {uuid4()}"
    site = known_site(centre, name_ru=name, name_ky=f"Мектеп {name[-12:]}", locality="Көк-Таш", pcode=LEILEK)
    page = opened(fresh_phone, centre)
    signed_in(page, centre.account(Role.FIELD))
    page.wait_for_function("name => localStorage.getItem('dayar.sites')?.includes(name)", arg=name)
    begun_group(page, "150")
    with no_signal(fresh_phone, centre):
        page.fill("#destination-locality", name[:16].lower())
        page.locator("#destination-locality-list li", has_text=f"Мектеп {name[-12:]}").tap()
        expect(page.locator("#destination-site")).to_contain_text(f"Site: Мектеп {name[-12:]}, Көк-Таш, Leilek rayon")
        expect(page.locator("#destination-district")).to_have_value(LEILEK)
        expect(page.locator("#shelter")).to_have_value("school")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        saved(page)
        page.reload()
        enter_pin(page)
        expect(page.locator("#destination-site")).to_contain_text(name[-12:])
        sent(page)
        [kept] = kept_reports(page, centre)
    assert (kept["body"]["site_id"], kept["body"]["destination"]) == (site, {"pcode": LEILEK})
    assert kept["body"]["destination_locality"] == f"Мектеп {name[-12:]}"


def test_a_place_typed_freely_is_no_site(phone: BrowserContext, centre: Centre) -> None:
    name = f"Школа {uuid4()}"
    known_site(centre, name_ru=name)
    page = opened(phone, centre)
    signed_in(page, centre.account(Role.FIELD))
    page.wait_for_function("name => localStorage.getItem('dayar.sites')?.includes(name)", arg=name)
    begun_group(page, "150")
    page.fill("#destination-locality", name)
    page.locator("#persons").focus()
    expect(page.locator("#destination-site")).to_contain_text(name)
    page.fill("#destination-locality", f"{name}, спортзал")
    expect(page.locator("#destination-site")).to_be_hidden()
    sent(page)
    [kept] = kept_reports(page, centre)
    assert (kept["body"]["destination_locality"], kept["body"].get("site_id")) == (f"{name}, спортзал", None)


def test_a_typed_place_of_another_district_is_chosen_by_hand_only(phone: BrowserContext, centre: Centre) -> None:
    name = f"Школа {uuid4()}"
    site = known_site(centre, name_ru=name, pcode=LEILEK)
    page = opened(phone, centre)
    signed_in(page, centre.account(Role.FIELD))
    page.wait_for_function("name => localStorage.getItem('dayar.sites')?.includes(name)", arg=name)
    begun_group(page, "150")
    page.fill("#destination-locality", name)
    page.locator("#persons").focus()
    expect(page.locator("#destination-district")).not_to_have_value(LEILEK)
    expect(page.locator("#destination-site")).to_be_hidden()
    page.fill("#destination-locality", name)
    page.locator("#destination-locality-list li", has_text=name).tap()
    sent(page)
    [kept] = kept_reports(page, centre)
    assert (kept["body"]["site_id"], kept["body"]["destination"]) == (site, {"pcode": LEILEK})


def known_site(centre: Centre, **changed: Any) -> str:
    site_id = str(uuid4())
    body = {"version": 1, "type": "school", "pcode": "KG05258000000", **changed}
    token = centre.installation.token(roles=[Role.OPERATOR])
    client = centre.client(headers={"authorization": f"Bearer {token}"})
    assert client.put(f"/registry/v1/sites/{site_id}", json=body).status_code == 200
    return site_id
