"""SQL for receivers. The caller commits."""

# raw SQL throughout: batches of hazards and households wait until the receivers are read

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.delivery.states import DeliveryState, combined_at, state_of
from services.alerts.models import Act, Binding, Delivery, ReceiverRow, RemovedReceiver
from services.alerts.queries.delivery_states import OF_STATE
from services.alerts.queries.rows import valid
from services.alerts.receivers.receivers import Receiver
from shared.postgres import database
from shared.postgres.upsert import upsert

MOST_PEOPLE = 200
_receiver = TypeAdapter(Receiver)
RECEIVER_COLUMNS = tuple(field.name for field in fields(Receiver))
SELECT_RECEIVERS = f"SELECT {', '.join(RECEIVER_COLUMNS)} FROM receivers"  # noqa: S608


@dataclass(frozen=True, slots=True)
class LastDelivery:
    """`suppressed_until` is the time until which a rule delays the delivery."""

    created_at: datetime
    state: DeliveryState
    suppressed_until: datetime | None


async def receivers(session: AsyncSession) -> list[Receiver]:
    connection = await database.driver(session)
    rows = await connection.fetch(f"{SELECT_RECEIVERS} ORDER BY step, label")
    return valid(rows, _receiver, "receivers")


async def sealed_receivers(session: AsyncSession) -> list[tuple[Receiver, tuple[bytes, ...]]]:
    """Returns the receivers in the order of notification, each with its newest secret first."""
    connection = await database.driver(session)
    rows = await connection.fetch("SELECT * FROM receivers ORDER BY step, label")
    secrets = {row["label"]: sealed(row) for row in rows}
    return [(receiver, secrets[receiver.label]) for receiver in valid(rows, _receiver, "receivers")]


def sealed(row: Mapping[str, Any]) -> tuple[bytes, ...]:
    return tuple(row[name] for name in ("secret", "former_secret") if row[name] is not None)


async def save_receiver(session: AsyncSession, receiver: Receiver) -> None:
    """Does not change the receiver's secrets."""
    row = {field: getattr(receiver, field) for field in RECEIVER_COLUMNS} | {"statuses": sorted(receiver.statuses)}
    await upsert(session, ReceiverRow, [row])


async def removed_at(session: AsyncSession, label: str) -> datetime | None:
    return await session.scalar(select(RemovedReceiver.removed_at).where(RemovedReceiver.label == label))


async def people(session: AsyncSession) -> list[tuple[UUID, str]]:
    """Returns up to 200 people who acted on alerts or may answer messages, sorted by name."""
    acted = select(Act.account_id, Act.name).where(Act.account_id.is_not(None), Act.name.is_not(None))
    known = acted.union(select(Binding.account_id, Binding.name)).subquery()
    names = select(known.c.account_id, func.max(known.c.name)).group_by(known.c.account_id)
    rows = await session.execute(names.order_by(func.max(known.c.name)).limit(MOST_PEOPLE))
    return [(account_id, name) for account_id, name in rows]


async def last_deliveries(session: AsyncSession, since: datetime) -> dict[tuple[str, str], LastDelivery]:
    slot = (Delivery.recipient, Delivery.channel)
    newest = (
        select(Delivery.delivery_id)
        .ext(distinct_on(*slot))
        .outerjoin(RemovedReceiver, RemovedReceiver.label == Delivery.recipient)
        .where(Delivery.created_at > func.greatest(since, RemovedReceiver.removed_at))
        .order_by(*slot, Delivery.created_at.desc())
    )
    wanted = select(Delivery.recipient, Delivery.created_at, *OF_STATE).where(Delivery.delivery_id.in_(newest))
    rows, now = map(dict, (await session.execute(wanted)).mappings()), datetime.now(UTC)
    return {
        (row["recipient"], row["channel"]): LastDelivery(row["created_at"], state_of(row, now), combined_at(row, now))
        for row in rows
    }
