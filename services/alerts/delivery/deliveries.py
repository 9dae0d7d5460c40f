"""Claims deliveries, sends them and records the attempts.

Each receiver has its own limit of attempts, so a receiver that hangs delays no other receiver.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from services.alerts.channels import ChannelOut, Job, Slot, Undelivered
from services.alerts.config import AlertsSettings
from services.alerts.delivery.jobs import folded, job_of, settled
from services.alerts.delivery.notices import is_trial, without_restricted_words
from services.alerts.queries.attempts import ACCOMPANY, CLAIM, RECORD
from services.alerts.receivers.receivers import Receiver
from shared import log, tracing
from shared.events.vocabulary import DeliveryChannel
from shared.failures import backoff_seconds, retry_while_unavailable
from shared.messaging import outbox
from shared.postgres import database, notify
from shared.tracing import Attributes, Phase

LOOK_SECONDS = 1.0
GATHER_SECONDS = 0.03  # Attempts that finish within this time are recorded in one write.
# Wait at least this long between two writes, because one write of many attempts costs less than many writes.
BUSY_SECONDS = 0.2
SHORT_PAUSE_SECONDS = 60.0
UNKNOWN_CHANNEL = "unknown_channel"
STOP_SECONDS = 2  # An ending process may use this time to record its last attempts.


@dataclass(frozen=True, slots=True)
class DeliveryAttempt:
    """`retry_after` is the number of seconds until the next attempt, if the receiving server demands a wait.

    `results` maps deliveries of a combined job to their own results, if these results differ from the attempt's.
    """

    began_at: datetime
    ended_at: datetime
    reason: str
    is_delivered: bool
    is_final: bool
    retry_after: float | None = None
    results: Mapping[UUID, str | Undelivered] = field(default_factory=dict)

    @property
    def is_failure(self) -> bool:
        """A server that demands a short wait has not failed."""
        is_short = self.retry_after is not None and self.retry_after <= SHORT_PAUSE_SECONDS
        return not self.is_delivered and not is_short


class Deliveries:
    """Claims and sends deliveries until cancelled. Several workers may run this loop at the same time."""

    def __init__(
        self,
        settings: AlertsSettings,
        engine: AsyncEngine,
        channels: Mapping[DeliveryChannel, ChannelOut],
        woken: asyncio.Event,
    ) -> None:
        self._settings, self._engine, self._woken = settings, engine, woken
        self._channels: Mapping[str, ChannelOut] = {str(name): channel for name, channel in channels.items()}
        self._busy: Counter[Slot] = Counter()
        self._waiting: set[Slot] = set()  # Due deliveries of these slots may be waiting for the end of an attempt.
        self._finished: list[tuple[Job, DeliveryAttempt]] = []
        self._has_finished = asyncio.Event()
        self._unrecorded: set[UUID] = set()  # These deliveries have an unrecorded attempt.
        self._tasks: asyncio.TaskGroup | None = None

    async def run(self) -> None:
        try:
            async with asyncio.TaskGroup() as self._tasks:
                self._tasks.create_task(self._record())
                while True:
                    self._woken.clear()
                    for job in await retry_while_unavailable(self._claim):
                        self.send(job)
                    await notify.wait(self._woken, LOOK_SECONDS)
        finally:
            self._tasks = None
            try:
                await self._record_last()
            finally:
                self._start_over()

    def _start_over(self) -> None:
        """Clears all state. Deliveries with unrecorded attempts are due again after their leases.

        All attempts are forgotten, because an attempt that cannot be recorded would end the next loop as well.
        """
        self._busy.clear()
        self._waiting.clear()
        self._finished.clear()
        self._unrecorded.clear()

    @property
    def lease(self) -> timedelta:
        return timedelta(seconds=self._settings.alerts_lease_seconds)

    def reserve(self, slot: Slot) -> bool:
        """Returns False if the slot has no free attempt, or if other deliveries of the slot may already wait."""
        if self._tasks is None or slot in self._waiting or self._busy[slot] >= self._settings.alerts_at_once:
            return False
        self._busy[slot] += 1
        return True

    def release(self, slot: Slot) -> None:
        # The loop that reserved the slot may have failed, so the count may already be 0.
        self._busy[slot] = max(0, self._busy[slot] - 1)
        if slot in self._waiting:
            self._woken.set()

    def send(self, job: Job) -> None:
        """If the loop has failed since the reservation, the job is sent after the delivery's lease."""
        if self._tasks is None:
            self.release(job.slot)
            return
        self._unrecorded.update(delivery.delivery_id for delivery in (job, *job.companions))
        self._tasks.create_task(self._deliver(job))

    async def _claim(self) -> list[Job]:
        busy, at_once, lease = self._busy.copy(), self._settings.alerts_at_once, self.lease
        async with database.connected(self._engine) as connection:
            sent = list(self._unrecorded)
            taken = [[recipient for recipient, _ in busy], [channel for _, channel in busy], list(busy.values())]
            rows = await connection.fetch(CLAIM, lease, sent, *taken, at_once)
            if folding := {(row["recipient"], row["channel"]) for row in rows if row["is_foldable"]}:
                slots, ids = map(list, zip(*folding, strict=True)), [row["delivery_id"] for row in rows]
                rows += await connection.fetch(ACCOMPANY, lease, sent, *slots, ids)
        jobs = folded([job for row in rows if (job := job_of(row)) is not None])
        claimed = Counter(job.slot for job in jobs)
        self._waiting = {slot for slot, attempts in (busy + claimed).items() if attempts >= at_once}
        self._busy += claimed
        if any(self._busy[slot] < at_once for slot in self._waiting):
            self._woken.set()  # An attempt ended during the claim, so deliveries of its slot can be claimed now.
        return jobs

    async def _deliver(self, job: Job) -> None:
        try:
            attempt = await self._attempt(job)
        finally:
            self.release(job.slot)
        self._finished += [(delivery, self.of(delivery, attempt)) for delivery in (job, *job.companions)]
        self._has_finished.set()

    async def _attempt(self, job: Job) -> DeliveryAttempt:
        began = datetime.now(UTC)
        try:
            answer = await self._send(job)
        except Undelivered as error:
            return DeliveryAttempt(
                began,
                datetime.now(UTC),
                error.reason,
                is_delivered=False,
                is_final=error.is_final,
                retry_after=error.retry_after,
                results=error.results,
            )
        except Exception as error:  # noqa: BLE001 - a fault in one message must not end the loop that sends all others
            log.get().error("delivery failed by a fault", channel=job.channel, **log.described(error))
            return DeliveryAttempt(began, datetime.now(UTC), "internal_error", is_delivered=False, is_final=False)
        return DeliveryAttempt(began, datetime.now(UTC), answer, is_delivered=True, is_final=True)

    def of(self, job: Job, attempt: DeliveryAttempt) -> DeliveryAttempt:
        """An attempt is final for a delivery that is too old for a retry, and for a failed test message.

        The person who sent a test message sees its failure, and can send another one.
        """
        own = attempt.results.get(job.delivery_id)
        if isinstance(own, str):
            return DeliveryAttempt(attempt.began_at, attempt.ended_at, own, is_delivered=True, is_final=True)
        if own is not None:
            attempt = replace(attempt, reason=own.reason, is_final=own.is_final, retry_after=own.retry_after)
        is_over = job.age_seconds > self._settings.alerts_retry_hours * 3600
        is_over = is_over or (not attempt.is_delivered and attempt.retry_after is None and is_trial(job.content))
        return replace(attempt, is_final=attempt.is_final or is_over)

    async def _send(self, job: Job) -> str:
        if job.receiver is None:
            raise Undelivered("receiver_removed", is_final=True)
        channel = self._channels.get(job.receiver.channel)
        if channel is None:
            # A later release of Dayar knows the channel and may be installed again, so the error is not final.
            raise Undelivered(UNKNOWN_CHANNEL)
        name = f"deliver {job.receiver.channel}"
        with tracing.Continued(job.traceparent), tracing.span(Phase.DELIVER, name, traced(job)):
            return await channel.send(permitted(job, job.receiver), job.receiver)

    async def _record(self) -> None:
        """One write contains all attempts that finished before the write."""
        recorded_at = -BUSY_SECONDS
        while True:
            await self._has_finished.wait()
            await asyncio.sleep(max(GATHER_SECONDS, recorded_at + BUSY_SECONDS - time.monotonic()))
            self._has_finished.clear()
            finished = self._finished.copy()
            await retry_while_unavailable(lambda: self._write(finished))  # noqa: B023 - awaited before the next
            recorded_at = time.monotonic()
            # The write may be interrupted, so the attempts are removed only afterwards.
            del self._finished[: len(finished)]
            self._unrecorded -= {job.delivery_id for job, _ in finished}
            if any(job.slot in self._waiting for job, _ in finished):
                self._woken.set()  # Deliveries of a slot may have waited until these attempts were recorded.

    async def _record_last(self) -> None:
        """Records the last attempts before the process ends, because a worker would repeat unrecorded attempts."""
        if self._finished:
            with suppress(TimeoutError):
                async with asyncio.timeout(STOP_SECONDS):
                    await retry_while_unavailable(lambda: self._write(self._finished))

    async def _write(self, finished: Sequence[tuple[Job, DeliveryAttempt]]) -> None:
        """If a delivery was claimed again, the lease of the attempt is outdated, and the attempt changes nothing."""
        columns = zip(*(self._row(job, attempt) for job, attempt in finished), strict=True)
        async with database.transaction(self._engine) as connection:
            rows = await connection.fetch(RECORD, *columns, timedelta(seconds=self._settings.alerts_retry_seconds))
            # Readers of the event know only the channels of DeliveryChannel.
            if known := [row for row in rows if row["channel"] in list(DeliveryChannel)]:
                jobs = {job.delivery_id: job for job, _ in finished}
                await outbox.insert(connection, [settled(row, jobs[row["delivery_id"]]) for row in known])

    def _row(self, job: Job, attempt: DeliveryAttempt) -> tuple[Any, ...]:
        seconds = self._pause(job.attempt) if attempt.retry_after is None else attempt.retry_after
        pause = None if attempt.is_final else timedelta(seconds=seconds)
        return (
            job.delivery_id,
            job.attempt,
            attempt.began_at,
            attempt.ended_at,
            attempt.reason,
            attempt.is_delivered,
            job.lease,
            pause,
            attempt.is_failure,
            attempt.retry_after is None,
        )

    def _pause(self, attempt: int) -> float:
        settings = self._settings
        return backoff_seconds(
            attempt, first=settings.alerts_retry_seconds, longest=settings.alerts_retry_longest_seconds
        )


def traced(job: Job) -> Attributes:
    return {
        "dayar.alert_id": str(job.alert_id),
        "dayar.delivery_id": str(job.delivery_id),
        "dayar.attempt": job.attempt,
    }


def permitted(job: Job, receiver: Receiver) -> Job:
    """Removes restricted texts if the receiver has become external since the delivery was planned."""
    if receiver.is_internal:
        return job
    companions = tuple(permitted(companion, receiver) for companion in job.companions)
    return replace(job, content=without_restricted_words(job.content), companions=companions)
