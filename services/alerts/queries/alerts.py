"""SQL that reads and stores alerts and their changes. The caller commits."""

# raw SQL throughout: these statements run for every batch of hazards and households and must be fast

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import asyncpg
from pydantic_core import to_json
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.alerts import Alert, UnreadableAlert
from services.alerts.changes import AlertChanges
from services.alerts.models import AlertRow
from services.alerts.notifications.plans import NotificationPlan
from services.alerts.queries import telegram_edits as edit_queries
from services.alerts.queries.deliveries import add_deliveries, called, missed
from services.alerts.queries.plans import plan as stored_plan
from services.alerts.rules.findings import RuleKind
from services.alerts.ruleset import Ruleset
from shared import log
from shared.auth.tokens import Ancestry
from shared.postgres import database, upsert

ALERT_COLUMNS = tuple(Alert.model_fields)
SELECT_ALERTS = f"SELECT {', '.join(ALERT_COLUMNS)} FROM alerts"  # noqa: S608

TOUCHED = f"{SELECT_ALERTS} WHERE {{which}} ORDER BY alert_id FOR UPDATE"
OF_HAZARDS = TOUCHED.format(which="hazard_id = ANY($1) AND kind = ANY($2) OR alert_id = ANY($3)")
OF_FLIGHTS = TOUCHED.format(which="kind = 'displacement' AND area = ANY($1) AND situation >= $2")

# $2 is true while the boards are unattended, which halves all waits except the wait for the end of a silence. If no
# stored silence has the end for which an alert waits, a person has ended the silence early, and the alert is due at
# once. An alert that an Extreme alert mutes is due as soon as the Extreme alert can no longer mute it. For example, the
# Extreme alert has ended, has become milder, has another hazard type, or does not cover all places of the muted alert
# any more.
UNANSWERED = f"""
{SELECT_ALERTS}
WHERE escalates_at IS NOT NULL AND (
    CASE
        WHEN $2 AND escalates_at IS DISTINCT FROM silenced_until
        THEN escalates_at - (escalates_at - coalesce(waits_since, escalates_at)) / 2 ELSE escalates_at
    END <= $1
    OR (
        escalates_at = silenced_until AND inhibited_by IS NULL
        AND NOT EXISTS (SELECT FROM silences WHERE ends_at = silenced_until)
    )
    OR (
        escalates_at = silenced_until AND inhibited_by IS NOT NULL
        AND NOT EXISTS (
            SELECT FROM alerts AS inhibitor
            WHERE inhibitor.alert_id = alerts.inhibited_by AND inhibitor.severity = 'Extreme'
                AND NOT inhibitor.is_lapsed AND NOT inhibitor.is_suppressed AND inhibitor.resolved_at IS NULL
                AND alerts.hazard_type = inhibitor.hazard_type AND alerts.pcodes <@ inhibitor.pcodes
        )
    )
)
ORDER BY escalates_at LIMIT $3 FOR UPDATE SKIP LOCKED
"""  # noqa: S608 - names of our own columns

# A displacement alert never expires, because its window may already be over when the alert is raised. An alert that
# began to wait after its hazard ended does not expire, because it still needs an answer.
EXPIRED = f"""
{SELECT_ALERTS}
WHERE kind <> 'displacement' AND NOT is_lapsed AND NOT is_suppressed AND resolved_at IS NULL
    AND expires <= $1 AND coalesce(waits_since, raised_at) < expires
ORDER BY expires LIMIT $2 FOR UPDATE SKIP LOCKED
"""


WITH_PEOPLE = f"""
{SELECT_ALERTS}
WHERE resolved_at IS NULL AND (assigned_to IS NOT NULL OR progressed_by IS NOT NULL) ORDER BY alert_id LIMIT $1
"""

IN_FORCE = f"""
{SELECT_ALERTS}
WHERE escalates_at IS NOT NULL OR NOT is_lapsed AND NOT is_suppressed AND resolved_at IS NULL
ORDER BY raised_at DESC LIMIT $1
"""

OMISSION_COLUMNS = "alert_id, step, reasons, muted_by, is_sent_later"
KEEP_OMISSIONS = f"""
INSERT INTO notification_omissions ({OMISSION_COLUMNS})
SELECT {OMISSION_COLUMNS} FROM jsonb_populate_recordset(NULL::notification_omissions, $1::jsonb)
ON CONFLICT DO NOTHING
"""  # noqa: S608 - names of our own columns

AT_ONCE = 100
MOST_CHECKED = 5000
UNREADABLE = (ValueError, TypeError)  # ValueError includes pydantic's ValidationError and errors in JSON.


class AlertUnreadable(Exception):
    """This release cannot read the stored row of the alert."""

    def __init__(self, alert_id: UUID) -> None:
        super().__init__(str(alert_id))
        self.alert_id = alert_id


async def alerts_of_hazard(session: AsyncSession, hazard_id: UUID) -> list[Alert]:
    connection = await database.driver(session)
    rows = await connection.fetch(f"{SELECT_ALERTS} WHERE hazard_id = $1 ORDER BY raised_at, alert_id", hazard_id)
    return readable(rows)


async def alerts_of_hazards(
    session: AsyncSession, hazard_ids: Collection[UUID], *kinds: RuleKind, others: Collection[UUID] = ()
) -> list[Alert | UnreadableAlert]:
    """Locks the alerts in the order of their ids, by one statement.

    Returns unreadable alerts as well, because an error would stop all hazards of the batch.
    """
    if not hazard_ids and not others:
        return []
    connection = await database.driver(session)
    rows = await connection.fetch(OF_HAZARDS, list(hazard_ids), list(kinds), list(others))
    return [readable_or_not(row) for row in rows]


async def alerts_of_flights(
    session: AsyncSession, areas: Collection[str], since: date
) -> list[Alert | UnreadableAlert]:
    """Locks and returns the alerts of these areas whose windows begin at `since` or later."""
    connection = await database.driver(session)
    return [readable_or_not(row) for row in await connection.fetch(OF_FLIGHTS, list(areas), since.isoformat())]


async def alert(session: AsyncSession, alert_id: UUID) -> Alert | None:
    """Raises AlertUnreadable."""
    connection = await database.driver(session)
    row = await connection.fetchrow(f"{SELECT_ALERTS} WHERE alert_id = $1", alert_id)
    return row and _read(row)


async def readable_alert(session: AsyncSession, alert_id: UUID) -> Alert | None:
    """Returns None if the alert does not exist, or if this release cannot read it."""
    with suppress(AlertUnreadable):
        return await alert(session, alert_id)
    return None


async def by_id(session: AsyncSession, alert_ids: Collection[UUID]) -> dict[UUID, Alert]:
    """Leaves out alerts that this release cannot read."""
    connection = await database.driver(session)
    rows = await connection.fetch(f"{SELECT_ALERTS} WHERE alert_id = ANY($1)", list(alert_ids))
    return {alert.alert_id: alert for alert in readable(rows)}


async def locked_alert(session: AsyncSession, alert_id: UUID) -> Alert:
    """Raises AlertUnreadable."""
    connection = await database.driver(session)
    return _read(await connection.fetchrow(f"{SELECT_ALERTS} WHERE alert_id = $1 FOR UPDATE", alert_id))


async def unanswered(session: AsyncSession, now: datetime, *, is_unattended: bool = False) -> list[Alert]:
    """Locks the returned alerts. Skips alerts that another worker has locked."""
    return await _some(session, UNANSWERED, now, is_unattended)


async def expired(session: AsyncSession, now: datetime) -> list[Alert]:
    """Locks the returned alerts. Skips alerts that another worker has locked."""
    return await _some(session, EXPIRED, now)


async def with_people(session: AsyncSession) -> list[Alert]:
    """Does not lock the alerts."""
    connection = await database.driver(session)
    return readable(await connection.fetch(WITH_PEOPLE, MOST_CHECKED))


async def _some(session: AsyncSession, statement: str, *arguments: Any) -> list[Alert]:
    """Unreadable rows must not delay other alerts. If all of the first 100 rows are unreadable, reads more rows."""
    connection, limit = await database.driver(session), AT_ONCE
    while True:
        rows = await connection.fetch(statement, *arguments, limit)
        alerts = readable(rows)
        if alerts or len(rows) < limit:
            return alerts
        limit *= 2


async def changes_of(
    session: AsyncSession,
    known: Sequence[Alert | UnreadableAlert],
    places: Ancestry,
    rules: Ruleset,
    now: datetime,
    *,
    plan: NotificationPlan | None = None,
) -> AlertChanges:
    """If `plan` is None, reads the stored notification plan."""
    labels = await called(session, [alert.alert_id for alert in known]) if known else {}
    silenced = [alert.alert_id for alert in known if isinstance(alert, Alert) and alert.silenced_until is not None]
    unaware = await missed(session, silenced) if silenced else {}
    own = await stored_plan(session, now) if plan is None else plan
    return AlertChanges(known, own, labels, missed=unaware, places=places, rules=rules, now=now)


async def save_changes(session: AsyncSession, alert_changes: AlertChanges) -> None:
    await save_alerts(session, alert_changes)
    await add_deliveries(session, alert_changes.deliveries)


async def save_alerts(session: AsyncSession, alert_changes: AlertChanges) -> None:
    """Marks Telegram messages about changed alerts for an edit.

    If the receiver gets a new message, nothing is marked: whoever sends the new message also edits the earlier one.
    """
    await upsert.upsert(session, AlertRow, [alert_row(alert) for alert in alert_changes.changed.values()])
    rows = [
        {
            "alert_id": id,
            "step": step,
            "reasons": reasons,
            "muted_by": alert_changes.muted_by.get((id, step)),
            "is_sent_later": (id, step) in alert_changes.sent_later,
        }
        for (id, step), reasons in alert_changes.omissions.items()
    ]
    if rows:
        connection = await database.driver(session)
        await connection.execute(KEEP_OMISSIONS, upsert.parameter(rows))
    if alert_changes.unannounced or alert_changes.announced:
        await edit_queries.mark(session, alert_changes.unannounced, alert_changes.announced)


def readable(rows: Iterable[Mapping[Any, Any]]) -> list[Alert]:
    """Leaves out unreadable rows, because they must not stop all other alerts.

    The metric `alerts_unreadable_alerts` counts the unreadable rows, and `dayar watch` reports them.
    """
    alerts = list[Alert]()
    for row in rows:
        with suppress(AlertUnreadable):
            alerts.append(_read(row))
    return alerts


def readable_or_not(row: Mapping[Any, Any]) -> Alert | UnreadableAlert:
    """An UnreadableAlert has only the fields that are needed to raise the alert anew."""
    try:
        return _read(row)
    except AlertUnreadable:
        return UnreadableAlert(row["alert_id"], row["sequence"], row["step"])


def _read(row: Mapping[Any, Any]) -> Alert:
    """Raises AlertUnreadable without values of the row, because these values must not be logged."""
    try:
        return alert_of(row)
    except UNREADABLE:
        log_unreadable(row["alert_id"])
        raise AlertUnreadable(row["alert_id"]) from None


@lru_cache(maxsize=1000)  # The worker reads the row every two seconds, but logs each alert only once.
def log_unreadable(alert_id: UUID) -> None:
    log.get().error("alert unreadable", alert_id=str(alert_id))


async def unreadable(session: AsyncSession) -> list[str]:
    """A row is unreadable if a later release of Dayar stored an unknown value, or if a person damaged the row with SQL.

    Reads at most the newest 5,000 alerts, so that a scrape stays fast.
    """
    connection = await database.driver(session)
    return [row["severity"] for row in await connection.fetch(IN_FORCE, MOST_CHECKED) if not _is_readable(row)]


def _is_readable(row: asyncpg.Record) -> bool:
    try:
        alert_of(row)
    except UNREADABLE:
        return False
    return True


def alert_of(row: Mapping[Any, Any]) -> Alert:
    return Alert.model_validate({**row, "figures": json.loads(row["figures"])})


def alert_row(alert: Alert) -> dict[str, Any]:
    return {**vars(alert), "figures": to_json(alert.figures).decode()}
