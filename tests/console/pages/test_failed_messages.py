"""Tests the list of messages that failed to process on the page "Waiting"."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Response, expect

from deploy.local.process import wait_until
from services.alerts.config import AlertsSettings
from services.console.config import ConsoleSettings
from services.intake.config import IntakeSettings
from services.registry.config import RegistrySettings
from shared.auth.tokens import Role
from shared.config import Settings
from shared.crypto.seal import Sealer
from shared.messaging.dead_letters import DeadLetters
from shared.messaging.records import Record, UnreadableRecord
from shared.web import letter_routes
from tests.console.factories import LEILEK
from tests.console.pages.conftest import Whole
from tests.console.pages.waiting import LETTER, change
from tests.installation import in_thread
from tests.publishing import publishing

OTHER_LETTER = """
INSERT INTO dead_letters (topic, partition, "offset", reason, pointer, set_aside_at)
VALUES ('hazards', 0, -6, 'unknown_type', '', now()) RETURNING 1
"""
FAILED = """
INSERT INTO dead_letters (topic, partition, "offset", reason, pointer)
VALUES ('{topic}', 0, -7, 'seal_mismatch', '/sealed') RETURNING 1
"""
OPENED = """
INSERT INTO audit (action, result, account, subject)
SELECT 'read', 'done', '{account}', 'GET /{service}/v1/dead-letters/openings/{{opening_id}} hazards/0/' || number
FROM generate_series(1, {count}) AS number RETURNING 1
"""
SETTINGS: dict[str, type[Settings]] = {
    "intake": IntakeSettings,
    "registry": RegistrySettings,
    "alerts": AlertsSettings,
    "console": ConsoleSettings,
}
MANY_LETTERS = """
INSERT INTO dead_letters (topic, partition, "offset", reason, pointer, set_aside_at)
SELECT 'hazards', 0, -1000 - number, 'unknown_type', '', now() - make_interval(mins => number + 5)
FROM generate_series(1, 240) AS number RETURNING 1
"""


def test_an_administrator_sees_how_many_messages_failed_for_a_reason_and_since_when(whole: Whole, seat: Any) -> None:
    """The ledger lists only the newest 200 messages. The page counts all messages."""
    in_thread(change(whole, MANY_LETTERS))
    desk = seat(Role.ADMINISTRATOR)
    page = desk.open("/waiting?lang=en")
    row = page.locator("#letters tr", has_text="unknown_type")
    expect(row).to_contain_text("240")
    expect(row).to_contain_text("4 h")
    expect(row.get_by_role("button", name="Process again")).to_be_visible()
    expect(page.locator("#held-table")).to_have_count(0)
    expect(page.locator("h1")).to_have_text("Messages that failed to process")
    in_thread(change(whole, "DELETE FROM dead_letters RETURNING 1"))
    assert desk.errors == []


def is_assignment(answer: Response) -> bool:
    return answer.request.method == "PUT" and answer.url.endswith("/v1/letters:assignments")


def test_failed_messages_are_assigned_to_a_duty_head_and_stay_assigned(whole: Whole, seat: Any) -> None:
    in_thread(change(whole, LETTER))
    head, desk = seat(Role.DUTY_HEAD), seat(Role.OPERATOR)
    page = desk.open("/waiting?lang=en")
    assignee = page.locator("#letters tr", has_text="malformed").locator("select")
    with page.expect_response(is_assignment) as assigned:
        assignee.select_option(label=head.name)
    assert assigned.value.status == 204
    page.reload()
    expect(assignee.locator("option:checked")).to_have_text(head.name)
    with page.expect_response(is_assignment):
        assignee.select_option("")
    page.reload()
    expect(assignee).to_have_value("")
    in_thread(change(whole, "DELETE FROM dead_letters RETURNING 1"))
    assert desk.errors == []


@pytest.mark.parametrize(("role", "may_redrive"), [(Role.OPERATOR, False), (Role.DUTY_HEAD, True)])
def test_a_duty_head_refuses_failed_messages_or_lets_a_service_process_them_again(
    whole: Whole, seat: Any, role: Role, may_redrive: bool
) -> None:
    in_thread(change(whole, LETTER))
    desk = seat(role)
    page = desk.open("/waiting?lang=en")
    row = page.locator("#letters tr", has_text="malformed")
    expect(row).to_contain_text("alerts ← hazards")
    expect(row).to_contain_text("3 h")
    button = row.get_by_role("button", name="Process again")
    expect(button).to_have_count(1 if may_redrive else 0)
    if may_redrive:
        row.get_by_role("button", name="Refuse").click()
        expect(row.locator(".field")).to_contain_text("Choose the reason that the author reads.")
        expect(page.locator("#toasts")).to_be_empty()
        row.get_by_label("Reason that the author reads").select_option("practice")
        row.get_by_role("button", name="Refuse").click()
        expect(page.locator("#toasts")).to_contain_text("Refused: 1")
        expect(row).to_have_count(0)
        for statement in (LETTER, OTHER_LETTER):
            in_thread(change(whole, statement))
        page.reload()
        other = page.locator("#letters tr", has_text="unknown_type")
        other.get_by_label("Reason that the author reads").select_option("practice")
        other.evaluate("row => { row.dataset.former = ''; }")
        button.click()
        expect(page.locator("#toasts")).to_contain_text("Sent for processing: 1")
        expect(page.locator("#letters tr[data-former]")).to_have_count(0)  # the list was drawn anew
        expect(other.get_by_label("Reason that the author reads")).to_have_value("practice")
        decided = in_thread(change(whole, "SELECT account, refusal FROM redrives ORDER BY decided_at"))
        own = whole.known(desk.name).account_id
        assert [tuple(decision) for decision in decided] == [(own, "practice"), (own, None)]
    in_thread(change(whole, "DELETE FROM dead_letters RETURNING 1"))
    assert desk.errors == []


async def set_aside(whole: Whole, service: str, topic: str, content: dict[str, Any]) -> None:
    settings = whole.installation.settings(SETTINGS[service])
    record = Record(topic, 0, -7, 0, b"", json.dumps(content).encode(), ())
    sealer = Sealer(settings.seal_public_key_file) if isinstance(settings, RegistrySettings) else None
    letter = DeadLetters(service, sealer).letter(UnreadableRecord(record, "seal_mismatch", "/sealed"))
    async with publishing(settings) as publisher:
        await publisher.publish(letter, timeout=60)
    await change(whole, FAILED.format(topic=topic), SETTINGS[service])


def test_a_message_that_failed_is_opened_by_its_service_in_the_list(whole: Whole, seat: Any) -> None:
    """The registry's record is not valid.

    The whole invalid record is therefore sealed, and only the registry's worker can decrypt it.

    A reader may open a message even after many openings in this hour. Administrators see the number of openings.
    """
    # administrators see the openings per hour, so no new hour may begin within this test
    assert wait_until(lambda: datetime.now(UTC).minute < 59, timeout=90, every=1)
    notes = f"мост {uuid4().hex[:8]}"
    place = {"origin": {"pcode": LEILEK}, "pcodes": [LEILEK], "occurred_at": "yesterday", "members": "five"}
    letters = {"registry": "displacements", "alerts": "households", "console": "alerts", "intake": "outcomes"}
    for service, topic in letters.items():
        in_thread(set_aside(whole, service, topic, {**place, "notes": f"{notes} {service}"}))
    desk = seat(Role.REGISTRAR, Role.OPERATOR)
    page = desk.open("/waiting?lang=en")
    account = whole.known(desk.name).account_id
    for service, topic in letters.items():
        opened_before = OPENED.format(account=account, service=service, count=letter_routes.MOST_AN_HOUR)
        in_thread(change(whole, opened_before, SETTINGS[service]))
        row = page.locator("#letters tr", has_text=f"{service} ← {topic}").filter(has_text="seal_mismatch")
        row.get_by_role("button", name="Open").click()
        opened = page.locator("#letters .opened", has_text=f"{notes} {service}")
        expect(opened).to_contain_text("yesterday")
        expect(opened).to_contain_text("This viewing has been logged.")
        remove = "DELETE FROM dead_letters WHERE reason = 'seal_mismatch' RETURNING 1"
        in_thread(change(whole, remove, SETTINGS[service]))
    assert desk.errors == []
    noticed = seat(Role.AUDITOR).open("/audit?lang=en").locator(".notice", has_text=f"by account {account}")
    expect(noticed.filter(has_text="failed messages opened: 61 in the hour")).to_have_count(len(letters))


def test_after_a_failure_the_page_counts_what_was_sent_and_reads_the_messages_again(whole: Whole, seat: Any) -> None:
    """A request names at most 100 messages. For 200 messages, the page sends two requests.

    Only the second request fails.
    """
    in_thread(change(whole, MANY_LETTERS))
    desk = seat(Role.DUTY_HEAD)
    page = desk.open("/waiting?lang=en")
    button = page.locator("#letters tr", has_text="unknown_type").get_by_role("button", name="Process again")
    expect(button).to_be_visible()
    answers = iter([{"status": 200, "json": {"count": 100}}, {"status": 503, "json": {"title": "Busy"}}])
    page.route("**/v1/dead-letters:redrive", lambda route: route.fulfill(**next(answers)))
    with page.expect_request("**/alerts/v1/ledger"):  # after the second answer, the page reads the messages again
        button.click()
    expect(page.locator("#toasts")).to_contain_text("Sent for processing: 100")
    expect(page.locator("#toasts")).to_contain_text("Busy")
    in_thread(change(whole, "DELETE FROM dead_letters RETURNING 1"))
