"""On the page "Households from a file", the desk checks a list and sends it. Refused rows come back."""

import io
from pathlib import Path
from typing import Any
from uuid import uuid4

import openpyxl
from playwright.sync_api import Page, expect

from services.intake.config import IntakeSettings
from shared.auth.tokens import Role
from tests.console.pages.conftest import Whole
from tests.console.pages.test_accessibility import findings
from tests.console.pages.waiting import change
from tests.installation import in_thread

# a registrar refused the report of the second household
REFUSAL = """
UPDATE receipts SET outcome = 'rejected', reason = 'wrong_place' FROM sent_reports AS sent
WHERE sent.author = '{account}' AND sent.line = 5
AND (receipts.report_id, receipts.author) = (sent.report_id, sent.author) RETURNING 1
"""
# an alert counts the people in the first household
ALERT = """
INSERT INTO alerted_reports SELECT report_id, now() FROM sent_reports
WHERE author = '{account}' AND line = 4 ON CONFLICT DO NOTHING RETURNING 1
"""


def sheet(folder: Path, name: str, persons: int = 5) -> Path:
    book = openpyxl.Workbook()
    first = book.active
    assert first is not None
    for row in (
        ["Список семей, эвакуированных из Кадамжайского района"],
        ["№", "Ф.И.О.", "Состав семьи", None, "Куда", "Телефон", "Корм"],
        [None, None, "всего чел.", "женщин"],
        [1, f"Асанов {name}", persons, 3, "Лейлек", "0555 010203, 0777 040506", "сено"],
        [2, f"Маматова {name}", 2, 1, "Лейлек", None, None],
        [3, f"Сыдыков {name}", "пять", None, "Лейлек", "=1+1", None],
    ):
        first.append(row)
    file = folder / "list.xlsx"
    book.save(file)
    return file


def rows(page: Page) -> list[str]:
    return page.locator("#verdicts tbody tr").all_inner_texts()


def see_a_refusal_and_an_alert(whole: Whole, page: Page, name: str) -> None:
    account = page.evaluate("document.body.dataset.account")
    assert in_thread(change(whole, REFUSAL.format(account=account), IntakeSettings))
    page.click("#check")
    expect(page.locator("#receipts")).to_contain_text("recorded 1, under review 0, refused 1, without a result yet 0")
    assert "an alert for this area followed" not in "".join(rows(page))
    assert in_thread(change(whole, ALERT.format(account=account), IntakeSettings))
    expect(page.locator("#verdicts tbody tr", has_text="an alert for this area followed")).to_have_count(1)
    expect(page.locator("#receipts")).to_contain_text("Rows for whose area an alert followed: 1")
    refused_row = page.locator("#verdicts tbody tr", has_text="the place is wrong, correct it and send again")
    expect(refused_row).to_contain_text("Refused")
    assert rows(page)[0].startswith("5\t")  # refused rows come before rows that need no check
    with page.expect_download() as again:
        page.click("#download")
    returned = openpyxl.load_workbook(io.BytesIO(Path(again.value.path()).read_bytes())).worksheets[0]
    [_, rejected, unreadable] = returned.iter_rows(values_only=True)
    assert rejected[1:3] == (f"Маматова {name}", "2")
    assert str(rejected[-1]).startswith("Refused by the centre: the place is wrong") and unreadable[2] == "пять"


def test_a_list_is_checked_sent_once_and_its_refused_rows_come_back(whole: Whole, seat: Any, tmp_path: Path) -> None:
    desk = seat(Role.REGISTRAR, width=1366, height=768)
    page = desk.open("/sheets")
    name = uuid4().hex
    page.set_input_files("#file", sheet(tmp_path, name))
    expect(page.locator("#result")).to_contain_text(
        "new 0, sent before 0, by another account 0, changed 0, not accepted 3"
    )
    assert "When they left: empty; District where they come from: empty" in rows(page)[0]
    assert (page.input_value("#header-first"), page.input_value("#header-last")) == ("2", "3")
    expect(page.get_by_label("D · Состав семьи женщин")).to_have_value("female")
    page.get_by_label("G · Корм").select_option("skipped")
    page.fill("#origin", "кадамж")
    page.press("#origin", "Tab")
    page.fill("#left", "31.02.2026")
    page.click("#check")
    expect(page.locator("#failure")).to_have_text("Check this field: When they left (dd.mm.yyyy)")
    page.fill("#left", "20.06.2026")
    page.click("#check")
    expect(page.locator("#result")).to_contain_text(
        "new 2, sent before 0, by another account 0, changed 0, not accepted 1"
    )
    expect(page.locator("#result")).to_contain_text("Persons in new rows: 7")
    assert rows(page)[0].split("\t") == ["6", "–", "not accepted", rows(page)[0].split("\t")[-1]]
    assert "C · Состав семьи всего чел.: a whole number from 1 to 60 is needed" in rows(page)[0]
    assert rows(page)[1].endswith("the whole cell is kept as a note: F · Телефон")
    assert findings(page) == []
    page.get_by_role("button", name="Send (households: 2)").click()
    expect(page.locator("#result")).to_contain_text(
        "Sent 2; sent before 0, by another account 0, changed 0, not accepted 1"
    )
    expect(page.locator("#receipts")).to_contain_text(
        "What became of the sent rows: recorded 2, under review 0, refused 0, without a result yet 0"
    )
    with page.expect_download() as download:
        page.click("#download")
    returned = openpyxl.load_workbook(io.BytesIO(Path(download.value.path()).read_bytes())).worksheets[0]
    [header, refused] = returned.iter_rows(values_only=True)
    assert (header[-1], refused[2]) == ("Why not accepted", "пять")
    page.click("#check")
    expect(page.locator("#result")).to_contain_text(
        "new 0, sent before 2, by another account 0, changed 0, not accepted 1"
    )
    expect(page.locator("#send")).to_be_hidden()
    see_a_refusal_and_an_alert(whole, page, name)
    changed = sheet(tmp_path, name, persons=6)
    page.click("#check")
    expect(page.locator("#failure")).to_contain_text("Choose it again.")
    page.set_input_files("#file", changed)
    expect(page.locator("#result")).to_contain_text(
        "new 0, sent before 1, by another account 0, changed 1, not accepted 1"
    )
    expect(page.locator("#send")).to_be_hidden()
    page.get_by_label("Another household: send it too").check()
    page.get_by_role("button", name="Send (households: 1)").click()
    expect(page.locator("#result")).to_contain_text("Sent 1; sent before 1,")
    page.set_input_files("#file", {"name": "list.xls", "mimeType": "", "buffer": b"\xd0\xcf\x11\xe0" + b"\0" * 99})
    expect(page.locator("#failure")).to_contain_text("Save it as XLSX without a password")
    for language in ("ky", "ru"):
        page.goto(f"{whole.url}/sheets?lang={language}")
        for width in (1366, 360):
            page.set_viewport_size({"width": width, "height": 768})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
    # two errors are expected: a refused file, and a file that changed while it was uploaded
    known = ("422", "ERR_UPLOAD_FILE_CHANGED")
    assert [error for error in desk.errors if not any(reason in error for reason in known)] == []
