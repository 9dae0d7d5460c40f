"""Receivers are told once each, over real HTTP, whatever they do."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from services.alerts import deliveries, queries, subscriptions
from services.alerts.book import Cause, Delivery
from services.alerts.channels import ChannelOut, Job
from services.alerts.channels.webhook import WebhookChannel
from services.alerts.config import AlertsSettings
from services.alerts.deliveries import Deliveries
from services.alerts.handlers import Watch
from services.alerts.receivers import Receiver
from services.alerts.secrets import SecretBox
from shared import bells, database
from shared.events.vocabulary import Channel
from shared.outbound import Outbound
from shared.places import Places
from tests.alerts.factories import hazard, received, rules
from tests.hooks import Hook, Mood, listening
from tests.waiting import wait_for

pytestmark = pytest.mark.anyio

Sessions = async_sessionmaker[AsyncSession]


class Town:
    """Some receivers, the deliveries' worker, and alerts to be told."""

    def __init__(self, settings: AlertsSettings, engine: AsyncEngine) -> None:
        self.settings, self.engine = settings, engine
        self.sessions: Sessions = database.sessions(engine)
        self.box = SecretBox(settings.alerts_key_file)
        self.watch = Watch(rules(), Places.load())

    async def receiver(self, label: str, hook: Hook, **changed: Any) -> None:
        async with self.sessions.begin() as session:
            receiver = Receiver(label, Channel.WEBHOOK, hook.url, **changed)
            hook.secret = await subscriptions.put(session, receiver, self.box)

    async def alert(self, count: int = 1) -> None:
        now = datetime.now(UTC)
        async with self.sessions.begin() as session:
            await self.watch([received(hazard(onset=now, received_at=now)) for _ in range(count)], session)

    async def rows(self) -> list[Mapping[str, Any]]:
        statement = text("SELECT * FROM deliveries ORDER BY created_at, recipient")
        async with self.sessions.begin() as session:
            return [dict(row._mapping) for row in await session.execute(statement)]

    async def settled(self, count: int) -> list[Mapping[str, Any]]:
        async def are_settled() -> list[Mapping[str, Any]] | None:
            rows = [row for row in await self.rows() if row["settled_at"]]
            return rows if len(rows) >= count else None

        return await wait_for(are_settled, 60)

    @asynccontextmanager
    async def working(self, *hooks: Hook, channel: ChannelOut | None = None, **changed: Any) -> AsyncIterator[None]:
        allowed = tuple(f"127.0.0.1:{hook.port}" for hook in hooks)
        settings = self.settings.model_copy(update={"outbound_allow": allowed, "alerts_retry_seconds": 0.1, **changed})
        woken = asyncio.Event()
        async with Outbound(settings, seconds=1) as outbound, asyncio.TaskGroup() as group:
            channels = {Channel.WEBHOOK: channel or WebhookChannel(outbound, self.box)}
            working = (
                bells.listen(self.engine, "alerts_deliveries", woken),
                Deliveries(settings, self.engine, channels, woken).run(),
            )
            tasks = [group.create_task(each) for each in working]
            yield
            for task in tasks:
                task.cancel()


@pytest.fixture
async def town(settings: AlertsSettings, engine: AsyncEngine) -> Town:
    async with engine.begin() as connection:
        await connection.execute(text("TRUNCATE alerts, receivers, deliveries, attempts, outbox"))
    return Town(settings, engine)


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    async with listening() as found:
        yield found


async def test_an_alert_is_told_by_a_signed_webhook_at_once(town: Town, hook: Hook) -> None:
    await town.receiver("duty", hook)
    async with town.working(hook):
        await town.alert()
        (row,) = await town.settled(1)
    assert (row["is_delivered"], row["reason"], row["attempts"]) == (True, "http_200", 1)
    assert hook.answered == {str(row["delivery_id"]): 1}
    (body,) = hook.bodies
    assert body["type"] == "dayar.alert.raised.v1"
    assert (body["data"]["severity"], body["data"]["nature"], body["data"]["reason"]) == (
        "Moderate",
        "machine",
        "quake_magnitude",
    )


async def test_ends_that_are_recorded_together_take_the_alerts_next_numbers(town: Town, hook: Hook) -> None:
    for number in range(6):
        await town.receiver(f"duty {number}", hook)
    hook.secret = None
    async with town.working(hook):
        await town.alert(2)
        await town.settled(12)
    async with town.sessions.begin() as session:
        rows = await session.execute(
            text("SELECT convert_from(value, 'utf8')::json AS told FROM outbox WHERE topic = 'alerts' ORDER BY id")
        )
        numbers: dict[str, list[int]] = {}
        for (told,) in rows:
            numbers.setdefault(told["alert_id"], []).append(told["sequence"])
    assert list(numbers.values()) == [[1, 2, 3, 4, 5, 6, 7]] * 2


async def test_away_broken_and_well_again_it_is_told_once_with_one_id(town: Town, hook: Hook) -> None:
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


async def test_one_that_hangs_holds_up_only_itself(town: Town, hook: Hook) -> None:
    async with listening() as other:
        hook.mood = Mood.SILENT
        await town.receiver("silent", hook)
        await town.receiver("well", other)
        async with town.working(hook, other):
            await town.alert(20)
            await wait_for(lambda: other.answered.total() == 20, 30)
            assert hook.ids and hook.answered.total() == 0
            hook.mood = Mood.WELL
            rows = await town.settled(40)
    assert all(row["is_delivered"] for row in rows)
    assert set(hook.answered.values()) == set(other.answered.values()) == {1}


async def test_a_claim_without_a_record_falls_due_again_with_the_same_id(town: Town, hook: Hook) -> None:
    """What a `kill -9` between the delivery and its record leaves behind."""
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
    """Answers when it is told to: a worker that was frozen meanwhile."""

    def __init__(self) -> None:
        self.may_answer = asyncio.Event()

    async def send(self, job: Job, receiver: Receiver) -> str:
        await self.may_answer.wait()
        return "http_200"


async def test_whoever_wakes_after_the_claim_went_on_has_nothing_more_to_say(town: Town, hook: Hook) -> None:
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
        told = await session.scalar(
            text("SELECT count(*) FROM outbox WHERE convert_from(headers, 'utf8') LIKE '%delivery_settled%'")
        )
    assert told == 1


class FirstAlone(Late):
    """Answers the first, when it is told to, and none after it."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Job] = []

    async def send(self, job: Job, receiver: Receiver) -> str:
        self.asked.append(job)
        if len(self.asked) > 1:
            await asyncio.Event().wait()
        return await super().send(job, receiver)


async def test_a_hand_that_comes_free_while_others_are_claimed_takes_the_next_at_once(
    town: Town, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "LOOK_SECONDS", 3600)
    await town.receiver("duty", hook)
    await town.alert(3)
    async with town.sessions.begin() as session:
        await session.execute(
            text(
                "UPDATE deliveries SET due_at = 'infinity' WHERE delivery_id <> (SELECT min(delivery_id::text)::uuid FROM deliveries)"
            )
        )
    channel = FirstAlone()
    async with town.working(hook, channel=channel, alerts_at_once=2):
        await wait_for(lambda: channel.asked)
        async with town.sessions.begin() as session:
            await session.execute(text("LOCK TABLE receivers IN ACCESS EXCLUSIVE MODE"))
            await session.execute(text("UPDATE deliveries SET due_at = now() WHERE attempts = 0"))
            await notified(town)
            await wait_for(lambda: is_kept_waiting(town))
            channel.may_answer.set()
            await wait_for(lambda: recorded(town, 1))
        await wait_for(lambda: len(channel.asked) == 3)


async def test_two_workers_share_the_work_and_tell_each_once(town: Town, hook: Hook) -> None:
    await town.receiver("duty", hook)
    async with town.working(hook), town.working(hook):
        await asyncio.gather(*(town.alert(10) for _ in range(5)))
        await town.settled(50)
    assert len(hook.answered) == 50 and set(hook.answered.values()) == {1}


@pytest.mark.parametrize(
    ("address", "changed", "reason"),
    [
        ("https://10.0.0.1/", {}, "refused_address"),
        ("http://127.0.0.1:9/", {}, "refused_address"),
    ],
)
async def test_what_may_not_be_called_is_not(
    town: Town, hook: Hook, address: str, changed: dict[str, Any], reason: str
) -> None:
    await town.receiver("duty", hook)
    async with town.sessions.begin() as session:
        await session.execute(text("UPDATE receivers SET address = :address"), {"address": address})
    async with town.working(hook, **changed, alerts_retry_hours=0):
        await town.alert()
        (row,) = await town.settled(1)
    assert (row["is_delivered"], row["reason"]) == (False, reason)


@pytest.mark.parametrize("address", ["https://93.184.215.14/", "http://93.184.215.14/"])
async def test_an_exercise_keeps_what_is_for_outside_on_its_outbox_page(town: Town, hook: Hook, address: str) -> None:
    await town.receiver("duty", hook)
    async with town.sessions.begin() as session:
        await session.execute(text("UPDATE receivers SET address = :address"), {"address": address})
    async with town.working(hook, exercise=True):
        await town.alert()
        (row,) = await town.settled(1)
    assert (row["is_delivered"], row["reason"]) == (True, "outbox_page")


async def test_given_up_after_a_day_and_said_so(town: Town, hook: Hook) -> None:
    await town.receiver("duty", hook)
    hook.mood = Mood.BROKEN
    async with town.working(hook, alerts_retry_hours=0.3 / 3600):
        await town.alert()
        (row,) = await town.settled(1)
    assert (row["is_delivered"], row["reason"]) == (False, "http_503")
    assert row["attempts"] > 1


async def test_a_removed_receiver_is_told_no_more(town: Town, hook: Hook) -> None:
    await town.receiver("duty", hook)
    await town.alert()
    async with town.sessions.begin() as session:
        await subscriptions.remove(session, "duty")
    async with town.working(hook):
        (row,) = await town.settled(1)
    assert (row["is_delivered"], row["reason"]) == (False, "receiver_removed")
    assert hook.ids == []


async def test_while_a_secret_is_replaced_both_are_good(town: Town, hook: Hook) -> None:
    await town.receiver("duty", hook)
    old = hook.secret
    async with town.working(hook):
        async with town.sessions.begin() as session:
            new = await subscriptions.rotate(session, "duty", town.box)
        for told, secret in enumerate((old, new), start=1):
            hook.secret = secret
            await town.alert()
            await town.settled(told)
            assert hook.answered.total() == told
        async with town.sessions.begin() as session:
            await subscriptions.retire(session, "duty")
        hook.secret = new
        await town.alert()
        await town.settled(3)
    assert old != new


async def test_a_secret_is_sealed_at_rest_and_bound_to_its_receiver(town: Town, hook: Hook) -> None:
    await town.receiver("duty", hook)
    async with town.sessions.begin() as session:
        sealed = await session.scalar(text("SELECT secret FROM receivers"))
    assert hook.secret is not None and hook.secret.encode() not in sealed
    assert town.box.open(sealed, "duty") == hook.secret
    with pytest.raises(InvalidTag):
        town.box.open(sealed, "other")


async def test_a_secret_that_the_key_does_not_open_holds_up_only_its_receiver(town: Town, hook: Hook) -> None:
    """As after the key file was replaced: a rotation heals it, and what waited is told."""
    async with listening() as other:
        await town.receiver("sealed before", hook)
        await town.receiver("well", other)
        async with town.sessions.begin() as session:
            await session.execute(text("UPDATE receivers SET secret = sha256(secret) WHERE label = 'sealed before'"))
        async with town.working(hook, other):
            await town.alert()
            await wait_for(lambda: attempts(town, "secret_unreadable"))
            await wait_for(lambda: other.answered.total() == 1)
            async with town.sessions.begin() as session:
                hook.secret = await subscriptions.rotate(session, "sealed before", town.box)
                await subscriptions.retire(session, "sealed before")
            rows = await town.settled(2)
    assert all(row["is_delivered"] for row in rows)


async def test_the_same_delivery_is_never_made_twice(town: Town, hook: Hook) -> None:
    await town.receiver("duty", hook)
    await town.alert()
    (row,) = await town.rows()
    twin = Delivery(
        uuid4(),
        row["alert_id"],
        row["step"],
        "duty",
        Channel.WEBHOOK,
        Cause.RAISED,
        "{}",
        datetime.now(UTC) - timedelta(1),
    )
    async with town.sessions.begin() as session:
        await queries.add_deliveries(session, [twin])
    assert len(await town.rows()) == 1


async def attempts(town: Town, reason: str) -> bool:
    async with town.sessions.begin() as session:
        return bool(await session.scalar(text("SELECT true FROM attempts WHERE reason = :reason"), {"reason": reason}))


async def notified(town: Town) -> None:
    async with town.sessions.begin() as session:
        await session.execute(text("NOTIFY alerts_deliveries"))


async def is_kept_waiting(town: Town) -> bool:
    """Whether a claim stands before the receivers' locked table."""
    async with town.sessions.begin() as session:
        return bool(
            await session.scalar(
                text("SELECT true FROM pg_locks WHERE relation = 'receivers'::regclass AND NOT granted")
            )
        )


async def claimed(town: Town) -> bool:
    return any(row["lease"] for row in await town.rows())


async def recorded(town: Town, count: int) -> bool:
    async with town.sessions.begin() as session:
        return bool(await session.scalar(text("SELECT count(*) >= :count FROM attempts"), {"count": count}))
