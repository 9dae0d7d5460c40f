"""Telling the receivers: claimed, tried, recorded, tried again; one that hangs holds up only itself."""

import asyncio
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.alerts.alerts import SOURCE
from services.alerts.channels import ChannelOut, Job, Undelivered
from services.alerts.config import AlertsSettings
from services.alerts.receivers import Receiver
from shared import bells, database, events, outbox
from shared.events import DeliverySettled
from shared.events.vocabulary import Channel
from shared.faults import patiently

LOOK_SECONDS = 1.0  # how late a retry may be seen

# Of each receiver at most as many as it has hands free; a claim that is not recorded falls due again.
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
        SELECT delivery_id FROM deliveries
        WHERE recipient = lanes.recipient AND settled_at IS NULL AND due_at <= now()
        ORDER BY due_at LIMIT lanes.free FOR UPDATE SKIP LOCKED
    ) AS one
)
UPDATE deliveries AS taken
SET attempts = attempts + 1, lease = gen_random_uuid(), due_at = now() + $4
FROM claimed
WHERE taken.delivery_id = claimed.delivery_id
RETURNING taken.delivery_id, taken.alert_id, taken.step, taken.cause, taken.content, taken.recipient, taken.lease,
    taken.attempts AS attempt, extract(epoch FROM now() - taken.created_at)::float8 AS age_seconds
"""

ADDRESSED = "SELECT * FROM receivers WHERE label = ANY($1)"

# One statement: what was tried, the delivery's end or its next time, and the alert's next number for the event.
RECORD = """
WITH tried AS (
    INSERT INTO attempts (delivery_id, number, began_at, ended_at, reason) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT DO NOTHING
), told AS (
    UPDATE deliveries SET reason = $5, lease = NULL, due_at = coalesce(now() + $8::interval, due_at),
        settled_at = CASE WHEN $8::interval IS NULL THEN $4::timestamptz END,
        is_delivered = CASE WHEN $8::interval IS NULL THEN $7::boolean END
    WHERE delivery_id = $1 AND lease = $6 AND settled_at IS NULL
    RETURNING alert_id, step, recipient, channel, attempts, settled_at
)
UPDATE alerts SET sequence = sequence + 1 FROM told
WHERE alerts.alert_id = told.alert_id AND told.settled_at IS NOT NULL
RETURNING told.*, alerts.sequence, alerts.status
"""

_receiver = TypeAdapter(Receiver)


@dataclass(frozen=True, slots=True)
class Attempt:
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
        sessions: async_sessionmaker[AsyncSession],
        channels: Mapping[Channel, ChannelOut],
        woken: asyncio.Event,
    ) -> None:
        self._settings, self._sessions, self._channels, self._woken = (settings, sessions, channels, woken)
        self._busy: Counter[str] = Counter()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            while True:
                self._woken.clear()
                for job in await patiently(self._claim):
                    self._busy[job.recipient] += 1
                    group.create_task(self._deliver(job))
                await bells.wait(self._woken, LOOK_SECONDS)

    async def _claim(self) -> list[Job]:
        async with self._sessions.begin() as session:
            connection = await database.driver(session)
            rows = await connection.fetch(
                CLAIM,
                list(self._busy),
                list(self._busy.values()),
                self._settings.alerts_at_once,
                timedelta(seconds=self._settings.alerts_lease_seconds),
            )
            known = await connection.fetch(ADDRESSED, [row["recipient"] for row in rows]) if rows else []
        receivers = {row["label"]: row for row in known}
        return [job_of(row, receivers.get(row["recipient"])) for row in rows]

    async def _deliver(self, job: Job) -> None:
        try:
            await self._record(job, await self._attempt(job))
        finally:
            if self._busy[job.recipient] == self._settings.alerts_at_once:
                self._woken.set()  # others may have waited for a free hand
            self._busy[job.recipient] -= 1

    async def _attempt(self, job: Job) -> Attempt:
        began = datetime.now(UTC)
        try:
            said = await self._send(job)
        except Undelivered as error:
            is_final = error.is_final or job.age_seconds > self._settings.alerts_retry_hours * 3600
            return Attempt(began, datetime.now(UTC), error.reason, is_delivered=False, is_final=is_final)
        return Attempt(began, datetime.now(UTC), said, is_delivered=True, is_final=True)

    async def _send(self, job: Job) -> str:
        if job.receiver is None:
            raise Undelivered("receiver_removed", is_final=True)
        return await self._channels[job.receiver.channel].send(job, job.receiver)

    async def _record(self, job: Job, attempt: Attempt) -> None:
        """Tried until PostgreSQL takes it; whoever claimed the delivery meanwhile makes this one void."""

        async def once() -> None:
            async with self._sessions.begin() as session:
                await self._write(job, attempt, session)

        await patiently(once)

    async def _write(self, job: Job, attempt: Attempt, session: AsyncSession) -> None:
        pause = None if attempt.is_final else timedelta(seconds=self._pause(job.attempt))
        connection = await database.driver(session)
        row = await connection.fetchrow(
            RECORD, job.delivery_id, job.attempt, attempt.began_at, attempt.ended_at, attempt.reason,
            job.lease, attempt.is_delivered, pause,
        )  # fmt: skip
        if row is not None:
            await outbox.add(session, settled(job.delivery_id, row, attempt))

    def _pause(self, attempt: int) -> float:
        """Doubling, each a little off, so that a receiver that comes back is not met by all at once."""
        pause = self._settings.alerts_retry_seconds * 2.0 ** min(attempt - 1, 30)
        return min(pause, self._settings.alerts_retry_longest_seconds) * random.uniform(0.8, 1.2)  # noqa: S311 - no secret


def job_of(row: asyncpg.Record, known: asyncpg.Record | None) -> Job:
    sealed = (known["secret"], known["former_secret"]) if known else ()
    return Job(
        **row,
        receiver=_receiver.validate_python(dict(known)) if known else None,
        secrets=tuple(secret for secret in sealed if secret is not None),
    )


def settled(delivery_id: UUID, row: asyncpg.Record, attempt: Attempt) -> events.Message:
    data = DeliverySettled(
        alert_id=row["alert_id"], sequence=row["sequence"], delivery_id=delivery_id, status=row["status"],
        step=row["step"], recipient=row["recipient"], channel=row["channel"], is_delivered=attempt.is_delivered,
        attempts=row["attempts"], reason=attempt.reason, settled_at=attempt.ended_at,
    )  # fmt: skip
    id = events.derived_id("delivery_settled", delivery_id)
    return events.message(data, id=id, source=SOURCE, time=attempt.ended_at)
