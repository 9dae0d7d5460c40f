"""Stores shift handovers, and finds the open alerts and messages of a shift. The caller commits."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, delete, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.alerts import Alert
from services.alerts.delivery import listings
from services.alerts.delivery.states import with_state
from services.alerts.models import AlertRow, Delivery, ShiftHandoverRow
from services.alerts.queries.alerts import readable
from services.alerts.queries.delivery_states import IS_UNDELIVERED
from services.alerts.receivers.secrets import WebhookSecrets
from services.alerts.rules.findings import RuleKind
from services.alerts.shift_handovers.shift_handovers import ShiftHandover, label
from shared.events.vocabulary import Severity
from shared.postgres.models import table

MOST_ALERTS, MOST_DELIVERIES = 100, 40
SHIFT = timedelta(hours=24)
KEPT = timedelta(days=365)
GRAVEST_FIRST = (Severity.EXTREME, Severity.SEVERE, Severity.UNKNOWN, Severity.MODERATE, Severity.MINOR)
OPEN = (AlertRow.resolved_at.is_(None), ~AlertRow.is_suppressed)
CLEAR = ("handover_id", "handed_over_at", "from_account", "from_name", "to_account", "to_name")


async def open_alerts(session: AsyncSession, areas: frozenset[str] | None) -> list[Alert]:
    """Returns up to `MOST_ALERTS` alerts: first the unacknowledged, then by severity, then the oldest."""
    severity = case(
        {severity.value: place for place, severity in enumerate(GRAVEST_FIRST)}, value=AlertRow.severity, else_=0
    )
    wanted = select(*table(AlertRow).columns).where(*OPEN)
    if areas is not None:
        wanted = wanted.where(listings.concerns(areas))
    ordered = wanted.order_by(AlertRow.acknowledged_at.is_not(None), severity, AlertRow.raised_at)
    return readable((await session.execute(ordered.limit(MOST_ALERTS))).mappings())


async def undelivered(session: AsyncSession, areas: frozenset[str] | None, now: datetime) -> list[dict[str, Any]]:
    """Leaves out test messages.

    Does not parse the contents, because a content may be unreadable.
    """
    is_trial = exists().where(AlertRow.alert_id == Delivery.alert_id, AlertRow.kind == RuleKind.TEST)
    wanted = listings.DELIVERIES.where(Delivery.created_at > now - SHIFT, IS_UNDELIVERED, ~is_trial)
    if areas is not None:
        is_visible = exists().where(AlertRow.alert_id == Delivery.alert_id, listings.concerns(areas))
        wanted = wanted.where(is_visible)
    rows = (await session.execute(wanted.order_by(Delivery.created_at.desc()).limit(MOST_DELIVERIES))).mappings()
    return [with_state({**row}, now) for row in rows]


async def add(session: AsyncSession, handover: ShiftHandover, box: WebhookSecrets) -> None:
    """Also deletes handovers that are older than a year."""
    await session.execute(
        delete(ShiftHandoverRow).where(ShiftHandoverRow.handed_over_at < handover.handed_over_at - KEPT)
    )
    clear = {name: getattr(handover, name) for name in CLEAR}
    sealed = box.seal(handover.notes or "", label(handover.handover_id))
    session.add(ShiftHandoverRow(**clear, areas=sorted(handover.areas), sealed=sealed))


async def newest(session: AsyncSession, areas: Collection[str], box: WebhookSecrets) -> ShiftHandover | None:
    """A handover is only for people with exactly these areas."""
    wanted = select(ShiftHandoverRow).where(ShiftHandoverRow.areas == sorted(areas))
    row = (await session.scalars(wanted.order_by(ShiftHandoverRow.handed_over_at.desc()).limit(1))).first()
    if row is None:
        return None
    clear = {name: getattr(row, name) for name in CLEAR}
    return ShiftHandover(**clear, areas=tuple(row.areas), notes=opened(row, box))


def opened(row: ShiftHandoverRow, box: WebhookSecrets) -> str | None:
    """Returns None if the notes cannot be decrypted, because the page must be shown without them."""
    return box.readable(row.sealed, label(row.handover_id))
