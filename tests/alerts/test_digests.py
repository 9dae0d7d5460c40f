"""Mails about alerts of Moderate or below are combined; each mail about a Severe or Extreme alert is sent alone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from services.alerts import transitions
from services.alerts.channels.email import EmailChannel
from services.alerts.delivery.deliveries import Deliveries
from services.alerts.delivery.notices import (
    FOLDABLE,
    FOLDED_WITHIN,
    FOLDED_WITHIN_IF_MANY,
    MANY_MESSAGES,
    Cause,
    PlannedDelivery,
    is_foldable,
    plan,
)
from services.alerts.delivery.texts import Texts
from services.alerts.queries import receivers as receiver_queries
from services.alerts.receivers.receivers import Receiver
from services.alerts.rules.findings import UNJUDGED_RULE, Finding
from services.alerts.rules.hazard import decide
from shared.events import HazardReported
from shared.events.vocabulary import DeliveryChannel, Severity
from shared.outbound import Outbound
from shared.places import Places
from tests.alerts.factories import KADAMJAI, LEILEK, NOW, mudflow, rules
from tests.alerts.jobs import WATCHED
from tests.alerts.mailbox import Box, settings_for
from tests.alerts.town import Town, recorded
from tests.waiting import wait_for

pytestmark = pytest.mark.anyio


def flood(**changed: Any) -> HazardReported:
    return mudflow(**{"onset": datetime.now(UTC), "severity": "Moderate", **changed})


@asynccontextmanager
async def mailing(town: Town, port: int) -> AsyncIterator[None]:
    mail = settings_for("127.0.0.1", port)
    names = ("alerts_smtp_host", "alerts_smtp_port", "alerts_mail_from", "outbound_allow")
    settings = town.settings.model_copy(update={name: getattr(mail, name) for name in names})
    await told_by_mail(town)
    async with Outbound(settings, seconds=20) as outbound, asyncio.TaskGroup() as group:
        channel = EmailChannel(settings, outbound, Texts.of_installation(Places.load(), settings))
        task = group.create_task(
            Deliveries(settings, town.engine, {DeliveryChannel.EMAIL: channel}, asyncio.Event()).run()
        )
        yield
        task.cancel()


async def told_by_mail(town: Town) -> None:
    async with town.sessions.begin() as session:
        receiver = Receiver("desk", DeliveryChannel.EMAIL, "desk@centre.example", language="en")
        await receiver_queries.save_receiver(session, receiver)


async def two_minutes_pass(town: Town) -> None:
    async with town.sessions.begin() as session:
        await session.execute(text("UPDATE deliveries SET due_at = now() WHERE settled_at IS NULL AND lease IS NULL"))


async def test_mails_within_two_minutes_are_combined_and_each_delivery_keeps_its_id(
    town: Town, port: int, box: Box
) -> None:
    async with mailing(town, port):
        await town.report(*(flood() for _ in range(60)))
        await town.settled(1)
        assert (len(box.mails), sum(row["settled_at"] is None for row in await town.rows())) == (1, 59)
        await two_minutes_pass(town)
        rows = await town.settled(60)
    assert len(box.mails) == 2
    assert str(box.mails[0]["Subject"]).startswith("Moderate: Mudflow")
    assert str(box.mails[1]["Subject"]).startswith("59 notifications: Moderate: Mudflow")
    assert box.mails[1].get_content().count("Acknowledge here:") == 59
    assert all(row["is_delivered"] and row["attempts"] == 1 for row in rows)
    async with town.sessions.begin() as session:
        settled = "SELECT count(*) FROM outbox WHERE convert_from(headers, 'utf8') LIKE '%delivery_settled%'"
        assert await session.scalar(text(settled)) == 60


@pytest.mark.parametrize("severity", ["Severe", "Extreme"])
async def test_severe_and_extreme_mails_go_at_once_and_separately(
    town: Town, port: int, box: Box, severity: str
) -> None:
    async with mailing(town, port):
        await town.report(flood(), *(flood(severity=severity) for _ in range(3)), flood())
        await wait_for(lambda: is_mailed(box, 4))
    subjects = [str(mail["Subject"]) for mail in box.mails]
    assert sum(subject.startswith(f"{severity}: ") for subject in subjects) == 3


async def test_each_delivery_of_a_combined_mail_is_given_up_at_its_own_age(town: Town, port: int, box: Box) -> None:
    box.answer = "451 try later"
    await told_by_mail(town)
    await town.report(flood(), flood())
    old, fresh = [row["delivery_id"] for row in await town.rows()]
    async with town.sessions.begin() as session:
        long_ago = text("UPDATE deliveries SET created_at = now() - interval '90 days' WHERE delivery_id = :id")
        await session.execute(long_ago, {"id": old})
    await two_minutes_pass(town)
    async with mailing(town, port):
        await wait_for(lambda: recorded(town, 2))
        assert [row["delivery_id"] for row in await town.rows() if row["settled_at"]] == [old]
        box.answer = "250 OK"
        await two_minutes_pass(town)
        rows = await town.settled(2)
    assert {row["delivery_id"]: row["is_delivered"] for row in rows} == {old: False, fresh: True}


async def is_mailed(box: Box, count: int) -> bool:
    return len(box.mails) >= count


async def test_a_mail_about_an_alert_that_became_severe_replaces_the_mail_that_waits(
    town: Town, port: int, box: Box
) -> None:
    first, second, other = flood(), flood(), flood()
    async with mailing(town, port):
        await town.report(first, second, other)
        await wait_for(lambda: is_mailed(box, 1))
        graver = {"msg_type": "Update", "revision": 2, "severity": "Severe"}
        await town.report(*(flood(hazard_id=each.hazard_id, **graver) for each in (first, second)))
        await wait_for(lambda: is_mailed(box, 3))
        await town.settled(3)
    assert sum("More severe now" in str(mail["Subject"]) for mail in box.mails) == 2
    assert [row["is_foldable"] for row in await town.rows() if row["settled_at"] is None] == [True], "the other waits"


async def test_a_webhook_about_a_moderate_alert_hastens_no_mail(town: Town, port: int, box: Box) -> None:
    async with town.sessions.begin() as session:
        hook = Receiver("system", DeliveryChannel.WEBHOOK, "https://hook.example")
        await receiver_queries.save_receiver(session, hook)
    first, second = flood(), flood(area={"pcodes": [KADAMJAI]})
    async with mailing(town, port):
        await town.report(first, second)
        await town.settled(1)
        wider = {"msg_type": "Update", "revision": 2, "area": {"pcodes": [KADAMJAI, LEILEK]}}
        await town.report(flood(hazard_id=second.hazard_id, **wider))
    mails = [row for row in await town.rows() if row["channel"] == DeliveryChannel.EMAIL and not row["settled_at"]]
    assert [row["cause"] for row in mails] == [Cause.RAISED, Cause.WIDENED]
    assert all(row["due_at"] == row["planned_at"] for row in mails)


async def test_mails_to_a_receiver_about_a_situation_form_one_thread(town: Town, port: int, box: Box) -> None:
    first, other = flood(severity="Severe"), flood(severity="Severe", area={"pcodes": [LEILEK]})
    async with mailing(town, port):
        await town.report(first, other)
        graver = {"msg_type": "Update", "revision": 2, "severity": "Extreme"}
        await town.report(flood(hazard_id=first.hazard_id, area={"pcodes": [KADAMJAI]}, **graver))
        await town.settled(3)
    threads = [str(mail["References"]) for mail in box.mails]
    places = ["Leilek" in str(mail["Subject"]) for mail in box.mails]
    assert len(set(threads)) == 2
    assert len({thread for thread, is_leilek in zip(threads, places, strict=True) if not is_leilek}) == 1
    assert len({str(mail["Message-ID"]) for mail in box.mails}) == 3


def delivery(recipient: str = "desk", due_in: timedelta = timedelta()) -> PlannedDelivery:
    return PlannedDelivery(uuid4(), uuid4(), 1, recipient, DeliveryChannel.EMAIL, Cause.RAISED, "{}", NOW, due_in)


def test_the_first_mail_goes_at_once_and_later_ones_after_two_minutes() -> None:
    first, second, third = delivery(), delivery(), delivery()
    assert list(plan([first, second, third], {}, {}, NOW).values()) == [NOW, NOW + FOLDED_WITHIN, NOW + FOLDED_WITHIN]


def test_a_later_mail_joins_those_that_already_wait() -> None:
    waiting = NOW + timedelta(seconds=30)
    assert list(
        plan([delivery(), delivery("other")], {("desk", DeliveryChannel.EMAIL): waiting}, {}, NOW).values()
    ) == [
        waiting,
        NOW,
    ]


def test_a_mail_about_an_act_waits_until_the_act_can_no_longer_be_undone() -> None:
    undone = timedelta(seconds=10)
    soon = NOW - FOLDED_WITHIN + timedelta(seconds=3)
    assert list(plan([delivery(due_in=undone)], {("desk", DeliveryChannel.EMAIL): soon}, {}, NOW).values()) == [
        NOW + undone
    ]


def test_after_many_messages_within_an_hour_the_further_ones_are_combined_for_longer() -> None:
    known: dict[tuple[str, str], datetime] = {("desk", DeliveryChannel.EMAIL): NOW}
    planned = [plan([delivery()], known, {"desk": count}, NOW) for count in (MANY_MESSAGES - 1, MANY_MESSAGES)]
    assert [time - NOW for times in planned for time in times.values()] == [FOLDED_WITHIN, FOLDED_WITHIN_IF_MANY]


def test_a_stream_of_moderate_alerts_by_three_channels_is_at_most_forty_messages_an_hour() -> None:
    sent: dict[DeliveryChannel, list[datetime]] = {channel: [] for channel in FOLDABLE}
    for second in range(0, 3600, 5):
        for channel, times in sent.items():
            known: dict[tuple[str, str], datetime] = {("desk", channel): times[-1]} if times else {}
            messages = {"desk": sum(map(len, sent.values()))}
            new = replace(delivery(), channel=channel)
            (planned,) = plan([new], known, messages, NOW + timedelta(seconds=second)).values()
            if planned not in times:
                times.append(planned)
    within = [time for times in sent.values() for time in times if time < NOW + timedelta(hours=1)]
    assert MANY_MESSAGES < len(within) <= 40


def test_only_mails_about_alerts_that_cannot_be_grave_are_combined() -> None:
    finding = decide(flood(), rules(), WATCHED, NOW)
    assert isinstance(finding, Finding)
    alert = transitions.raised(finding, None, NOW)
    may_be_grave: list[dict[str, Any]] = [
        {"severity": Severity.UNKNOWN},
        {"rule": UNJUDGED_RULE},
        {"severity": Severity.SEVERE},
    ]
    changed = [transitions.replaced(alert, **change) for change in ({}, *may_be_grave)]
    assert [is_foldable(each, DeliveryChannel.EMAIL) for each in changed] == [True, False, False, False]
