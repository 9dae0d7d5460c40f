"""The page of an alert shows who was notified, who was not, and why."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from services.alerts.config import AlertsSettings
from services.alerts.delivery.next_contacts import NextContacts
from services.alerts.escalation import Escalation
from services.alerts.queries import receivers as receiver_queries
from services.alerts.receivers import subscriptions
from services.alerts.receivers.receivers import Contact, Receiver
from services.alerts.receivers.secrets import WebhookSecrets
from shared.auth.tokens import Role
from shared.events.vocabulary import DeliveryChannel, Severity, Status
from shared.places import Places
from tests.alerts.desk import Desk, fresh
from tests.alerts.factories import BATKEN, mudflow, rules
from tests.alerts.test_alert_page import NARYN, OSH_OBLAST

pytestmark = pytest.mark.anyio


async def add_receivers(desk: Desk) -> None:
    left_out: dict[str, dict[str, Any]] = {
        "duty-desk": {},
        "head-of-shift": {"step": 1},
        "minister": {"floor": Severity.EXTREME},
        "batken-post": {"areas": (BATKEN,)},
        "trainer": {"statuses": frozenset({Status.EXERCISE})},
    }
    async with desk.sessions.begin() as session:
        for label, fields in left_out.items():
            receiver = Receiver(label, DeliveryChannel.WEBHOOK, "https://hook.example", **fields)
            await receiver_queries.save_receiver(session, receiver)


async def escalate(desk: Desk) -> None:
    async with desk.sessions.begin() as session:
        await session.execute(text("UPDATE alerts SET escalates_at = now()"))
    await Escalation(desk.sessions, rules(), Places.load()).escalate()


async def omitted(desk: Desk, alert_id: UUID, language: str = "en") -> dict[str, str]:
    async with desk.caller() as caller:
        page = (await caller.get(f"/{alert_id}", params={"lang": language})).text
    _, _, section = page.partition('class="panel omitted"')
    return dict(re.findall(r"<tr><td>([^<]*)</td><td>([^<]*)</td>", section.partition("</section>")[0]))


async def test_the_page_shows_who_was_not_notified_and_why(desk: Desk) -> None:
    await add_receivers(desk)
    (alert_id,) = await desk.alerts(fresh())
    assert await omitted(desk, alert_id) == {
        "head-of-shift": "Notified only if nobody acknowledges in time",
        "minister": "Gets only more severe alerts",
        "batken-post": "The alert is outside the recipient's area",
        "trainer": "Not on the list for alerts of this status",
    }
    async with desk.sessions.begin() as session:
        await session.execute(
            text("""UPDATE notification_omissions SET reasons = '{"minister": "of_a_later_release"}'""")
        )
    assert await omitted(desk, alert_id) == {"minister": "Another reason"}


async def test_the_page_shows_the_contacts_of_a_receiver_and_whose_the_answer_was(desk: Desk) -> None:
    account = uuid4()
    officer = Receiver("officer", DeliveryChannel.EMAIL, "officer@centre.example", account_id=account)
    hook = Contact(DeliveryChannel.WEBHOOK, "https://hook.example")
    async with desk.sessions.begin() as session:
        box = WebhookSecrets(desk.installation.settings(AlertsSettings).alerts_key_file)
        await subscriptions.put(session, officer, box, further=[hook])
    (alert_id,) = await desk.alerts(fresh())
    assert await omitted(desk, alert_id) == {
        "officer, webhook": "Only if the contact before fails or is not answered in time"
    }
    async with desk.sessions.begin() as session:
        await session.execute(
            text("UPDATE deliveries SET settled_at = now(), is_delivered = true, reason = 'smtp_250'")
        )
        await session.execute(text("UPDATE receivers SET kind = 'person'"))
    await NextContacts(desk.sessions, Places.load(), lambda: datetime.now(UTC) + timedelta(minutes=5)).notify()
    assert await omitted(desk, alert_id) == {}
    async with desk.caller(account=account) as caller:
        before = (await caller.get(f"/{alert_id}", params={"lang": "en"})).text
        assert (await caller.put(f"/v1/alerts/{alert_id}/acknowledgement")).status_code == 200
        after = (await caller.get(f"/{alert_id}", params={"lang": "en"})).text
    assert re.findall(r"<td>(Sent|Queued, because[^<,]*)", before) == [
        "Queued, because the contact before was not answered in time",
        "Sent",
    ]
    assert "<td>Answered" in after
    async with desk.sessions.begin() as session:
        later = "UPDATE deliveries SET follows = 'of_a_later_release', channel = 'radio' WHERE follows IS NOT NULL"
        await session.execute(text(later))
    async with desk.caller() as caller:
        pages = [(await caller.get(path, params={"lang": "en"})).text for path in (f"/{alert_id}", "/deliveries")]
    assert all("after the contact before" in page and "of_a_later_release" not in page for page in pages)


async def test_a_receiver_notified_later_is_no_longer_among_those_not_notified(desk: Desk) -> None:
    await add_receivers(desk)
    (alert_id,) = await desk.alerts(fresh())
    async with desk.sessions.begin() as session:
        added = Receiver("newcomer", DeliveryChannel.WEBHOOK, "https://hook.example")
        await receiver_queries.save_receiver(session, added)
    await escalate(desk)
    reasons = await omitted(desk, alert_id)
    assert not {"duty-desk", "head-of-shift"} & reasons.keys()
    assert "newcomer" not in reasons, (
        "the escalation also notifies receivers of earlier steps who do not know the alert"
    )


async def test_a_receiver_added_later_is_not_said_to_have_been_notified(desk: Desk) -> None:
    """An alert is raised for Osh and Naryn, and later two receivers for Osh are added.

    Then the alert's area becomes Osh alone.

    The receiver with limited hours is then notified: the alert may have been raised outside these hours.
    """
    await add_receivers(desk)
    flood = mudflow(onset=datetime.now(UTC), area={"pcodes": [OSH_OBLAST, NARYN]})
    (alert_id,) = await desk.alerts(flood)
    async with desk.sessions.begin() as session:
        for label, hours in (("osh-post", ()), ("osh-office", ("Mon 08:00-17:00",))):
            added = Receiver(label, DeliveryChannel.WEBHOOK, "https://hook.example", areas=(OSH_OBLAST,), hours=hours)
            await receiver_queries.save_receiver(session, added)
    update = {"hazard_id": flood.hazard_id, "revision": 2, "msg_type": "Update", "onset": flood.onset}
    await desk.alerts(mudflow(**update, area={"pcodes": [OSH_OBLAST]}))
    reasons = await omitted(desk, alert_id)
    assert "osh-office" not in reasons
    assert (
        reasons["osh-post"] == "Not notified before, because the list of recipients changed after the alert was raised"
    )


async def test_nobody_of_many_notified_receivers_is_among_those_not_notified(desk: Desk) -> None:
    """The page lists only the newest 200 deliveries. The receivers of older deliveries were notified too."""
    async with desk.sessions.begin() as session:
        for label in ("head-of-shift", *(f"post-{number:03}" for number in range(201))):
            step = 1 if label == "head-of-shift" else 0
            receiver = Receiver(label, DeliveryChannel.WEBHOOK, "https://hook.example", step=step)
            await receiver_queries.save_receiver(session, receiver)
    (alert_id,) = await desk.alerts(fresh())
    await escalate(desk)
    assert await omitted(desk, alert_id) == {}


@pytest.mark.parametrize("language", ["ky", "ru"])
async def test_the_reasons_are_in_the_readers_language(desk: Desk, language: str) -> None:
    await add_receivers(desk)
    (alert_id,) = await desk.alerts(fresh())
    reasons = await omitted(desk, alert_id, language)
    assert len(reasons) == 4
    assert all(re.fullmatch(r"[^A-Za-z]+", reason) for reason in reasons.values()), reasons


async def test_a_wall_screen_sees_neither_who_was_notified_nor_who_was_not(desk: Desk) -> None:
    await add_receivers(desk)
    (alert_id,) = await desk.alerts(fresh())
    async with desk.caller(Role.VIEWER) as caller:
        page = (await caller.get(f"/{alert_id}", params={"lang": "en"})).text
    assert "minister" not in page
