"""On the page "Sites", the desk edits the list of sites. The page shows how many people are at each site."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import openpyxl
from playwright.sync_api import Page, expect

from deploy.local.process import wait_until
from shared.auth.tokens import Role
from tests.browsers import wait_for_script
from tests.console.factories import KADAMJAI
from tests.console.pages.conftest import Whole
from tests.console.pages.test_accessibility import findings
from tests.console.pages.test_search import A4_PORTRAIT
from tests.console.pages.typists import Typist
from tests.gazetteers import DOBO

OSH_OBLAST = "KG06000000000"


def opened(seat: Any, role: Role = Role.OPERATOR, **size: int) -> Page:
    page: Page = seat(role, **size).open("/sites")
    wait_for_script(page, "!document.getElementById('new').disabled")
    return page


def headers(whole: Whole, role: Role = Role.OPERATOR) -> dict[str, str]:
    return {"authorization": f"Bearer {whole.installation.token(roles=[role])}"}


def saved(whole: Whole, **changed: Any) -> dict[str, Any]:
    body = {
        "version": 1,
        "name_ru": f"Школа {uuid4()}",
        "type": "school",
        "pcode": KADAMJAI,
        "capacity": 200,
        **changed,
    }
    answer = whole.client(headers=headers(whole)).put(f"/registry/v1/sites/{uuid4()}", json=body)
    assert answer.status_code == 200, answer.text
    site: dict[str, Any] = answer.json()
    return site


def reported(whole: Whole, site: dict[str, Any], persons: int) -> dict[str, Any]:
    now = datetime.now(UTC).isoformat()
    body = {
        "kind": "group",
        "report_id": str(uuid4()),
        "group_id": str(uuid4()),
        "measure": "stock",
        "persons": persons,
        "occurred_at": now,
        "reported_at": now,
        "origin": {"pcode": KADAMJAI},
        "destination": {"pcode": KADAMJAI},
        "site_id": site["site_id"],
    }
    answer = whole.client(headers=headers(whole, Role.FIELD)).post("/intake/v1/displacements", json=body)
    assert answer.status_code == 202, answer.text
    return body


def test_a_site_is_added_and_changed_by_keyboard_alone(whole: Whole, seat: Any) -> None:
    name = f"Мектеп {uuid4()}"
    page = opened(seat)
    page.focus("#new")
    page.keyboard.press("Enter")
    expect(page.locator("#name-ky")).to_be_focused()
    typist = Typist(page)
    typist.fill_in(name, "Школа № 5", "", "Mos", "кадамж", "Пульгон", "250", "", "39,94", "71,62")
    page.keyboard.press("Space")  # chooses water, the first need
    for _ in range(6):
        page.keyboard.press("Tab")
    typist.fill_in("Бурул Асанова", "+996 555 123456")
    page.keyboard.press("Control+Enter")
    row = page.locator("#sites tr", has_text=name)
    expect(row).to_contain_text("Mosque")
    expect(row).to_contain_text("Пульгон, Kadamjai rayon")
    expect(row).to_contain_text("250")
    expect(row.locator(".needs")).to_have_text("Water")
    expect(row.locator("button")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#lat")).to_have_value("39.94")
    expect(page.locator("#person-fields")).to_be_hidden()
    page.fill("#locality", "choko")
    expect(page.locator("#locality-list li", has_text="Choko-Dobo")).to_be_visible()
    page.press("#locality", "Enter")
    expect(page.locator("#locality")).to_have_value("Choko-Dobo")
    page.select_option("#state", "full")
    with page.expect_request("**/registry/v1/sites/*") as sent:
        page.keyboard.press("Control+Enter")
    body = sent.value.post_data_json or {}
    assert ("person_in_charge" in body, body["locality_pcode"]) == (False, DOBO)
    expect(row).to_contain_text("Full")
    expect(row).to_contain_text("Choko-Dobo, Kadamjai rayon")
    row.locator("button").click()
    page.press("#locality", "Tab")  # without typed text, the code of the locality is kept
    page.click("#person")
    expect(page.locator("#person-name")).to_have_value("Бурул Асанова")
    expect(page.locator("#person-phone")).to_have_value("+996 555 123456")
    with page.expect_request("**/registry/v1/sites/*") as again:
        page.keyboard.press("Control+Enter")
    assert (again.value.post_data_json or {})["locality_pcode"] == DOBO
    page.fill("#search", "чоко до")
    expect(row).to_be_visible()


def test_the_list_shows_how_many_people_are_at_a_site_and_is_searched(whole: Whole, seat: Any) -> None:
    site, other = saved(whole, locality="Көк-Таш"), saved(whole)
    reported(whole, site, 214)
    occupancies = whole.client(headers=headers(whole))
    assert wait_until(
        lambda: occupancies.get("/registry/v1/occupancies").json()["occupancies"][site["site_id"]] is not None,
        timeout=60,
    )
    page = opened(seat)
    row = page.locator("#sites tr", has_text=site["name_ru"])
    expect(row).to_contain_text("214")
    expect(row).to_contain_text("over capacity")
    expect(page.locator("#sites tr", has_text=other["name_ru"])).to_contain_text("not counted")
    page.fill("#search", "кок таш")
    expect(row).to_be_visible()
    expect(page.locator("#sites tr", has_text=other["name_ru"])).to_have_count(0)
    page.fill("#search", "xyzzy")
    expect(page.locator("#none")).to_be_visible()


def test_the_pages_of_a_site_and_of_a_group_are_read_on_screen_and_on_paper(whole: Whole, seat: Any) -> None:
    name = "Кадамжай районундагы Ы. Абдрахманов атындагы орто мектептин спорт залы"
    person = {"name": "Бурул Асанова", "phone": "+996 555 123456"}
    site = saved(whole, name_ru=f"{name} {uuid4()}", needs=["water", "beds"], person_in_charge=person)
    reported(whole, site, 214)
    path = f"/registry/sites/{site['site_id']}"
    registrar = whole.client(headers=headers(whole, Role.REGISTRAR))
    assert wait_until(lambda: "/registry/groups/" in registrar.get(path).text, timeout=60)
    desk = seat(Role.REGISTRAR)
    page = desk.open("/sites")
    page.locator("#sites a", has_text=site["name_ru"]).press("Enter")
    page.wait_for_url(f"{whole.url}{path}")
    page.get_by_role("button", name="Show the person in charge").press("Enter")
    expect(page.locator("#person")).to_have_text("Бурул Асанова, +996 555 123456")
    for language in ("en", "ru", "ky"):
        page.goto(f"{whole.url}{path}?lang={language}")
        is_shown_whole(page)
    assert findings(page) == []
    page.locator("tbody a").first.press("Enter")
    page.wait_for_url(f"{whole.url}/registry/groups/**")
    expect(page.locator(".timeline > li")).to_have_count(1)
    for language in ("en", "ru", "ky"):
        page.goto(f"{page.url.partition('?')[0].partition('#')[0]}?lang={language}")
        is_shown_whole(page)
    assert findings(page) == []
    assert desk.errors == []


def is_shown_whole(page: Page) -> None:
    for width in (1366, 360):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, width
    page.emulate_media(media="print")
    page.set_viewport_size({"width": A4_PORTRAIT, "height": 900})
    right = "cells => Math.max(...cells.map(cell => cell.getBoundingClientRect().right))"
    assert page.locator("main th, main td").evaluate_all(right) <= A4_PORTRAIT
    expect(page.locator("#print")).to_be_hidden()
    page.emulate_media(media="screen")
    page.set_viewport_size({"width": 1366, "height": 900})


def test_errors_are_shown_and_what_was_typed_stays(whole: Whole, seat: Any) -> None:
    site = saved(whole)
    page = opened(seat)
    page.click("#new")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#failure")).to_have_text("Fill in the name in at least one language.")
    page.fill("#name-ru", site["name_ru"])
    page.keyboard.press("Control+Enter")
    expect(page.locator("#failure")).to_have_text("Fill in: District or city")
    page.fill("#district", "kadamjai")
    page.fill("#lat", "39.9")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#failure")).to_contain_text("Check these fields: Latitude")
    page.fill("#lat", "")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#failure")).to_contain_text("is in the list already")
    expect(page.locator("#name-ru")).to_have_value(site["name_ru"])


def test_a_change_that_somebody_else_made_meanwhile_is_not_overwritten(whole: Whole, seat: Any) -> None:
    site = saved(whole)
    page = opened(seat)
    page.locator("#sites tr", has_text=site["name_ru"]).locator("button").click()
    fields = ("name_ru", "type", "pcode")
    change = {**{name: site[name] for name in fields}, "version": 2, "state": "closed"}
    path = f"/registry/v1/sites/{site['site_id']}"
    assert whole.client(headers=headers(whole)).put(path, json=change).status_code == 200
    page.fill("#capacity", "900")
    page.keyboard.press("Control+Enter")
    failure = page.locator("#failure")
    expect(failure).to_contain_text("Capacity, persons: –; State: Site closed. What you typed is kept")
    known = whole.client(headers=headers(whole)).get(path).json()
    assert (known["version"], known["state"], known["capacity"]) == (2, "closed", None)
    expect(page.locator("#capacity")).to_have_value("900")
    expect(page.locator("#state")).to_have_value("closed")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#editor")).to_be_hidden()
    known = whole.client(headers=headers(whole)).get(path).json()
    assert (known["version"], known["state"], known["capacity"]) == (3, "closed", 900)


def test_the_page_fits_every_screen_and_axe_finds_nothing_serious(whole: Whole, seat: Any) -> None:
    name = "Кадамжай районундагы Ы. Абдрахманов атындагы орто мектептин спорт залы"
    saved(whole, name_ky=f"{name} {uuid4()}", needs=["water", "food", "beds", "latrines", "heating", "medicine"])
    desk = seat(Role.OPERATOR)
    desk.sign_in()
    page = desk.page
    for language in ("en", "ru", "ky"):
        page.goto(f"{whole.url}/sites?lang={language}")
        wait_for_script(page, "!document.getElementById('new').disabled")
        page.click("#new")
        page.click("#import summary")
        for width in (360, 1366, 1920):
            page.set_viewport_size({"width": width, "height": 1080 if width == 1920 else 768})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (language, width)
            cut = page.locator(".sites .scroll").evaluate("list => list.scrollWidth - list.clientWidth")
            assert cut <= 0, (language, width, cut)
    assert findings(page) == []


def test_a_file_is_checked_and_then_added(whole: Whole, seat: Any, tmp_path: Path) -> None:
    name, file = f"Школа {uuid4()}", tmp_path / "sites.csv"
    file.write_text(f"name_ru;type;pcode\n{name};school;{KADAMJAI}\nШкола 2;castle;{KADAMJAI}\n", encoding="utf-8")
    page = opened(seat)
    page.click("#import summary")
    page.set_input_files("#file", file)
    page.click("#check")
    expect(page.locator("#sheet-result")).to_contain_text("nothing was added: new 1, in the list 0")
    expect(page.locator("#verdicts tbody tr").first).to_contain_text("Site type: a type is needed, such as school")
    expect(page.locator("#sites tr", has_text=name)).to_have_count(0)
    expect(page.get_by_label("B · type")).to_have_value("type")
    with page.expect_download() as download:
        page.click("#refused")
    assert download.value.suggested_filename == "not-accepted.xlsx"
    page.click("#add")
    expect(page.locator("#sites tr", has_text=name)).to_be_visible()
    expect(page.locator("#sheet-result")).to_contain_text("Added 1")
    expect(page.locator("#add")).to_be_hidden()
    file.write_text("name,kind\n", encoding="utf-8")
    page.set_input_files("#file", file)
    page.click("#check")
    expect(page.locator("#sheet-failure")).to_contain_text("This is no list of sites")


def test_the_page_names_shared_cells_and_sheets_that_are_not_read(whole: Whole, seat: Any, tmp_path: Path) -> None:
    book, file = openpyxl.Workbook(), tmp_path / "sites.xlsx"
    sheet = book.worksheets[0]
    for line in (["name_ru", "type", "pcode", "capacity"], ["Школа", "school", KADAMJAI, 250], ["Мечеть", "mosque"]):
        sheet.append(line)
    sheet.merge_cells("D2:D3")
    book.create_sheet("Лейлек").append(["Школа"])
    book.save(file)
    page = opened(seat)
    page.click("#import summary")
    page.set_input_files("#file", file)
    page.click("#check")
    row = page.locator("#verdicts tbody tr").first
    expect(row).to_contain_text("Capacity, persons: a merged cell: each site needs a row and a value of its own")
    expect(page.locator("#unread-sheets")).to_contain_text("Only the first sheet was read. Not read: Лейлек.")
