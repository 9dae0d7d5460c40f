"""SQL that finds and deletes the unsent messages of muted alerts. The caller commits."""

# raw SQL throughout: the worker runs these statements every second, also in a burst of alerts

from collections.abc import Collection
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.alerts import Alert
from services.alerts.delivery.notices import UNMUTED
from services.alerts.queries.alerts import SELECT_ALERTS, readable
from shared.events.vocabulary import Severity
from shared.postgres import database

# A delivery without an attempt reached nobody, so it counts as unsent. A list of causes follows after ALL. Messages
# with one of these causes are sent even for a muted alert.
IS_UNSENT = "settled_at IS NULL AND attempts = 0 AND cause <> ALL"
HAS_UNSENT = f"SELECT EXISTS (SELECT FROM deliveries WHERE {IS_UNSENT} ($1))"  # noqa: S608 - names of our own columns
IS_WAITING = f"""
severity = ANY($1) AND resolved_at IS NULL AND NOT is_suppressed AND (NOT is_lapsed OR reopened_by IS NOT NULL)
    AND alert_id IN (SELECT alert_id FROM deliveries WHERE {IS_UNSENT} ($2))
"""  # noqa: S608 - names of our own columns
WAITING = f"SELECT alert_id, sequence FROM alerts WHERE {IS_WAITING}"  # noqa: S608 - names of our own columns
LOCKED = f"""
{SELECT_ALERTS} WHERE {IS_WAITING} AND alert_id = ANY($3) ORDER BY alert_id FOR UPDATE OF alerts SKIP LOCKED
"""
# Locked deliveries are skipped, because their transaction may wait for the alert.
WITHDRAW = f"""
DELETE FROM deliveries WHERE delivery_id IN (
    SELECT delivery_id FROM deliveries WHERE alert_id = ANY($1) AND {IS_UNSENT} ($2) FOR UPDATE SKIP LOCKED
)
RETURNING alert_id, recipient
"""  # noqa: S608 - names of our own columns


async def has_unsent(session: AsyncSession) -> bool:
    connection = await database.driver(session)
    return bool(await connection.fetchval(HAS_UNSENT, list(UNMUTED)))


async def waiting(session: AsyncSession, severities: Collection[Severity]) -> dict[UUID, int]:
    """Does not lock the alerts."""
    connection = await database.driver(session)
    return dict(await connection.fetch(WAITING, list(severities), list(UNMUTED)))


async def locked(session: AsyncSession, severities: Collection[Severity], alert_ids: Collection[UUID]) -> list[Alert]:
    """Skips alerts that another worker has locked."""
    connection = await database.driver(session)
    return readable(await connection.fetch(LOCKED, list(severities), list(UNMUTED), list(alert_ids)))


async def withdraw(session: AsyncSession, alert_ids: Collection[UUID]) -> dict[UUID, set[str]]:
    """Maps an alert to the labels of the receivers whose messages were deleted."""
    connection = await database.driver(session)
    labels: dict[UUID, set[str]] = {}
    for alert_id, recipient in await connection.fetch(WITHDRAW, list(alert_ids), list(UNMUTED)):
        labels.setdefault(alert_id, set()).add(recipient)
    return labels
