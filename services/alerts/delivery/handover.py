"""Stores a transaction's deliveries. Deliveries that can be sent at once go directly to the senders of this process.

A delivery that is sent at once is stored with a lease, so that the delivery loop does not claim it. If the process ends
before the attempt, the delivery is due again after its lease.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Protocol
from uuid import UUID, uuid4

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, SessionTransaction

from services.alerts.channels import Job, Slot
from services.alerts.delivery.notices import PlannedDelivery
from services.alerts.plan_cache import CachedPlan, PlanCache
from services.alerts.queries import deliveries as delivery_queries
from shared import tracing
from shared.events import HazardReported

BURST_SECONDS = 60.0
MOST_PLACES = 10_000
NOW, AHEAD = timedelta(), timedelta(seconds=-BURST_SECONDS)  # Deliveries with an earlier due time are claimed first.
HANDOVER = "handover"


class Senders(Protocol):
    @property
    def lease(self) -> timedelta: ...

    def reserve(self, slot: Slot) -> bool:
        """Returns False if the receiver already has the permitted number of concurrent attempts on this channel."""
        ...

    def release(self, slot: Slot) -> None: ...

    def send(self, job: Job) -> None:
        """Call `reserve` first. The slot is released after the attempt."""
        ...


class Dispatcher:
    """If `senders` is None, the delivery loop claims and sends the deliveries.

    In a burst of alerts, the receiver's first message about each place goes before the receiver's other messages.
    """

    def __init__(self, plan_cache: PlanCache, senders: Senders | None = None) -> None:
        self.plan_cache, self._senders = plan_cache, senders
        self._bursts = PlaceBursts()

    async def add(
        self, session: AsyncSession, deliveries: Sequence[PlannedDelivery], hazards: Mapping[UUID, HazardReported]
    ) -> None:
        if self._senders is None:
            await delivery_queries.add_deliveries(session, deliveries, hazards)
            return
        handover = Handover(session, self._senders)
        deliveries = self._bursts.in_order(deliveries)
        leases = {delivery.delivery_id: uuid4() for delivery in deliveries if handover.reserves(delivery)}
        new = await delivery_queries.add_deliveries(session, deliveries, hazards, leases, self._senders.lease)
        cached = await self.plan_cache.current(session)
        handover.jobs = [
            job_of(delivery, new[id], leases[id], cached)
            for delivery in deliveries
            if (id := delivery.delivery_id) in new and id in leases
        ]


class PlaceBursts:
    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._notified: dict[tuple[Slot, frozenset[str]], float] = {}

    def in_order(self, deliveries: Sequence[PlannedDelivery]) -> list[PlannedDelivery]:
        """The list begins with the first delivery about each place.

        The first delivery about a place gets an earlier due time than deliveries stored before.
        """
        now = self._clock()
        if len(self._notified) > MOST_PLACES:
            self._notified = {key: at for key, at in self._notified.items() if at > now - BURST_SECONDS}
        first, others = list[PlannedDelivery](), list[PlannedDelivery]()
        for delivery in deliveries:
            key = (delivery.slot, delivery.places)
            is_first = bool(delivery.places) and self._notified.get(key, -BURST_SECONDS) <= now - BURST_SECONDS
            if is_first:
                self._notified[key] = now
            (first if is_first else others).append(delivery)
        return [
            *(replace(delivery, due_in=AHEAD) if delivery.due_in == NOW else delivery for delivery in first),
            *others,
        ]


class Handover:
    """Sends the jobs after the session has committed.

    A rollback releases the slots. If the commit comes after half of the lease, the jobs are not sent here. If a job was
    not sent, the delivery loop claims the delivery after its lease.
    """

    def __init__(self, session: AsyncSession, senders: Senders) -> None:
        self._senders, self._reserved, self.jobs = senders, dict[UUID, Slot](), list[Job]()
        self._send_until = time.monotonic() + senders.lease.total_seconds() / 2
        session.info[HANDOVER] = self

    def reserves(self, delivery: PlannedDelivery) -> bool:
        """Reserves a slot only for a delivery that can be sent at once."""
        is_first = delivery.step == 1 and delivery.due_in <= NOW and not delivery.is_foldable
        is_reserved = is_first and self._senders.reserve(delivery.slot)
        if is_reserved:
            self._reserved[delivery.delivery_id] = delivery.slot
        return is_reserved

    def send(self) -> None:
        if time.monotonic() < self._send_until:
            for job in self.jobs:
                del self._reserved[job.delivery_id]  # the sender releases the slot after the attempt
                self._senders.send(job)
        self.release()

    def release(self) -> None:
        for slot in self._reserved.values():
            self._senders.release(slot)
        self._reserved, self.jobs = {}, []


@event.listens_for(Session, "after_commit")
def _send(session: Session) -> None:
    if (handover := session.info.pop(HANDOVER, None)) is not None:
        handover.send()


@event.listens_for(Session, "after_transaction_end")
def _release(session: Session, transaction: SessionTransaction) -> None:
    """A lost connection causes `after_transaction_end`, but no `after_rollback`."""
    if transaction.parent is None and (handover := session.info.pop(HANDOVER, None)) is not None:
        handover.release()


def job_of(delivery: PlannedDelivery, content: str, lease: UUID, cached: CachedPlan) -> Job:
    receiver, secrets = cached.by_label.get(delivery.recipient, (None, ()))
    with tracing.Continued(delivery.traceparent):
        return Job(
            delivery_id=delivery.delivery_id,
            alert_id=delivery.alert_id,
            step=delivery.step,
            cause=delivery.cause,
            content=content,
            lease=lease,
            attempt=1,
            age_seconds=0.0,
            recipient=delivery.recipient,
            channel=delivery.channel,
            receiver=receiver,
            secrets=secrets,
        )
