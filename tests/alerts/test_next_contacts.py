"""A receiver's next contact is notified if a contact fails, or if the person does not answer in time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from services.alerts.acts.acts import Actor
from services.alerts.acts.answers import Answers
from services.alerts.channels import ChannelOut
from services.alerts.channels.email import EmailChannel
from services.alerts.channels.webhook import WebhookChannel
from services.alerts.delivery.deliveries import Deliveries
from services.alerts.delivery.next_contacts import NextContacts
from services.alerts.delivery.texts import Texts
from services.alerts.queries import receivers as receiver_queries
from services.alerts.queries import silences as silence_queries
from services.alerts.receivers import subscriptions
from services.alerts.receivers.receivers import Contact, Receiver, ReceiverKind
from shared.events.vocabulary import DeliveryChannel
from shared.outbound import Outbound
from shared.places import Places
from shared.postgres import notify
from tests.alerts.factories import NOBODY_REVOKED, hazard, rules
from tests.alerts.mailbox import Box, settings_for
from tests.alerts.post import revised
from tests.alerts.test_digests import two_minutes_pass
from tests.alerts.test_silences import OF_OSH
from tests.alerts.town import Town, attempts
from tests.hooks import Hook, Mood
from tests.waiting import wait_for

pytestmark = pytest.mark.anyio

EMAIL, WEBHOOK = DeliveryChannel.EMAIL, DeliveryChannel.WEBHOOK
MAIL = Contact(EMAIL, "officer@centre.example")
FIVE_MINUTES = timedelta(minutes=5)


class Officer:
    def __init__(self, town: Town) -> None:
        self.town, self.passed = town, timedelta()
        self.contacts = NextContacts(town.sessions, Places.load(), clock=lambda: datetime.now(UTC) + self.passed)

    async def is_added(self, hook: Hook, kind: ReceiverKind = ReceiverKind.PERSON) -> None:
        receiver = Receiver("officer", WEBHOOK, hook.url, language="en", kind=kind)
        async with self.town.sessions.begin() as session:
            hook.secret = await subscriptions.put(session, receiver, self.town.box, further=[MAIL])

    async def next_contacts(self, passed: timedelta = timedelta()) -> list[tuple[str, str | None]]:
        self.passed += passed
        while await self.contacts.notify():
            pass
        rows = await self.town.rows()
        in_order = sorted(rows, key=lambda row: (row["step"], row["follows"] or ""))
        return [(row["channel"], row["follows"]) for row in in_order]


@pytest.fixture
def officer(town: Town) -> Officer:
    return Officer(town)


@asynccontextmanager
async def sending(town: Town, hook: Hook, port: int, **changed: Any) -> AsyncIterator[None]:
    """Runs the delivery loop with a real mail server and a real receiver of webhooks.

    The time limit of a call is longer than a test and shorter than a lease.
    """
    mail = settings_for("127.0.0.1", port)
    own = {name: getattr(mail, name) for name in ("alerts_smtp_host", "alerts_smtp_port", "alerts_mail_from")}
    allowed = (f"127.0.0.1:{port}", f"127.0.0.1:{hook.port}")
    changes = {**own, "outbound_allow": allowed, "alerts_retry_seconds": 0.1, **changed}
    settings, woken = town.settings.model_copy(update=changes), asyncio.Event()
    async with Outbound(settings, seconds=20) as outbound, asyncio.TaskGroup() as group:
        texts = Texts.of_installation(Places.load(), settings)
        channels: dict[DeliveryChannel, ChannelOut] = {
            WEBHOOK: WebhookChannel(outbound, town.box, settings.public_url),
            EMAIL: EmailChannel(settings, outbound, texts),
        }
        running = (
            notify.listen(town.engine, "alerts_deliveries", woken),
            Deliveries(settings, town.engine, channels, woken).run(),
        )
        tasks = [group.create_task(each) for each in running]
        yield
        for task in tasks:
            task.cancel()


async def test_a_person_who_does_not_answer_gets_the_message_by_the_next_contact(
    town: Town, officer: Officer, hook: Hook, port: int, box: Box
) -> None:
    await officer.is_added(hook)
    async with sending(town, hook, port):
        await town.alert()
        await town.settled(1)
        assert await officer.next_contacts(FIVE_MINUTES - timedelta(seconds=30)) == [("webhook", None)]
        assert await officer.next_contacts(timedelta(minutes=1)) == [("webhook", None), ("email", "unanswered")]
        first, second = await town.settled(2)
    (mail,) = box.mails
    assert mail["To"] == "officer@centre.example"
    assert mail["Message-ID"] == f"<{second['delivery_id']}@centre.example>"
    assert hook.ids == [str(first["delivery_id"])]
    assert await officer.next_contacts(FIVE_MINUTES) == [("webhook", None), ("email", "unanswered")]


async def test_the_next_contact_is_not_notified_before_the_end_of_a_silence(
    town: Town, officer: Officer, hook: Hook
) -> None:
    await officer.is_added(hook)
    async with town.working(hook):
        await town.alert()
        await town.settled(1)
    now = datetime.now(UTC)
    silence = replace(OF_OSH, created_at=now, begins_at=now, ends_at=now + 2 * FIVE_MINUTES)
    async with town.sessions.begin() as session:
        await silence_queries.add(session, silence)
    assert await officer.next_contacts(FIVE_MINUTES + timedelta(seconds=30)) == [("webhook", None)]
    assert await officer.next_contacts(FIVE_MINUTES) == [("webhook", None), ("email", "unanswered")]


async def test_an_alert_that_somebody_answered_needs_no_next_contact(town: Town, officer: Officer, hook: Hook) -> None:
    await officer.is_added(hook)
    async with town.working(hook):
        await town.alert()
        (row,) = await town.settled(1)
        async with town.sessions.begin() as session:
            answers = Answers(session, rules(), Places.load(), NOBODY_REVOKED, datetime.now(UTC))
            await answers.acknowledge(row["alert_id"], Actor(uuid4(), "Aibek"))
        assert await officer.next_contacts(FIVE_MINUTES) == [("webhook", None), ("webhook", None)]


@pytest.mark.parametrize(("magnitude", "channels"), [(6.6, ["webhook", "email"]), (4.7, ["webhook"])])
async def test_only_a_grave_alert_that_nobody_answers_goes_to_the_next_contact_of_a_post(
    town: Town, officer: Officer, hook: Hook, magnitude: float, channels: list[str]
) -> None:
    await officer.is_added(hook, ReceiverKind.POST)
    async with town.working(hook):
        await town.report(hazard(onset=datetime.now(UTC), magnitude=magnitude))
        await town.settled(1)
    followed = await officer.next_contacts(FIVE_MINUTES + timedelta(seconds=30))
    assert [channel for channel, _ in followed] == channels


async def test_a_contact_that_fails_is_followed_at_once_and_tried_again(
    town: Town, officer: Officer, hook: Hook, port: int, box: Box
) -> None:
    await officer.is_added(hook, ReceiverKind.SYSTEM)
    hook.mood = Mood.BROKEN
    async with sending(town, hook, port):
        await town.alert()
        await wait_for(lambda: attempts(town, "http_503"))
        assert await officer.next_contacts() == [("webhook", None), ("email", "failed")]
        await town.settled(1)
        assert len(box.mails) == 1
        hook.mood = Mood.WELL
        rows = await town.settled(2)
    assert [row["is_delivered"] for row in rows] == [True, True]
    assert hook.answered.total() == 1


async def test_mails_to_the_next_contact_are_combined_like_mails_to_a_first_contact(
    town: Town, officer: Officer, hook: Hook, port: int, box: Box
) -> None:
    await officer.is_added(hook)
    async with sending(town, hook, port):
        await town.alert(3)
        await town.settled(3)
        assert len(await officer.next_contacts(FIVE_MINUTES + timedelta(seconds=30))) == 6
        await town.settled(4)
        await two_minutes_pass(town)
        await town.settled(6)
    assert [str(mail["Subject"])[:17] for mail in box.mails[1:]] == ["2 notifications: "]


async def test_the_next_contact_does_not_wait_for_the_mails_to_the_contact_before_it(
    town: Town, officer: Officer
) -> None:
    receiver = Receiver("officer", EMAIL, "officer@centre.example", kind=ReceiverKind.PERSON)
    async with town.sessions.begin() as session:
        await subscriptions.put(session, receiver, town.box, further=[Contact(DeliveryChannel.TELEGRAM, "telegram:42")])
    await town.alert(2)
    async with town.sessions.begin() as session:
        await session.execute(text("UPDATE deliveries SET next_contact_at = now(), reason = 'smtp_451'"))
    assert [channel for channel, _ in await officer.next_contacts()].count("telegram") == 2
    waits = sorted(row["due_at"] - row["created_at"] for row in await town.rows() if row["channel"] == "telegram")
    assert waits[0] < timedelta(seconds=30) < waits[1], "the first is sent at once, the second with the next digest"


async def test_a_contact_after_a_removed_one_is_notified(town: Town, officer: Officer, hook: Hook) -> None:
    await officer.is_added(hook)
    await town.alert()
    assert await officer.next_contacts(FIVE_MINUTES) == [("webhook", None), ("email", "no_result")]
    receiver = Receiver("officer", WEBHOOK, hook.url, kind=ReceiverKind.PERSON)
    async with town.sessions.begin() as session:
        chat = Contact(DeliveryChannel.TELEGRAM, "telegram:42")
        await subscriptions.put(session, receiver, town.box, further=[chat])
        await session.execute(text("UPDATE deliveries SET next_contact_at = now() WHERE channel = 'email'"))
    assert [channel for channel, _ in await officer.next_contacts()] == ["webhook", "email", "telegram"]


async def test_a_new_receiver_of_a_removed_ones_label_gets_no_next_contact_of_its_messages(
    town: Town, officer: Officer, hook: Hook
) -> None:
    await officer.is_added(hook)
    await town.alert()
    async with town.sessions.begin() as session:
        await subscriptions.remove(session, "officer")
    await officer.is_added(hook)
    assert await officer.next_contacts(FIVE_MINUTES) == [("webhook", None)]


async def test_a_channel_that_hangs_delays_neither_the_next_contact_nor_later_messages(
    town: Town, officer: Officer, hook: Hook, port: int, box: Box
) -> None:
    """While the webhook hangs, the mails about the alert and about its change are sent."""
    await officer.is_added(hook, ReceiverKind.SYSTEM)
    hook.mood = Mood.SILENT
    quake = hazard(onset=datetime.now(UTC))
    async with sending(town, hook, port, alerts_at_once=1):
        await town.report(quake)
        await wait_for(hook.came.is_set)
        assert await officer.next_contacts(FIVE_MINUTES) == [("webhook", None), ("email", "no_result")]
        await wait_for(lambda: len(box.mails) == 1)
        await town.report(revised(quake, 2, onset=quake.onset, magnitude=6.9))
        assert await officer.next_contacts(FIVE_MINUTES) == [
            *(("webhook", None), ("email", "no_result")),
            *(("webhook", None), ("email", "no_result")),
        ]
        await wait_for(lambda: len(box.mails) == 2)
    assert hook.answered.total() == 0


async def test_a_later_message_goes_to_the_next_contact_when_the_earlier_one_is_due(
    town: Town, officer: Officer, hook: Hook
) -> None:
    """The wait for the next contact begins with the first message.

    A new wait at each message would postpone the next contact without end, for example if a hazard is revised every
    four minutes.
    """
    await officer.is_added(hook)
    quake = hazard(onset=datetime.now(UTC), magnitude=5.6)
    await town.report(quake)
    async with town.sessions.begin() as session:
        await session.execute(text("UPDATE deliveries SET next_contact_at = next_contact_at - interval '4 minutes'"))
    await town.report(revised(quake, 2, onset=quake.onset, magnitude=6.6))
    await officer.next_contacts(timedelta(minutes=1, seconds=5))
    rows = await town.rows()
    assert [(row["step"], row["channel"]) for row in rows if row["follows"]] == [(2, "email")]


async def test_a_later_message_does_not_wait_for_a_contact_that_is_known_to_fail(
    town: Town, officer: Officer, hook: Hook
) -> None:
    await officer.is_added(hook)
    hook.mood = Mood.BROKEN
    quake = hazard(onset=datetime.now(UTC), magnitude=5.6)
    async with town.working(hook):
        await town.report(quake)
        await wait_for(lambda: attempts(town, "http_503"))
        assert await officer.next_contacts() == [("webhook", None), ("email", "failed")]
        await town.report(revised(quake, 2, onset=quake.onset, magnitude=6.6))
        await wait_for(lambda: is_followed(officer, 4))
        assert {(row["step"], row["channel"]) for row in await town.rows() if row["follows"]} == {
            (1, "email"),
            (2, "email"),
        }


async def test_a_cause_that_a_later_release_stored_stops_no_message(
    town: Town, officer: Officer, hook: Hook, port: int, box: Box
) -> None:
    await officer.is_added(hook)
    await town.alert()
    async with town.sessions.begin() as session:
        await session.execute(text("UPDATE deliveries SET cause = 'of_a_later_release'"))
    with capture_logs() as logs:
        assert await officer.next_contacts(FIVE_MINUTES) == [("webhook", None), ("email", "no_result")]
    assert [(entry["event"], entry["cause"]) for entry in logs if "cause" in entry] == [
        ("unknown cause of notification", "of_a_later_release")
    ]
    async with sending(town, hook, port):
        await town.settled(2)
    (mail,) = box.mails
    assert mail["Subject"].endswith(" – The alert has changed")


async def test_a_contact_of_a_later_releases_channel_fails_and_the_next_contact_is_notified(
    town: Town, officer: Officer, hook: Hook, port: int, box: Box
) -> None:
    """An earlier release may run with the tables of a later release.

    The earlier release notifies the contacts whose channels it knows.
    """
    await officer.is_added(hook, ReceiverKind.SYSTEM)
    later = "UPDATE receivers SET channel = 'pager', kind = 'team', hazards = '{meteorite,earthquake}'"
    async with town.sessions.begin() as session:
        await session.execute(text(later))
        await session.execute(text("UPDATE contacts SET position = 2"))
        columns = "label, channel, address, wait_seconds, position"
        await session.execute(text(f"INSERT INTO contacts ({columns}) VALUES ('officer', 'fax', '1', 60, 1)"))
    async with sending(town, hook, port, alerts_retry_hours=0.000001):
        await town.alert()
        await town.settled(1)
        assert await officer.next_contacts() == [("pager", None), ("fax", "failed")]
        await town.settled(2)
        await officer.next_contacts()
        rows = {row["channel"]: (row["reason"], row["is_delivered"]) for row in await town.settled(3)}
    assert rows == {
        "pager": ("unknown_channel", False),
        "fax": ("unknown_channel", False),
        "email": ("smtp_250", True),
    }
    async with town.sessions.begin() as session:
        assert await session.scalar(text("SELECT count(*) FROM outbox")) > 0
        await session.execute(text("UPDATE receivers SET floor = 'Colossal'"))
        assert await receiver_queries.receivers(session) == [], "left out, so that it does not stop all alerts"


async def is_followed(officer: Officer, count: int) -> bool:
    return len(await officer.next_contacts()) == count
