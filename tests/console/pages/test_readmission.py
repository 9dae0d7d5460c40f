"""The sign-ins of a team have expired. One page readmits the team, and accepts the reports that the team sent since."""

import re
from typing import Any
from uuid import uuid4

from playwright.sync_api import expect
from sqlalchemy import text

from deploy.local.process import wait_until
from services.registry.config import RegistrySettings
from services.registry.held import queries as held
from shared.auth.tokens import Role
from shared.events.vocabulary import SubmissionChannel
from shared.postgres import database
from tests.console.pages.conftest import Whole
from tests.installation import in_thread
from tests.intake.factories import household

# Adds reports that are held because the sign-ins of the team have expired.
# `sealed` is empty, so the worker cannot decrypt these reports.
HELD = """
INSERT INTO reports (report_id, version, author, kind, subject_id, team, channel, received_at, flags, status, digest,
    outcome, reason, outcome_id, clear, sealed)
SELECT gen_random_uuid(), 1, gen_random_uuid(), 'household', gen_random_uuid(), :team, 'field', now(),
    '{expired_token}', 'Actual', '', 'held', 'expired_token', gen_random_uuid(), '{}', ''
FROM generate_series(1, :count)
"""
CANNOT_BE_SHOWN = {
    "en": "The held reports of this team cannot be shown. Reload the page.",
    "ru": "Донесения этой группы, ожидающие решения, не загрузились. Обновите страницу.",
    "ky": "Бул топтун чечим күткөн билдирүүлөрү жүктөлгөн жок. Баракты жаңыртыңыз.",
}


def test_held_reports_of_a_team_are_accepted_on_the_page_that_readmits_it(whole: Whole, seat: Any) -> None:
    team = uuid4()
    name = whole.account(Role.FIELD, team=team)
    field: dict[str, Any] = {"roles": [Role.FIELD], "channel": SubmissionChannel.FIELD, "team": team}
    phone = whole.client(headers={"authorization": f"Bearer {whole.installation.token(**field, expires_in=-86_400)}"})
    body = household()
    assert phone.post("/intake/v1/displacements", json=body).status_code == 202
    registrar = whole.installation.token(roles=[Role.REGISTRAR])
    office = whole.client(headers={"authorization": f"Bearer {registrar}"})

    page = seat(Role.DUTY_HEAD).open("/readmission?lang=en")
    page.get_by_role("row", name=name).get_by_role("button", name="Re-admit").click()
    expect(page.locator("main")).to_contain_text("The team is re-admitted.")
    text = page.locator("#held-text")

    def is_held() -> bool:
        page.reload()
        expect(text).not_to_contain_text("Looking")
        return "held before: 1" in text.inner_text()

    assert wait_until(is_held, timeout=60)
    page.get_by_role("button", name="Accept them all").click()
    expect(text).to_contain_text("Accepted: 1.")
    expect(page.get_by_role("button", name="Accept them all")).to_be_hidden()
    household_page = f"/registry/v1/households/{body['household_id']}"
    assert wait_until(lambda: office.get(household_page).status_code == 200, timeout=60)


def test_one_act_accepts_a_thousand_reports_and_the_page_shows_the_rest(whole: Whole, seat: Any) -> None:
    team = uuid4()
    in_thread(change(whole, HELD, team=team, count=held.MOST + 1))
    page = seat(Role.DUTY_HEAD).open(f"/readmission?done={team}&lang=en")
    text, button = page.locator("#held-text"), page.get_by_role("button", name="Accept them all")
    expect(text).to_contain_text(f"held before: {held.MOST + 1}.")
    button.click()
    expect(text).to_contain_text(f"Accepted: {held.MOST}.")
    # two kinds of reports are still held: reports beyond the limit, and reports that cannot be decrypted
    expect(text).to_contain_text(re.compile(r"held before: \d+\."))
    expect(button).to_be_visible()
    in_thread(change(whole, "DELETE FROM reports WHERE team = :team", team=team))
    button.press("Enter")  # unlike a click, a key acts at once on a button that has just appeared
    expect(text).to_contain_text("Accepted: 0.")
    expect(button).to_be_hidden()


async def change(whole: Whole, statement: str, **values: Any) -> None:
    engine = database.engine(whole.installation.settings(RegistrySettings))
    async with database.sessions(engine).begin() as session:
        await session.execute(text(statement), values)
    await engine.dispose()


def test_a_script_error_is_shown_on_the_page(whole: Whole, seat: Any) -> None:
    desk = seat(Role.DUTY_HEAD)
    desk.sign_in()
    page = desk.page
    page.route("**/static/readmission/readmission.js*", lambda route: route.abort())
    for language, sentence in CANNOT_BE_SHOWN.items():
        page.goto(f"{whole.url}/readmission?done={uuid4()}&lang={language}")
        expect(page.locator("#held-text")).to_have_text(sentence)
