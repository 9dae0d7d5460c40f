"""Groups reported by telephone raise one common alert. The alert is shown on the board and on its own page."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from playwright.sync_api import expect

from shared.auth.tokens import Role
from tests.console.pages.conftest import Whole
from tests.intake.factories import group

LEILEK = "KG05236000000"
AK_TALAA = "KG04210000000"  # only this test of the pages counts people from Ak-Talaa
EVENING = [
    {"persons": 70, "households": 20, "origin_locality": "Чоко-Добо", "destination": {"country": "ZZ"}},
    {"persons": 150, "households": 45, "origin_locality": "Комсомол", "destination": {"country": "ZZ"}},
    {"persons": 37, "households": 10, "destination": {"pcode": LEILEK}, "destination_locality": "Тобей мечити"},
    {"persons": 26, "destination": {"pcode": LEILEK}, "destination_locality": "чайкана"},
]
TITLES = {"en": "Displacement, 283 persons", "ru": "Перемещение, 283 человека", "ky": "Жер которуу, 283 адам"}
REASONS = {
    "en": "283 persons counted in 4 reports, 75 families; 0 registered households",
    "ru": "283 человека по 4 донесениям, 75 семей; 0 зарегистрированных домохозяйств",
    "ky": "4 билдирүү боюнча 283 адам, 75 үй-бүлө; 0 катталган үй чарба",
}


def report_the_evening(whole: Whole) -> None:
    bearer = {"authorization": f"Bearer {whole.installation.token(roles=[Role.FIELD], team=uuid4())}"}
    now = datetime.now(UTC).isoformat()
    for report in EVENING:
        origin = {"pcode": AK_TALAA}
        body = group(origin=origin, occurred_at=now, reported_at=now, counted_at=now, quantifier="exact", **report)
        answer = whole.client(headers=bearer).post("/intake/v1/displacements", json=body)
        assert answer.status_code == 202, answer.text


def test_the_reports_of_one_evening_are_one_alert(whole: Whole, seat: Any) -> None:
    report_the_evening(whole)
    desk = seat(Role.OPERATOR)
    desk.sign_in()
    page = desk.page
    for language, reason in REASONS.items():
        page.goto(f"{whole.url}/?lang={language}")
        alert = page.locator(".alert[data-section=waiting]", has_text=reason)
        expect(alert).to_have_count(1)
        expect(alert.locator(".alert-name")).to_have_text(TITLES[language])
        page.goto(f"{whole.url}{alert.locator('.alert-name').get_attribute('href')}?lang={language}")
        expect(page.locator("section.what")).to_contain_text(reason)
