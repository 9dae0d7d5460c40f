"""Makes the jobs of channels from claimed deliveries, and joins jobs that are sent as one message."""

from collections.abc import Sequence
from dataclasses import replace

import asyncpg
from pydantic import TypeAdapter

from services.alerts.alerts import SOURCE
from services.alerts.channels import Job, Slot
from services.alerts.delivery.notices import FOLDABLE
from services.alerts.queries.receivers import sealed
from services.alerts.queries.rows import valid
from services.alerts.receivers.receivers import Contact, Receiver
from shared import events, tracing
from shared.events import DeliverySettled

_receiver = TypeAdapter(Receiver)
_contact = TypeAdapter(Contact)


def folded(jobs: Sequence[Job]) -> list[Job]:
    """A combined message is one job, with the other jobs as `companions`.

    The contact may have been replaced by a contact on a channel that combines no messages. On such a channel, each job
    becomes a message of its own.
    """
    together: dict[Slot, list[Job]] = {}
    for job in jobs:
        if is_combined(job):
            together.setdefault(job.slot, []).append(job)
    alone = [job for job in jobs if not is_combined(job)]
    return [*alone, *(replace(first, companions=tuple(others)) for first, *others in together.values())]


def is_combined(job: Job) -> bool:
    return job.is_foldable and job.receiver is not None and job.receiver.channel in FOLDABLE


def job_of(row: asyncpg.Record) -> Job | None:
    """Returns None if the receiver's row is invalid.

    A delivery with an invalid receiver is claimed again after its lease.
    """
    delivery = dict(row)
    known, contact = delivery.pop("receiver"), delivery.pop("contact")
    receiver = next(iter(valid([known] if known else [], _receiver, "receivers")), None)
    if receiver is None and known:
        return None
    if receiver is not None and contact is not None and receiver.channel != delivery["channel"]:
        receiver, known = receiver.at(_contact.validate_python(dict(contact))), contact
    return Job(**delivery, receiver=receiver, secrets=sealed(known) if known else ())


def settled(row: asyncpg.Record, job: Job) -> events.Message:
    data = DeliverySettled.model_validate(dict(row))
    id = events.derived_id("delivery_settled", data.delivery_id)
    with tracing.continued(job.traceparent):
        return events.message(data, id=id, source=SOURCE, time=data.settled_at)
