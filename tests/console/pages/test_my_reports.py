"""The page "My reports" shows people at the desk the results of their own reports."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from playwright.sync_api import expect

from deploy.local.process import wait_until
from shared.auth.tokens import Role
from shared.events.vocabulary import SubmissionChannel
from tests.console.pages.conftest import Whole
from tests.console.pages.test_accessibility import findings
from tests.console.pages.waiting import held_of
from tests.intake.factories import household

pytestmark = pytest.mark.usefixtures("no_held_reports")


def author(whole: Whole, account: str) -> httpx.Client:
    own: dict[str, Any] = {"roles": [Role.REGISTRAR], "channel": SubmissionChannel.CONSOLE, "account": account}
    return whole.client(headers={"authorization": f"Bearer {whole.installation.token(**own)}"})


def report(client: httpx.Client, body: dict[str, Any]) -> dict[str, Any]:
    assert client.post("/intake/v1/displacements", json=body).status_code == 202
    return body


def refuse_held(whole: Whole, account: str) -> None:
    assert wait_until(lambda: held_of(whole, UUID(account)) == 1, timeout=60)
    registrar = author(whole, str(uuid4()))
    reports = registrar.get("/registry/v1/held?limit=200").json()["reports"]
    [held] = [report for report in reports if report["author"] == account]
    decision = {"outcome_ids": [held["outcome_id"]], "is_accepted": False, "refusal": "wrong_place"}
    assert registrar.post("/registry/v1/held:decide", json=decision).status_code == 200


def test_the_results_of_the_own_reports_come_by_themselves_and_lead_to_the_records(whole: Whole, seat: Any) -> None:
    desk = seat(Role.REGISTRAR, width=1366, height=768)
    page = desk.open("/my-reports?lang=en")
    expect(page.locator("#none")).to_have_text("There is no such report of this account.")
    account = page.evaluate("document.body.dataset.account")
    body = report(author(whole, account), household())
    recorded = page.locator(f"tr[data-key='{body['report_id']}']")
    expect(recorded).to_contain_text("Recorded")
    expect(recorded).to_contain_text(f"Household {body['report_id'][-4:].upper()}")
    expect(recorded).to_contain_text("console")
    report(author(whole, str(uuid4())), household())
    correction = report(author(whole, account), household(version=2))  # version 1 never came
    waiting = page.locator(f"tr[data-key='{correction['report_id']}']")
    expect(waiting).to_contain_text("Under review")
    expect(waiting).to_contain_text("A person decides. You need not send it again.")
    recorded.get_by_role("link", name="Correct").focus()
    refuse_held(whole, account)
    expect(waiting).to_contain_text("Refused")
    expect(waiting).to_contain_text("the place is wrong, correct it and send again")
    expect(recorded.get_by_role("link", name="Correct")).to_be_focused()  # the rows were drawn again
    expect(waiting.get_by_role("link", name="Send it again")).to_have_attribute("href", "/new-household")
    expect(page.locator("#reports tr")).to_have_count(2)
    page.get_by_label("Result").focus()
    page.keyboard.type("Refused")
    expect(page.locator("#reports tr")).to_have_count(1)
    assert findings(page) == []
    for language in ("ky", "ru", "en"):
        page.goto(f"{whole.url}/my-reports?state=recorded&lang={language}")
        expect(recorded).to_be_visible()
        for width in (1366, 390, 360):
            page.set_viewport_size({"width": width, "height": 768})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (language, width)
    assert findings(page) == []
    page.get_by_role("link", name="Open the record").press("Enter")
    expect(page.locator("main")).to_contain_text("Айгүл")
    page.go_back()
    page.get_by_role("link", name="Correct").press("Enter")
    expect(page.locator("#phone")).to_have_value("+996 555 010203")
    page.locator(".menu summary").press("Enter")
    page.get_by_role("link", name="My reports").press("Enter")
    expect(page.locator("#reports tr")).to_have_count(2)
    assert desk.errors == []
