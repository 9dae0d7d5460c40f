"""Queries for the lists of alerts, page by page, and for the list of deliveries with their attempts."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, ColumnElement, Select, and_, case, exists, false, func, literal, or_, select, tuple_
from sqlalchemy.dialects.postgresql import JSON, aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from services.alerts.alerts import Alert
from services.alerts.delivery.states import with_state
from services.alerts.models import AlertRow, AttemptRow, Delivery, ReceiverRow
from services.alerts.queries.alerts import readable
from services.alerts.queries.delivery_states import OF_STATE
from services.alerts.receivers.receivers import ReceiverKind
from services.alerts.rules.findings import RANK
from shared.auth.tokens import Principal
from shared.events.vocabulary import Severity, Status
from shared.pages.languages import DEFAULT
from shared.places import Places
from shared.postgres.models import table


class AlertState(StrEnum):
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    SUPPRESSED = "suppressed"


@dataclass(frozen=True, slots=True)
class AlertQuery:
    """`areas` has the P-codes that the caller may see, or None for all P-codes.

    `within` has the P-codes that the request names.
    """

    limit: int
    states: Sequence[AlertState] = ()
    statuses: Sequence[Status] = ()
    floor: Severity | None = None
    hazard_id: UUID | None = None
    after: tuple[datetime, UUID] | None = None
    areas: frozenset[str] | None = None
    within: frozenset[str] | None = None


USUAL = (AlertState.OPEN, AlertState.ACKNOWLEDGED, AlertState.RESOLVED)
STATE = case(
    (AlertRow.is_suppressed, AlertState.SUPPRESSED.value),
    (AlertRow.resolved_at.is_not(None), AlertState.RESOLVED.value),
    (AlertRow.acknowledged_at.is_not(None), AlertState.ACKNOWLEDGED.value),
    else_=AlertState.OPEN.value,
)
ATTEMPT = func.json_build_object(
    *("number", AttemptRow.number, "began_at", AttemptRow.began_at),
    *("ended_at", AttemptRow.ended_at, "reason", AttemptRow.reason),
)
TRIED = (
    select(func.json_agg(aggregate_order_by(ATTEMPT, AttemptRow.number), type_=JSON))
    .where(AttemptRow.delivery_id == Delivery.delivery_id)
    .scalar_subquery()
)
OF_RECEIVER = ReceiverRow.label == Delivery.recipient
LANGUAGE = select(ReceiverRow.language).where(OF_RECEIVER).scalar_subquery()
# True if a mail to the receiver has a link for actions without signing in.
RECEIVER = table(ReceiverRow).c
IS_OWN_ACCOUNT = (
    select(and_(RECEIVER.kind == ReceiverKind.PERSON, RECEIVER.account_id.is_not(None)))
    .where(OF_RECEIVER)
    .scalar_subquery()
)
EARLIER = aliased(Delivery)
IS_FIRST = ~exists().where(
    EARLIER.alert_id == Delivery.alert_id,
    EARLIER.recipient == Delivery.recipient,
    EARLIER.channel == Delivery.channel,
    EARLIER.step < Delivery.step,
)
IS_INTERNAL = select(ReceiverRow.is_internal).where(OF_RECEIVER).scalar_subquery()
DELIVERIES = select(
    Delivery.delivery_id,
    Delivery.alert_id,
    Delivery.step,
    Delivery.cause,
    Delivery.recipient,
    *OF_STATE,
    Delivery.created_at,
    Delivery.follows,
    Delivery.attempts,
    Delivery.content,
    func.coalesce(TRIED, literal([], JSON)).label("tried"),
    func.coalesce(LANGUAGE, DEFAULT).label("language"),
    func.coalesce(IS_INTERNAL, false()).label("is_internal"),
    func.coalesce(IS_OWN_ACCOUNT, false()).label("is_own_account"),
    IS_FIRST.label("is_first"),
)
NEWEST_FIRST = (Delivery.created_at.desc(), Delivery.recipient)


async def alerts(session: AsyncSession, query: AlertQuery) -> list[Alert]:
    """Suppressed alerts are listed only if the request names their state."""
    wanted = select(*table(AlertRow).columns).where(STATE.in_(query.states or USUAL))
    if query.statuses:
        wanted = wanted.where(AlertRow.status.in_(query.statuses))
    if query.floor is not None:
        wanted = wanted.where(AlertRow.severity.in_(severities(query.floor)))
    if query.hazard_id is not None:
        wanted = wanted.where(AlertRow.hazard_id == query.hazard_id)
    if query.after is not None:
        wanted = wanted.where(tuple_(AlertRow.raised_at, AlertRow.alert_id) < query.after)
    if query.areas is not None:
        wanted = wanted.where(concerns(query.areas))
    if query.within is not None:
        wanted = wanted.where(overlaps(query.within))
    newest = wanted.order_by(AlertRow.raised_at.desc(), AlertRow.alert_id.desc()).limit(query.limit)
    return readable((await session.execute(newest)).mappings())


def concerns(areas: frozenset[str]) -> ColumnElement[bool]:
    """An alert without a place concerns everybody."""
    return or_(AlertRow.pcodes == [], overlaps(areas))


def overlaps(areas: frozenset[str]) -> ColumnElement[bool]:
    return AlertRow.pcodes.op("&&", return_type=Boolean())(list(areas))


def severities(floor: Severity) -> list[Severity]:
    return [severity for severity, rank in RANK.items() if rank >= RANK[floor]]


async def deliveries(
    session: AsyncSession, *, areas: frozenset[str] | None = None, alert_id: UUID | None = None, limit: int = 200
) -> list[dict[str, Any]]:
    """Returns the deliveries with their states, newest first.

    `areas` has the P-codes that the caller may see, or None for all P-codes.
    """
    wanted = DELIVERIES
    if alert_id is not None:
        wanted = wanted.where(Delivery.alert_id == alert_id)
    if areas is not None:
        wanted = wanted.where(exists().where(AlertRow.alert_id == Delivery.alert_id, concerns(areas)))
    return await _listed(session, wanted.order_by(*NEWEST_FIRST).limit(limit))


async def deliveries_of_each(session: AsyncSession, alert_ids: Collection[UUID], limit: int) -> list[dict[str, Any]]:
    rank = func.row_number().over(partition_by=Delivery.alert_id, order_by=NEWEST_FIRST)
    ranked = select(Delivery.delivery_id, rank.label("rank")).where(Delivery.alert_id.in_(alert_ids)).subquery()
    newest = select(ranked.c.delivery_id).where(ranked.c.rank <= limit)
    return await _listed(session, DELIVERIES.where(Delivery.delivery_id.in_(newest)).order_by(*NEWEST_FIRST))


async def _listed(session: AsyncSession, wanted: Select[Any]) -> list[dict[str, Any]]:
    rows, now = (await session.execute(wanted)).mappings(), datetime.now(UTC)
    return [with_state({**row, "content": json.loads(row["content"])}, now) for row in rows]


def visible(caller: Principal, places: Places) -> frozenset[str] | None:
    """Returns the P-codes whose alerts the caller may see, or None for all areas."""
    return places.around(caller.areas)


def is_within(alert: Alert, areas: frozenset[str] | None) -> bool:
    """Everybody may see an alert without a place."""
    return areas is None or not alert.pcodes or not areas.isdisjoint(alert.pcodes)
