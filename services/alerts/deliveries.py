"""Telling the receivers: claimed, tried, recorded, tried again; one that hangs holds up only itself."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncEngine

from services.alerts.alerts import SOURCE
from services.alerts.channels import ChannelOut, Job, Undelivered
from services.alerts.config import AlertsSettings
from services.alerts.receivers import Receiver
from shared import events
from shared.events import DeliverySettled
from shared.events.vocabulary import DeliveryChannel
from shared.failures import retry_while_unavailable
from shared.messaging import outbox
from shared.postgres import database, notify

LOOK_SECONDS = 1.0  # how late a retry may be seen

# Of each receiver at most as many as it has hands free; a claim that is not recorded falls due again.
# What changed about an alert comes after what was told of it before: the last that is read must be what holds.
CLAIM = """
WITH busy AS (
    SELECT * FROM unnest($1::text[], $2::integer[]) AS busy (recipient, count)
), lanes AS (
    SELECT due.recipient, $3 - coalesce(busy.count, 0) AS free
    FROM (SELECT DISTINCT recipient FROM deliveries WHERE settled_at IS NULL AND due_at <= now()) AS due
    LEFT JOIN busy USING (recipient)
    WHERE coalesce(busy.count, 0) < $3
), claimed AS MATERIALIZED (
    SELECT one.delivery_id FROM lanes CROSS JOIN LATERAL (
        SELECT delivery_id FROM deliveries AS next
        WHERE recipient = lanes.recipient AND settled_at IS NULL AND due_at <= now() AND NOT EXISTS (
            SELECT FROM deliveries AS before
            WHERE before.alert_id = next.alert_id AND before.recipient = next.recipient AND before.step < next.step
                AND before.settled_at IS NULL
        )
        ORDER BY due_at LIMIT lanes.free FOR UPDATE SKIP LOCKED
    ) AS one
), taken AS (
    UPDATE deliveries SET attempts = attempts + 1, lease = gen_random_uuid(), due_at = now() + $4
    FROM claimed WHERE deliveries.delivery_id = claimed.delivery_id
    RETURNING deliveries.delivery_id, alert_id, step, cause, content, recipient, lease, is_foldable,
        attempts AS attempt, extract(epoch FROM now() - created_at)::float8 AS age_seconds
)
SELECT taken.*, receivers AS receiver FROM taken LEFT JOIN receivers ON receivers.label = taken.recipient
"""

# What goes with a claimed foldable message in one mail: all that is due to its receiver.
# Of one alert what was told before goes before it or in the same mail.
ACCOMPANY = """
WITH claimed AS MATERIALIZED (
    SELECT delivery_id FROM deliveries AS next
    WHERE recipient = ANY($1) AND is_foldable AND settled_at IS NULL AND due_at <= now() AND NOT EXISTS (
        SELECT FROM deliveries AS before
        WHERE before.alert_id = next.alert_id AND before.recipient = next.recipient AND before.step < next.step
            AND before.settled_at IS NULL AND before.due_at > now() AND before.delivery_id <> ALL($2)
    )
    ORDER BY created_at LIMIT 100 FOR UPDATE SKIP LOCKED
), taken AS (
    UPDATE deliveries SET attempts = attempts + 1, lease = gen_random_uuid(), due_at = now() + $3
    FROM claimed WHERE deliveries.delivery_id = claimed.delivery_id
    RETURNING deliveries.delivery_id, alert_id, step, cause, content, recipient, lease, is_foldable,
        attempts AS attempt, extract(epoch FROM now() - created_at)::float8 AS age_seconds
)
SELECT taken.*, receivers AS receiver FROM taken LEFT JOIN receivers ON receivers.label = taken.recipient
"""

# One statement: what was tried, each delivery's end or its next time, and the alerts' next numbers for the events.
# The alerts are locked in order, as whoever else holds several of them does.
# That an alert reached a receiver is an event once, and each time that it did not (docs/decisions/0027).
# Where a newer word waits behind what was tried, the pause is no longer than that word's own would be.
RECORD = """
WITH tried AS (
    SELECT * FROM unnest(
        $1::uuid[], $2::integer[], $3::timestamptz[], $4::timestamptz[], $5::text[], $6::boolean[], $7::uuid[], $8::interval[]
    ) AS tried (delivery_id, number, began_at, ended_at, reason, is_delivered, lease, pause)
), kept AS (
    INSERT INTO attempts (delivery_id, number, began_at, ended_at, reason)
    SELECT delivery_id, number, began_at, ended_at, reason FROM tried ON CONFLICT DO NOTHING
), told AS (
    UPDATE deliveries AS known SET
        reason = tried.reason, lease = NULL,
        due_at = CASE WHEN tried.pause IS NULL THEN due_at ELSE now() + least(tried.pause, $9 + (
            SELECT greatest('0', now() - max(created_at)) FROM deliveries AS waiting
            WHERE waiting.alert_id = known.alert_id AND waiting.recipient = known.recipient AND waiting.settled_at IS NULL
        )) END,
        settled_at = CASE WHEN tried.pause IS NULL THEN tried.ended_at END,
        is_delivered = CASE WHEN tried.pause IS NULL THEN tried.is_delivered END
    FROM tried
    WHERE known.delivery_id = tried.delivery_id AND known.lease = tried.lease AND known.settled_at IS NULL
    RETURNING known.delivery_id, alert_id, step, recipient, channel, attempts, settled_at, known.is_delivered, known.reason
), settled AS (
    SELECT *, row_number() OVER (PARTITION BY alert_id ORDER BY delivery_id) AS place FROM told
    WHERE settled_at IS NOT NULL AND (NOT is_delivered OR NOT EXISTS (
        SELECT FROM deliveries AS before
        WHERE before.alert_id = told.alert_id AND before.step < told.step AND before.recipient = told.recipient
            AND before.is_delivered
    ))
), locked AS MATERIALIZED (
    SELECT alert_id FROM alerts WHERE alert_id IN (SELECT alert_id FROM settled) ORDER BY alert_id FOR UPDATE
), numbered AS (
    UPDATE alerts SET sequence = sequence + (SELECT count(*) FROM settled WHERE settled.alert_id = alerts.alert_id)
    FROM locked WHERE alerts.alert_id = locked.alert_id
    RETURNING alerts.alert_id, alerts.status, alerts.sequence
)
SELECT settled.*, numbered.status, numbered.sequence - count(*) OVER (PARTITION BY alert_id) + place AS sequence
FROM settled JOIN numbered USING (alert_id) ORDER BY alert_id, place
"""

_receiver = TypeAdapter(Receiver)


@dataclass(frozen=True, slots=True)
class DeliveryAttempt:
    """What came of one attempt; `is_final` when there will be no other."""

    began_at: datetime
    ended_at: datetime
    reason: str
    is_delivered: bool
    is_final: bool


class Deliveries:
    """Works until cancelled; several may work side by side."""

    def __init__(
        self,
        settings: AlertsSettings,
        engine: AsyncEngine,
        channels: Mapping[DeliveryChannel, ChannelOut],
        woken: asyncio.Event,
    ) -> None:
        self._settings, self._engine, self._channels, self._woken = (settings, engine, channels, woken)
        self._sessions = database.sessions(engine)
        self._busy: Counter[str] = Counter()
        self._waiting: set[str] = set()  # recipients that may have more due than the last claim had hands for
        self._finished: list[tuple[Job, DeliveryAttempt]] = []
        self._recording = asyncio.Lock()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            while True:
                self._woken.clear()
                for job in await retry_while_unavailable(self._claim):
                    group.create_task(self._deliver(job))
                await notify.wait(self._woken, LOOK_SECONDS)

    async def _claim(self) -> list[Job]:
        busy, at_once = self._busy.copy(), self._settings.alerts_at_once
        lease = timedelta(seconds=self._settings.alerts_lease_seconds)
        async with statement(self._engine) as connection:
            rows = await connection.fetch(CLAIM, list(busy), list(busy.values()), at_once, lease)
            if folding := {row["recipient"] for row in rows if row["is_foldable"]}:
                ids = [row["delivery_id"] for row in rows]
                rows += await connection.fetch(ACCOMPANY, list(folding), ids, lease)
        jobs = folded([job_of(row) for row in rows])
        claimed = Counter(job.recipient for job in jobs)
        self._waiting = {recipient for recipient, hands in (busy + claimed).items() if hands >= at_once}
        self._busy += claimed
        if any(self._busy[recipient] < at_once for recipient in self._waiting):
            self._woken.set()  # a hand came free while it was not known that more is due
        return jobs

    async def _deliver(self, job: Job) -> None:
        try:
            attempt = await self._attempt(job)
            await self._record([(each, self._of(each, attempt)) for each in (job, *job.companions)])
        finally:
            self._busy[job.recipient] -= 1
            if job.recipient in self._waiting:
                self._woken.set()

    async def _attempt(self, job: Job) -> DeliveryAttempt:
        began = datetime.now(UTC)
        try:
            said = await self._send(job)
        except Undelivered as error:
            return DeliveryAttempt(began, datetime.now(UTC), error.reason, is_delivered=False, is_final=error.is_final)
        return DeliveryAttempt(began, datetime.now(UTC), said, is_delivered=True, is_final=True)

    def _of(self, job: Job, attempt: DeliveryAttempt) -> DeliveryAttempt:
        """Each is given up at its own age, whatever went with it in the same mail."""
        is_over = job.age_seconds > self._settings.alerts_retry_hours * 3600
        return replace(attempt, is_final=attempt.is_final or is_over)

    async def _send(self, job: Job) -> str:
        if job.receiver is None:
            raise Undelivered("receiver_removed", is_final=True)
        return await self._channels[job.receiver.channel].send(job, job.receiver)

    async def _record(self, tried: Sequence[tuple[Job, DeliveryAttempt]]) -> None:
        """Those who finish while others are being recorded are then recorded together."""
        self._finished += tried
        async with self._recording:
            finished, self._finished = self._finished, []
            if finished:
                await retry_while_unavailable(lambda: self._write(finished))

    async def _write(self, finished: Sequence[tuple[Job, DeliveryAttempt]]) -> None:
        """Tried until PostgreSQL takes it; whoever claimed a delivery meanwhile makes its attempt here void."""
        columns = zip(*(self._row(job, attempt) for job, attempt in finished), strict=True)
        async with self._sessions.begin() as session:
            connection = await database.driver(session)
            rows = await connection.fetch(RECORD, *columns, timedelta(seconds=self._settings.alerts_retry_seconds))
            await outbox.add(session, *map(settled, rows))

    def _row(self, job: Job, attempt: DeliveryAttempt) -> tuple[Any, ...]:
        pause = None if attempt.is_final else timedelta(seconds=self._pause(job.attempt))
        return (
            job.delivery_id,
            job.attempt,
            attempt.began_at,
            attempt.ended_at,
            attempt.reason,
            attempt.is_delivered,
            job.lease,
            pause,
        )

    def _pause(self, attempt: int) -> float:
        """Doubling, each a little off, so that a receiver that comes back is not met by all at once."""
        pause = self._settings.alerts_retry_seconds * 2.0 ** min(attempt - 1, 30)
        return min(pause, self._settings.alerts_retry_longest_seconds) * random.uniform(0.8, 1.2)  # noqa: S311 - no secret


@asynccontextmanager
async def statement(engine: AsyncEngine) -> AsyncIterator[asyncpg.Connection]:
    """For one statement that is its own transaction: nothing begins before it, and nothing commits after it."""
    async with engine.connect() as connection:
        _ = await connection.execution_options(isolation_level="AUTOCOMMIT")
        raw = (await connection.get_raw_connection()).driver_connection
        assert isinstance(raw, asyncpg.Connection)
        try:
            yield raw
        except BaseException:
            await connection.invalidate()  # the pool does not see what befell the bare driver
            raise


def folded(jobs: Sequence[Job]) -> list[Job]:
    """Those of one receiver that may be folded are one job: the first, with the others as its companions."""
    together: dict[str, list[Job]] = {}
    for job in jobs:
        if job.is_foldable:
            together.setdefault(job.recipient, []).append(job)
    alone = [job for job in jobs if not job.is_foldable]
    return [*alone, *(replace(first, companions=tuple(others)) for first, *others in together.values())]


def job_of(row: asyncpg.Record) -> Job:
    delivery = dict(row)
    known = delivery.pop("receiver")
    sealed = (known["secret"], known["former_secret"]) if known else ()
    return Job(
        **delivery,
        receiver=_receiver.validate_python(dict(known)) if known else None,
        secrets=tuple(secret for secret in sealed if secret is not None),
    )


def settled(row: asyncpg.Record) -> events.Message:
    data = DeliverySettled.model_validate({name: row[name] for name in DeliverySettled.model_fields})
    id = events.derived_id("delivery_settled", data.delivery_id)
    return events.message(data, id=id, source=SOURCE, time=data.settled_at)
