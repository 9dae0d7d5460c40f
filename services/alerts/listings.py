"""Queries for the lists: alerts by page, and deliveries with their attempts."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.alerts import Alert
from services.alerts.queries import SELECT_ALERTS, alert_of
from services.alerts.rules.findings import RANK
from shared.auth.tokens import Principal
from shared.events.vocabulary import Severity, Status
from shared.places import Places
from shared.postgres import database


class AlertState(StrEnum):
    """How far people have answered an alert."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    SUPPRESSED = "suppressed"


@dataclass(frozen=True, slots=True)
class AlertQuery:
    """`areas`: the P-codes that the caller may see (None = all); `within`: the P-codes asked for."""

    limit: int
    states: Sequence[AlertState] = ()
    statuses: Sequence[Status] = ()
    floor: Severity | None = None
    hazard_id: UUID | None = None
    after: tuple[datetime, UUID] | None = None
    areas: frozenset[str] | None = None
    within: frozenset[str] | None = None


# A query without a state leaves out suppressed alerts (`USUAL`).
PAGE = f"""
{SELECT_ALERTS}
WHERE CASE
        WHEN is_suppressed THEN 'suppressed' WHEN resolved_at IS NOT NULL THEN 'resolved'
        WHEN acknowledged_at IS NOT NULL THEN 'acknowledged' ELSE 'open'
    END = ANY($1)
    AND ($2::text[] IS NULL OR status = ANY($2))
    AND ($3::text[] IS NULL OR severity = ANY($3))
    AND ($4::uuid IS NULL OR hazard_id = $4)
    AND ($5::timestamptz IS NULL OR (raised_at, alert_id) < ($5, $6))
    AND ($7::text[] IS NULL OR pcodes = '{{}}' OR pcodes && $7)
    AND ($8::text[] IS NULL OR pcodes && $8)
ORDER BY raised_at DESC, alert_id DESC LIMIT $9
"""
USUAL = (AlertState.OPEN, AlertState.ACKNOWLEDGED, AlertState.RESOLVED)

DELIVERIES = """
SELECT delivery_id, alert_id, step, cause, recipient, channel, created_at, settled_at, is_delivered, reason, attempts,
    content, (
        SELECT coalesce(json_agg(json_build_object(
            'number', number, 'began_at', began_at, 'ended_at', ended_at, 'reason', reason
        ) ORDER BY number)::text, '[]')
        FROM attempts WHERE attempts.delivery_id = deliveries.delivery_id
    ) AS tried,
    coalesce((SELECT language FROM receivers WHERE label = recipient), 'ky') AS language
FROM deliveries WHERE ($1::uuid IS NULL OR alert_id = $1)
    AND ($2::text[] IS NULL OR EXISTS (
        SELECT FROM alerts WHERE alerts.alert_id = deliveries.alert_id AND (pcodes = '{}' OR pcodes && $2)
    ))
ORDER BY created_at DESC, recipient LIMIT $3
"""


async def alerts(session: AsyncSession, asked: AlertQuery) -> list[Alert]:
    connection = await database.driver(session)
    rows = await connection.fetch(
        PAGE,
        list(asked.states or USUAL),
        list(asked.statuses) or None,
        severities(asked.floor),
        asked.hazard_id,
        *(asked.after or (None, None)),
        asked.areas if asked.areas is None else list(asked.areas),
        asked.within if asked.within is None else list(asked.within),
        asked.limit,
    )
    return [alert_of(row) for row in rows]


def severities(floor: Severity | None) -> list[str] | None:
    return None if floor is None else [severity for severity, rank in RANK.items() if rank >= RANK[floor]]


async def deliveries(
    session: AsyncSession, *, areas: frozenset[str] | None = None, alert_id: UUID | None = None, limit: int = 200
) -> list[dict[str, Any]]:
    """The deliveries with their attempts, newest first; `areas`: the P-codes that the caller may see (None = all)."""
    connection = await database.driver(session)
    rows = await connection.fetch(DELIVERIES, alert_id, areas if areas is None else list(areas), limit)
    return [_shown(row) for row in rows]


def _shown(row: asyncpg.Record) -> dict[str, Any]:
    return {**row, "content": json.loads(row["content"]), "tried": json.loads(row["tried"])}


def visible(caller: Principal, places: Places) -> frozenset[str] | None:
    """The P-codes whose alerts the caller may see; None = all of them."""
    return places.around(caller.areas)


def is_within(alert: Alert, areas: frozenset[str] | None) -> bool:
    """Whether the alert lies in these areas. An alert without a place is visible to all."""
    return areas is None or not alert.pcodes or not areas.isdisjoint(alert.pcodes)
