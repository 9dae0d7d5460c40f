"""The board and the alert's page show an earthquake's magnitude and its expected intensity, each with the scale."""

from typing import Any

from playwright.sync_api import expect

from shared.auth.tokens import Role
from tests.console.pages.conftest import Whole

OSH = {"lat": 40.53135, "lon": 72.79539}  # the expected intensity in Osh city is 0.898 x 5.6 + 1.215 = 6.24


SHOWN = (
    ("en", "expected 6.2 MSK-64", "Expected intensity (computed): up to 6.2 on MSK-64, Osh city"),
    ("ru", "ожид. 6,2 MSK-64", "Ожидаемая интенсивность (расчёт): до 6,2 балла MSK-64, г. Ош"),
    ("ky", "күтүлөт 6,2 MSK-64", "Күтүлгөн күчү (эсептелген): MSK-64 боюнча 6,2 баллга чейин, Ош шаары"),
)


def test_magnitude_and_expected_intensity_are_read_on_the_board_and_the_alerts_page(whole: Whole, seat: Any) -> None:
    desk = seat(Role.OPERATOR)
    desk.sign_in()
    page = desk.page
    whole.report_hazard(type="earthquake", severity="Unknown", magnitude=5.6, depth_km=12, area={"point": OSH})
    for language, on_board, on_page in SHOWN:
        page.goto(f"{whole.url}/?lang={language}")
        row = page.locator(".alert", has_text=on_board).first
        expect(row).to_contain_text("M 5.6" if language == "en" else "M 5,6")
        expect(row.locator(".alert-reason")).to_contain_text(on_page)
        page.goto(f"{whole.url}{row.locator('a.alert-name').get_attribute('href')}?lang={language}")
        expect(page.locator("main")).to_contain_text(on_page)
