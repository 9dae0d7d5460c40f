"""The process that stores a delivery also sends the delivery.

If the storing process cannot send the delivery, a worker claims the delivery later.
"""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from services.alerts.delivery.deliveries import Deliveries
from services.alerts.delivery.handover import Dispatcher, PlaceBursts
from services.alerts.delivery.notices import Cause, PlannedDelivery
from services.alerts.notifications.plans import NotificationPlan
from services.alerts.plan_cache import PlanCache
from services.alerts.policies.policies import EscalationPolicy, PolicyStep
from services.alerts.queries import deliveries as delivery_queries
from services.alerts.queries import policies as policy_queries
from services.alerts.queries import rosters as roster_queries
from services.alerts.queries import silences as silence_queries
from services.alerts.receivers import subscriptions
from services.alerts.receivers.receivers import Receiver
from services.alerts.rosters.rosters import Layer, Override, Roster
from shared.events.vocabulary import DeliveryChannel
from shared.places import Places
from shared.postgres import database, notify
from tests.alerts.factories import ALAI, KADAMJAI, hazard, received, rules
from tests.alerts.handling import Handling
from tests.alerts.test_silences import IN_FUTURE, SILENCE
from tests.alerts.town import Town, attempts
from tests.hooks import Hook, Mood
from tests.waiting import wait_for

pytestmark = pytest.mark.anyio

Claim = tuple[int, bool]


def handling(deliveries: Deliveries) -> Handling:
    return Handling(rules(), Places.load(), dispatcher=Dispatcher(PlanCache(), deliveries))


async def report(town: Town, deliveries: Deliveries, count: int = 1, *, is_committed: bool = True) -> list[Claim]:
    """Reports hazards. Returns the attempts of each delivery and whether it is claimed, as stored before the commit."""
    now = datetime.now(UTC)
    async with town.sessions() as session:
        batch = [received(hazard(onset=now, received_at=now)) for _ in range(count)]
        await handling(deliveries).hazards(batch, session)
        rows = await session.execute(
            text("SELECT attempts, lease IS NOT NULL FROM deliveries WHERE settled_at IS NULL")
        )
        claims: list[Claim] = [(attempts, is_claimed) for attempts, is_claimed in rows]
        await (session.commit() if is_committed else session.rollback())
    return claims


async def report_and_lose_the_connection(town: Town, deliveries: Deliveries) -> None:
    now = datetime.now(UTC)
    async with town.sessions.begin() as session:
        await handling(deliveries).hazards([received(hazard(onset=now, received_at=now))], session)
        connection = await database.driver(session)
        await connection.fetch("SELECT pg_terminate_backend(pg_backend_pid())")


async def started(deliveries: Deliveries) -> None:
    """Waits until the delivery loop runs. Before, `reserve` fails."""
    await is_free(deliveries, "nobody")


async def is_free(deliveries: Deliveries, recipient: str) -> None:
    """Waits until the test can reserve the receiver's webhook, and releases it again."""
    slot = recipient, DeliveryChannel.WEBHOOK
    if await wait_for(lambda: deliveries.reserve(slot)):
        deliveries.release(slot)


async def test_a_new_delivery_is_stored_as_claimed_and_sent_once_after_the_commit(town: Town, hook: Hook) -> None:
    await town.receiver("duty", hook)
    async with town.working(hook) as deliveries:
        await started(deliveries)
        assert await report(town, deliveries) == [(1, True)]
        (row,) = await town.settled(1)
    assert (row["is_delivered"], row["reason"], row["attempts"]) == (True, "http_200", 1)
    assert hook.answered == {str(row["delivery_id"]): 1}


async def test_six_alerts_of_a_batch_are_handed_over_without_a_claim(town: Town, hook: Hook) -> None:
    await town.receiver("duty", hook)
    hook.secret = None
    async with town.working(hook) as deliveries:
        await started(deliveries)
        assert await report(town, deliveries, 6) == [(1, True)] * 6
        await town.settled(6)
    assert set(hook.answered.values()) == {1}


async def test_after_a_rollback_nothing_is_sent_and_the_slot_is_free_again(town: Town, hook: Hook) -> None:
    await town.receiver("duty", hook)
    async with town.working(hook, alerts_at_once=1) as deliveries:
        await started(deliveries)
        assert await report(town, deliveries, is_committed=False) == [(1, True)]
        await is_free(deliveries, "duty")
        assert await report(town, deliveries) == [(1, True)]
        await town.settled(1)
    assert len(hook.ids) == 1


async def test_after_a_lost_connection_the_slot_is_free_again(town: Town, hook: Hook) -> None:
    await town.receiver("duty", hook)
    async with town.working(hook, alerts_at_once=1) as deliveries:
        await started(deliveries)
        with pytest.raises((asyncpg.PostgresError, DBAPIError)):
            await report_and_lose_the_connection(town, deliveries)
        await is_free(deliveries, "duty")
        assert await report(town, deliveries) == [(1, True)]
        await town.settled(1)
    assert len(hook.ids) == 1


async def test_what_a_busy_receiver_has_no_slot_for_is_claimed_later(town: Town, hook: Hook) -> None:
    await town.receiver("duty", hook)
    hook.mood = Mood.SILENT
    async with town.working(hook, seconds=1, alerts_at_once=1) as deliveries:
        await started(deliveries)
        await report(town, deliveries)
        assert sorted(await report(town, deliveries)) == [(0, False), (1, True)]
        await wait_for(lambda: attempts(town, "timed_out"))
        hook.mood = Mood.WELL
        rows = await town.settled(2)
    assert all(row["is_delivered"] for row in rows)
    assert hook.answered.total() == 2


async def test_a_first_attempt_that_fails_is_tried_again(town: Town, hook: Hook) -> None:
    await town.receiver("duty", hook)
    hook.mood = Mood.BROKEN
    async with town.working(hook) as deliveries:
        await started(deliveries)
        await report(town, deliveries)
        await wait_for(lambda: attempts(town, "http_503"))
        hook.mood = Mood.WELL
        (row,) = await town.settled(1)
    assert row["is_delivered"] and row["attempts"] >= 2
    assert set(hook.ids) == {str(row["delivery_id"])}


async def test_a_delivery_whose_process_ended_before_it_sent_it_is_claimed_when_its_lease_ends(
    town: Town, hook: Hook
) -> None:
    await town.receiver("duty", hook)
    await town.alert()
    async with town.sessions.begin() as session:
        alert_id = await session.scalar(text("DELETE FROM deliveries RETURNING alert_id"))
        lost = planned(alert_id)
        lease = timedelta(seconds=0.3)
        await delivery_queries.add_deliveries(session, [lost], leases={lost.delivery_id: uuid4()}, lease=lease)
    async with town.working(hook):
        (row,) = await town.settled(1)
    assert (row["is_delivered"], row["attempts"]) == (True, 2)
    assert hook.ids == [str(row["delivery_id"])]


def planned(alert_id: UUID) -> PlannedDelivery:
    now = datetime.now(UTC)
    return PlannedDelivery(uuid4(), alert_id, 1, "duty", DeliveryChannel.WEBHOOK, Cause.RAISED, "{}", now)


async def test_the_plan_is_read_again_when_a_setting_changes(town: Town, engine: AsyncEngine) -> None:
    changed, of_previous_release = asyncio.Event(), asyncio.Event()
    cache = PlanCache(changed)
    channels = (("alerts_plans", changed), ("alerts_receivers", of_previous_release))
    listening = [asyncio.create_task(notify.listen(engine, *channel)) for channel in channels]
    for event in (changed, of_previous_release):
        await wait_for(event.is_set)
    of_previous_release.clear()
    assert await labels(town, cache) == []
    for label in ("duty", "head"):
        async with town.sessions.begin() as session:
            receiver = Receiver(label, DeliveryChannel.WEBHOOK, "https://hook.example/")
            await subscriptions.put(session, receiver, town.box)
        await wait_for(changed.is_set)
        assert label in await labels(town, cache)
    async with town.sessions.begin() as session:
        await subscriptions.remove(session, "duty")
    await wait_for(changed.is_set)
    assert await labels(town, cache) == ["head"]
    now = datetime.now(UTC)
    roster = Roster(name="desk", layers=(Layer(name="days", people=("duty",), start=now.date(), shift_days=1),))
    override = Override("head", now, now + timedelta(hours=1), "swap")
    for change in (
        partial(roster_queries.save, roster=roster),
        partial(roster_queries.add_overrides, name="desk", added=[override]),
        partial(policy_queries.save, policy=EscalationPolicy("all", (PolicyStep(10, rosters=("desk",)),))),
        partial(silence_queries.add, silence=replace(SILENCE, ends_at=IN_FUTURE)),
    ):
        async with town.sessions.begin() as session:
            await change(session)
        await wait_for(changed.is_set)
        plan = await planned_by(town, cache)
    assert plan.rosters == {"desk": (roster, [override])}
    assert ([policy.name for policy in plan.policies], len(plan.silences)) == (["all"], 1)
    await wait_for(of_previous_release.is_set)
    for task in listening:
        task.cancel()


async def labels(town: Town, cache: PlanCache) -> list[str]:
    return [receiver.label for receiver in (await planned_by(town, cache)).receivers]


async def planned_by(town: Town, cache: PlanCache) -> NotificationPlan:
    async with town.sessions.begin() as session:
        return (await cache.current(session)).plan


def test_the_first_message_about_each_place_goes_before_those_that_wait() -> None:
    now = 0.0
    bursts = PlaceBursts(clock=lambda: now)
    first, second, other, nowhere = (about(*places) for places in ((ALAI,), (ALAI,), (KADAMJAI,), ()))
    ordered = bursts.in_order([nowhere, first, second, other])
    assert [delivery.delivery_id for delivery in ordered] == [
        each.delivery_id for each in (first, other, nowhere, second)
    ]
    assert [delivery.due_in < timedelta() for delivery in ordered] == [True, True, False, False]
    assert bursts.in_order([second]) == [second], "the place was notified a moment ago"
    now = 60.0
    (renewed,) = bursts.in_order([second])
    assert renewed.due_in < timedelta()


def about(*pcodes: str) -> PlannedDelivery:
    return replace(planned(uuid4()), places=frozenset(pcodes))
