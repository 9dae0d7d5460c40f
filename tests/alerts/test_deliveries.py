"""Deliveries over real HTTP. Each receiver gets each message once, although receivers may fail or be slow."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from services.alerts import measures
from services.alerts.channels import Job
from services.alerts.delivery import deliveries
from services.alerts.delivery.notices import Cause, PlannedDelivery
from services.alerts.queries import deliveries as delivery_queries
from services.alerts.receivers import subscriptions
from services.alerts.receivers import trials as receiver_trials
from services.alerts.receivers.receivers import Receiver
from shared.events.vocabulary import DeliveryChannel
from tests.alerts.factories import hazard
from tests.alerts.post import revised
from tests.alerts.town import Town, attempts, claimed, is_kept_waiting, notified, recorded
from tests.hooks import Hook, Mood, listening
from tests.waiting import wait_for

pytestmark = pytest.mark.anyio


async def test_an_alert_is_sent_at_once_by_a_signed_webhook(town: Town, hook: Hook) -> None:
    await town.receiver("duty", hook)
    async with town.working(hook):
        await town.alert()
        (row,) = await town.settled(1)
    assert (row["is_delivered"], row["reason"], row["attempts"]) == (True, "http_200", 1)
    assert hook.answered == {str(row["delivery_id"]): 1}
    (body,) = hook.bodies
    assert body["type"] == "dayar.alert.raised.v1"
    assert body["page"] == f"{town.settings.public_url}/alerts/{row['alert_id']}"
    assert (body["data"]["severity"], body["data"]["nature"], body["data"]["reason"]) == (
        "Moderate",
        "machine",
        "quake_intensity",
    )


async def test_attempts_recorded_together_take_the_alerts_next_sequence_numbers(town: Town, hook: Hook) -> None:
    for number in range(6):
        await town.receiver(f"duty {number}", hook)
    hook.secret = None
    async with town.working(hook):
        await town.alert(2)
        await town.settled(12)
    async with town.sessions.begin() as session:
        rows = await session.execute(
            text("SELECT convert_from(value, 'utf8')::json AS data FROM outbox WHERE topic = 'alerts' ORDER BY id")
        )
        numbers: dict[str, list[int]] = {}
        for (data,) in rows:
            numbers.setdefault(data["alert_id"], []).append(data["sequence"])
    assert list(numbers.values()) == [[1, 2, 3, 4, 5, 6, 7]] * 2


async def test_reaching_a_receiver_is_one_event_and_each_failed_delivery_is_another(town: Town, hook: Hook) -> None:
    quake = hazard(onset=datetime.now(UTC))
    await town.receiver("duty", hook)
    async with town.working(hook, alerts_retry_hours=0):
        await town.report(quake)
        await town.settled(1)
        await town.report(revised(quake, 2, onset=quake.onset, magnitude=5.6))
        await town.settled(2)
        hook.mood = Mood.BROKEN
        await town.report(revised(quake, 3, onset=quake.onset, magnitude=6.8))
        await town.settled(3)
    async with town.sessions.begin() as session:
        rows = await session.execute(
            text("""
            SELECT convert_from(value, 'utf8')::json AS data FROM outbox
            WHERE convert_from(headers, 'utf8') LIKE '%delivery_settled%' ORDER BY id
        """)
        )
        assert [(data["step"], data["is_delivered"]) for (data,) in rows] == [(1, True), (3, False)]


async def test_a_webhook_away_then_broken_then_well_gets_one_message_under_one_id(town: Town, hook: Hook) -> None:
    await town.receiver("duty", hook)
    await hook.close()
    async with town.working(hook):
        await town.alert()
        await wait_for(lambda: attempts(town, "unreachable"))
        hook.mood = Mood.BROKEN
        await hook.open()
        await wait_for(lambda: attempts(town, "http_503"))
        hook.mood = Mood.WELL
        (row,) = await town.settled(1)
    assert row["is_delivered"] and row["attempts"] >= 3
    assert set(hook.ids) == {str(row["delivery_id"])}
    assert hook.answered.total() == 1


async def test_a_delivery_loop_that_failed_starts_again_and_loses_no_message(town: Town, hook: Hook) -> None:
    """The test renames the table `attempts`, so that the loop fails when it records an attempt."""
    await town.receiver("duty", hook)
    async with town.sessions.begin() as session:
        await session.execute(text("ALTER TABLE attempts RENAME TO moved_attempts"))
    with capture_logs() as logs:
        async with town.working(hook, alerts_lease_seconds=1):
            await town.alert()
            await wait_for(lambda: any(entry.get("side") == "deliveries" for entry in logs))
            async with town.sessions.begin() as session:
                await session.execute(text("ALTER TABLE moved_attempts RENAME TO attempts"))
            (row,) = await town.settled(1)
    assert row["is_delivered"]
    assert set(hook.ids) == {str(row["delivery_id"])}


async def test_a_test_message_is_tried_once_and_counts_as_no_failure_of_the_channel(town: Town, hook: Hook) -> None:
    await town.receiver("duty", hook)
    hook.mood = Mood.BROKEN
    async with town.working(hook):
        async with town.sessions.begin() as session:
            receiver = await subscriptions.receiver(session, "duty")
            await receiver_trials.send(session, receiver, (), datetime.now(UTC))
        (row,) = await town.settled(1)
    assert (row["is_delivered"], row["reason"], row["attempts"]) == (False, "http_503", 1)
    async with town.sessions.begin() as session:
        metrics = {metric.name: metric.samples for metric in await measures.channels(session)}
    assert [sample.value for sample in metrics["alerts_abandoned_deliveries"]] == [0]


async def test_a_receiver_that_was_away_gets_an_alerts_changes_in_order(town: Town, hook: Hook) -> None:
    """If the order were wrong, the receiver could learn last that a cancelled alert was raised."""
    await town.receiver("duty", hook)
    await hook.close()
    quake = hazard(onset=datetime.now(UTC))
    async with town.working(hook, alerts_retry_seconds=3600, alerts_retry_longest_seconds=3600):
        await town.report(quake)
        await wait_for(lambda: attempts(town, "unreachable"))
        await hook.open()
        await town.report(
            revised(quake, 2, magnitude=6.9, onset=quake.onset), revised(quake, 3, msg_type="Cancel", onset=quake.onset)
        )
        await town.settled(3)
    assert [body["data"]["reason"] for body in hook.bodies] == ["quake_intensity", "quake_intensity", "cancelled"]
    assert [body["data"]["severity"] for body in hook.bodies] == ["Moderate", "Extreme", "Extreme"]


async def test_a_new_message_does_not_wait_for_the_long_back_off_of_an_earlier_one(town: Town, hook: Hook) -> None:
    await town.receiver("duty", hook)
    await hook.close()
    quake = hazard(onset=datetime.now(UTC))
    async with town.working(hook, alerts_retry_longest_seconds=3600):
        await town.report(quake)
        await wait_for(lambda: attempts(town, "unreachable"))
        async with town.sessions.begin() as session:
            await session.execute(text("UPDATE deliveries SET attempts = 20"))
        await town.report(revised(quake, 2, magnitude=6.9, onset=quake.onset))
        await wait_for(lambda: is_tried_anew(town))
        await hook.open()
        await town.settled(2)
    assert [body["data"]["severity"] for body in hook.bodies] == ["Moderate", "Extreme"]


async def is_tried_anew(town: Town) -> bool:
    statement = "SELECT true FROM attempts WHERE number > 20 AND began_at > (SELECT max(created_at) FROM deliveries)"
    async with town.sessions.begin() as session:
        return bool(await session.scalar(text(statement)))


async def test_a_hanging_receiver_delays_only_itself(town: Town, hook: Hook) -> None:
    async with listening() as other:
        hook.mood = Mood.SILENT
        await town.receiver("silent", hook)
        await town.receiver("well", other)
        async with town.working(hook, other, seconds=3):
            await town.alert(20)
            await wait_for(lambda: other.answered.total() == 20)
            assert hook.ids and hook.answered.total() == 0
            hook.mood = Mood.WELL
            rows = await town.settled(40)
    assert all(row["is_delivered"] for row in rows)
    assert set(hook.answered.values()) == set(other.answered.values()) == {1}


async def test_a_claim_without_a_record_is_due_again_with_the_same_id(town: Town, hook: Hook) -> None:
    """A worker was killed after it sent the message and before it recorded the attempt."""
    await town.receiver("duty", hook)
    await town.alert()
    async with town.sessions.begin() as session:
        await session.execute(
            text("UPDATE deliveries SET attempts = 1, lease = gen_random_uuid(), due_at = now() + interval '0.5 s'")
        )
    async with town.working(hook):
        (row,) = await town.settled(1)
    assert row["attempts"] == 2
    assert hook.ids == [str(row["delivery_id"])]


class Late:
    """A channel that answers only when the test allows it, like a worker that is frozen during the call."""

    def __init__(self) -> None:
        self.may_answer = asyncio.Event()

    async def send(self, job: Job, receiver: Receiver) -> str:
        await self.may_answer.wait()
        return "http_200"


async def test_a_worker_that_wakes_after_its_lease_records_nothing(town: Town, hook: Hook) -> None:
    await town.receiver("duty", hook)
    late = Late()
    async with town.working(hook, channel=late, alerts_lease_seconds=0.2, alerts_at_once=1):
        await town.alert()
        await wait_for(lambda: claimed(town))
        async with town.working(hook):
            await town.settled(1)
        late.may_answer.set()
        await wait_for(lambda: recorded(town, 2))
    async with town.sessions.begin() as session:
        data = await session.scalar(
            text("SELECT count(*) FROM outbox WHERE convert_from(headers, 'utf8') LIKE '%delivery_settled%'")
        )
    assert data == 1


class Prompt:
    def __init__(self) -> None:
        self.has_answered = asyncio.Event()

    async def send(self, job: Job, receiver: Receiver) -> str:
        self.has_answered.set()
        return "http_200"


async def test_an_attempt_that_ended_just_before_the_worker_stops_is_recorded(
    town: Town, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An attempt that is not recorded is repeated after the lease."""
    monkeypatch.setattr(deliveries, "GATHER_SECONDS", 3600)
    await town.receiver("duty", hook)
    prompt = Prompt()
    async with town.working(hook, channel=prompt):
        await town.alert()
        await asyncio.wait_for(prompt.has_answered.wait(), 60)
    (row,) = await town.rows()
    assert (row["is_delivered"], row["reason"], row["lease"]) == (True, "http_200", None)


async def test_attempts_that_end_shortly_after_a_recording_are_recorded_together(
    town: Town, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under load, a transaction for each attempt would take more time than the attempt itself."""
    monkeypatch.setattr(deliveries, "BUSY_SECONDS", 3600)
    await town.receiver("duty", hook)
    prompt = Prompt()
    async with town.working(hook, channel=prompt):
        await town.alert()
        await town.settled(1)
        for _ in range(2):
            prompt.has_answered.clear()
            await town.alert()
            await asyncio.wait_for(prompt.has_answered.wait(), 60)
    async with town.sessions.begin() as session:
        transactions = await session.scalar(text("SELECT count(DISTINCT xmin::text) FROM attempts"))
    assert (len(await town.settled(3)), transactions) == (3, 2)


async def test_a_recorded_delivery_does_not_wait_until_later_attempts_are_recorded(
    town: Town, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each query that claims deliveries contains the ids in `_unrecorded`.

    Without a removal after each recording, `_unrecorded` would grow without end.
    """
    monkeypatch.setattr(deliveries, "BUSY_SECONDS", 3600)
    await town.receiver("duty", hook)
    async with town.working(hook, channel=Prompt()) as worker:
        async with town.sessions.begin() as session:
            await session.execute(text("LOCK TABLE attempts IN ACCESS EXCLUSIVE MODE"))
            await town.alert(2)
            await wait_for(lambda: is_kept_waiting(town, "attempts"))
            await town.alert()
            await wait_for(lambda: len(worker._finished) == 3)
        await wait_for(lambda: len(worker._unrecorded) == 1)


class FirstAlone(Late):
    def __init__(self) -> None:
        super().__init__()
        self.jobs: list[Job] = []

    async def send(self, job: Job, receiver: Receiver) -> str:
        self.jobs.append(job)
        if len(self.jobs) > 1:
            await asyncio.Event().wait()
        return await super().send(job, receiver)


async def test_a_slot_freed_during_a_claim_takes_the_next_delivery_at_once(
    town: Town, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "LOOK_SECONDS", 3600)
    await town.receiver("duty", hook)
    await town.alert(3)
    async with town.sessions.begin() as session:
        await session.execute(
            text(
                "UPDATE deliveries SET due_at = 'infinity'"
                " WHERE delivery_id <> (SELECT min(delivery_id::text)::uuid FROM deliveries)"
            )
        )
    channel = FirstAlone()
    async with town.working(hook, channel=channel, alerts_at_once=2):
        await wait_for(lambda: channel.jobs)
        async with town.sessions.begin() as session:
            await session.execute(text("LOCK TABLE receivers IN ACCESS EXCLUSIVE MODE"))
            await session.execute(text("UPDATE deliveries SET due_at = now() WHERE attempts = 0"))
            await notified(town)
            await wait_for(lambda: is_kept_waiting(town))
            channel.may_answer.set()
            await wait_for(lambda: recorded(town, 1))
        await wait_for(lambda: len(channel.jobs) == 3)


async def test_two_workers_share_the_deliveries_and_send_each_once(town: Town, hook: Hook) -> None:
    await town.receiver("duty", hook)
    async with town.working(hook), town.working(hook):
        await asyncio.gather(*(town.alert(10) for _ in range(5)))
        await town.settled(50)
    assert len(hook.answered) == 50 and set(hook.answered.values()) == {1}


async def test_the_same_delivery_is_never_created_twice(town: Town, hook: Hook) -> None:
    await town.receiver("duty", hook)
    await town.alert()
    (row,) = await town.rows()
    twin = PlannedDelivery(
        uuid4(),
        row["alert_id"],
        row["step"],
        "duty",
        DeliveryChannel.WEBHOOK,
        Cause.RAISED,
        "{}",
        datetime.now(UTC) - timedelta(1),
    )
    async with town.sessions.begin() as session:
        await delivery_queries.add_deliveries(session, [twin])
    assert len(await town.rows()) == 1
