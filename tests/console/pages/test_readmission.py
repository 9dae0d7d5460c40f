"""A team whose phones' sign-ins have ended: it is re-admitted, and what it sent meanwhile is accepted, on one page."""

from typing import Any
from uuid import uuid4

from playwright.sync_api import expect

from deploy.local.process import wait_until
from shared.auth.tokens import Role
from shared.events.vocabulary import SubmissionChannel
from tests.browsers import SLOW_MS
from tests.console.pages.conftest import Whole
from tests.intake.factories import household


def test_a_readmitted_teams_held_reports_are_accepted_where_it_is_readmitted(whole: Whole, seat: Any) -> None:
    team = uuid4()
    name = whole.account(Role.FIELD, team=team)
    field: dict[str, Any] = {"roles": [Role.FIELD], "road": SubmissionChannel.FIELD, "team": team}
    phone = whole.client(headers={"authorization": f"Bearer {whole.installation.token(**field, expires_in=-86_400)}"})
    body = household()
    assert phone.post("/intake/v1/displacements", json=body).status_code == 202
    registrar = whole.installation.token(roles=[Role.REGISTRAR])
    office = whole.client(headers={"authorization": f"Bearer {registrar}"})

    page = seat(Role.DUTY_HEAD).open("/readmission")
    page.goto(f"{page.url}?lang=en")
    page.get_by_role("row", name=name).get_by_role("button", name="Re-admit").click()
    expect(page.locator("main")).to_contain_text("The team is re-admitted.", timeout=SLOW_MS)
    held = page.locator("#held-text")

    def is_held() -> bool:
        page.reload()
        expect(held).not_to_contain_text("Looking", timeout=SLOW_MS)
        return "held before: 1" in held.inner_text()

    assert wait_until(is_held, timeout=30)
    page.get_by_role("button", name="Accept them all").click()
    expect(held).to_contain_text("Accepted: 1.", timeout=SLOW_MS)
    household_page = f"/registry/v1/households/{body['household_id']}"
    assert wait_until(lambda: office.get(household_page).status_code == 200, timeout=30)
