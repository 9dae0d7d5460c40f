"""The service's SQL, each statement named after its question; the caller commits."""

# raw SQL throughout: every batch of hazards and households waits for these statements

import json
from binascii import crc32
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
from pydantic import TypeAdapter
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts import words
from services.alerts.alerts import Alert
from services.alerts.changes import AlertChanges
from services.alerts.models import NotificationOmissions
from services.alerts.notices import FOLDED_WITHIN, Cause, PlannedDelivery, plan, with_words
from services.alerts.projections import Departure, DisplacedHousehold
from services.alerts.receivers import Receiver
from services.alerts.rules.findings import RuleKind
from services.alerts.ruleset import Ruleset
from services.alerts.words import HazardWords
from shared.auth.tokens import Ancestry
from shared.events import HazardReported
from shared.postgres import database

_alert = TypeAdapter(Alert)
_household = TypeAdapter(DisplacedHousehold)
_departure = TypeAdapter(Departure)
_receiver = TypeAdapter(Receiver)

ALERT_COLUMNS = tuple(field.name for field in fields(Alert))
HOUSEHOLD_COLUMNS = tuple(field.name for field in fields(DisplacedHousehold))
DEPARTURE_COLUMNS = tuple(field.name for field in fields(Departure))
RECEIVER_COLUMNS = tuple(field.name for field in fields(Receiver))


def upsert(table: str, columns: Sequence[str]) -> str:
    key, *rest = columns
    places = ", ".join(f"${number}" for number in range(1, len(columns) + 1))
    changes = ", ".join(f"{column} = excluded.{column}" for column in rest)
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places}) ON CONFLICT ({key}) DO UPDATE SET {changes}"  # noqa: S608 - our own names


SELECT_ALERTS = f"SELECT {', '.join(ALERT_COLUMNS)} FROM alerts"  # noqa: S608
SELECT_HOUSEHOLDS = f"SELECT {', '.join(HOUSEHOLD_COLUMNS)} FROM households"  # noqa: S608
SELECT_DEPARTURES = f"SELECT {', '.join(DEPARTURE_COLUMNS)} FROM departures"  # noqa: S608
SELECT_RECEIVERS = f"SELECT {', '.join(RECEIVER_COLUMNS)} FROM receivers"  # noqa: S608
SAVE_ALERT = upsert("alerts", ALERT_COLUMNS)
SAVE_HOUSEHOLD = upsert("households", HOUSEHOLD_COLUMNS)
SAVE_DEPARTURE = upsert("departures", DEPARTURE_COLUMNS)
# The same statement also stores the revision in `hazard_revisions`.
SAVE_HAZARD = f"""
WITH kept AS (
    INSERT INTO hazard_revisions (hazard_id, revision, report) VALUES ($1, $2, $7) ON CONFLICT DO NOTHING
)
{upsert("hazards", ("hazard_id", "revision", "status", "areas", "ends_at", "is_cancelled", "report"))}
WHERE hazards.revision < excluded.revision
"""  # noqa: S608 - our own names
KEEP_REVISION = "INSERT INTO hazard_revisions (hazard_id, revision, report) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
FIRST_REVISION = """
SELECT report FROM hazard_revisions WHERE hazard_id = $1
ORDER BY (report::jsonb ->> 'received_at')::timestamptz, revision LIMIT 1
"""
SAVE_RECEIVER = upsert("receivers", RECEIVER_COLUMNS)

# With a lease the delivery is stored as claimed, because this process sends it after the commit.
ADD_DELIVERIES = f"""
INSERT INTO deliveries ({", ".join(PlannedDelivery.COLUMNS)}, planned_at, due_at, lease, attempts)
SELECT {", ".join(PlannedDelivery.COLUMNS)}, planned_at, coalesce(
        planned_at, CASE WHEN lease IS NULL THEN now() ELSE clock_timestamp() END + due_in
    ), lease,
    (lease IS NOT NULL)::integer
FROM unnest(
    $1::uuid[], $2::uuid[], $3::integer[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[],
    $9::boolean[], $10::timestamptz[], $11::interval[], $12::uuid[]
) AS added ({", ".join(PlannedDelivery.COLUMNS)}, planned_at, due_in, lease)
ON CONFLICT ON CONSTRAINT uq_deliveries_once DO NOTHING
RETURNING delivery_id
"""  # noqa: S608 - our own names

# For each receiver, the latest planned time of its foldable messages.
FOLDS = """
SELECT recipient, max(planned_at) AS planned_at, now() AS now FROM deliveries
WHERE is_foldable AND recipient = ANY($1) AND planned_at > now() - $2::interval GROUP BY recipient
"""

# An alert's next delivery waits for its earlier deliveries. These are therefore tried at once, without back-off.
HASTEN = """
UPDATE deliveries SET due_at = now()
FROM unnest($1::uuid[], $2::integer[], $3::boolean[]) AS told (alert_id, step, is_loud)
WHERE deliveries.alert_id = told.alert_id AND deliveries.step < told.step
    AND settled_at IS NULL AND lease IS NULL AND due_at > now() AND (told.is_loud OR NOT is_foldable OR attempts > 0)
"""

# Nobody has received a delivery that has no attempt, so it can be deleted.
RETRACT = """
WITH gone AS (
    DELETE FROM deliveries WHERE alert_id = $1 AND cause = $2 AND settled_at IS NULL AND attempts = 0
    RETURNING delivery_id
)
SELECT EXISTS (
    SELECT FROM deliveries JOIN alerts USING (alert_id, step)
    WHERE alert_id = $1 AND cause = $2 AND delivery_id NOT IN (SELECT delivery_id FROM gone)
)
"""

TOUCHED = f"{SELECT_ALERTS} WHERE {{which}} ORDER BY alert_id FOR UPDATE"
OF_HAZARDS = TOUCHED.format(which="hazard_id = ANY($1) AND kind = ANY($2) OR alert_id = ANY($3)")
OF_FLIGHTS = TOUCHED.format(which="kind = 'displacement' AND area = ANY($1) AND situation >= $2")

CALLED = "SELECT alert_id, array_agg(DISTINCT recipient) FROM deliveries WHERE alert_id = ANY($1) GROUP BY alert_id"

# If $2 is true, the boards are unattended and each alert waits half as long.
UNANSWERED = f"""
{SELECT_ALERTS}
WHERE escalates_at IS NOT NULL AND CASE
        WHEN $2 THEN escalates_at - (escalates_at - coalesce(waits_since, escalates_at)) / 2 ELSE escalates_at
    END <= $1
ORDER BY escalates_at LIMIT 100 FOR UPDATE SKIP LOCKED
"""

# A displacement alert never expires, because its days may be over when it is raised. An alert that began to wait after
# its hazard's end still needs an answer, so it does not expire either.
EXPIRED = f"""
{SELECT_ALERTS}
WHERE kind <> 'displacement' AND NOT is_lapsed AND NOT is_suppressed AND resolved_at IS NULL
    AND expires <= $1 AND coalesce(waits_since, raised_at) < expires
ORDER BY expires LIMIT 100 FOR UPDATE SKIP LOCKED
"""


async def revisions(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, int]:
    """The newest known revision of each hazard."""
    connection = await database.driver(session)
    return dict(await connection.fetch("SELECT hazard_id, revision FROM hazards WHERE hazard_id = ANY($1)", list(ids)))


async def hazard(session: AsyncSession, hazard_id: UUID) -> HazardReported | None:
    connection = await database.driver(session)
    report = await connection.fetchval("SELECT report FROM hazards WHERE hazard_id = $1", hazard_id)
    return None if report is None else HazardReported.model_validate_json(report)


async def alerts_of_hazard(session: AsyncSession, hazard_id: UUID) -> list[Alert]:
    connection = await database.driver(session)
    rows = await connection.fetch(f"{SELECT_ALERTS} WHERE hazard_id = $1 ORDER BY raised_at, alert_id", hazard_id)
    return [alert_of(row) for row in rows]


async def households(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, DisplacedHousehold]:
    connection = await database.driver(session)
    rows = await connection.fetch(f"{SELECT_HOUSEHOLDS} WHERE household_id = ANY($1)", list(ids))
    return {row["household_id"]: _household.validate_python(dict(row)) for row in rows}


async def departures(session: AsyncSession, report_ids: Collection[UUID]) -> dict[UUID, Departure]:
    """The stored departure of each of these reports."""
    connection = await database.driver(session)
    rows = await connection.fetch(f"{SELECT_DEPARTURES} WHERE report_id = ANY($1)", list(report_ids))
    return {row["report_id"]: _departure.validate_python(dict(row)) for row in rows}


async def lock(session: AsyncSession, rules_and_areas: Iterable[tuple[str, str]]) -> None:
    """Takes advisory locks on these rules and areas, in one order.

    Each transaction that counts households, or adds them to an alert, takes these locks first. Otherwise two concurrent
    workers would each miss the other's households.
    """
    keys = sorted({(signed(rule), signed(area)) for rule, area in rules_and_areas})
    if keys:
        connection = await database.driver(session)
        await connection.execute(
            "SELECT pg_advisory_xact_lock(rule, area) FROM unnest($1::int[], $2::int[]) AS key (rule, area)",
            *map(list, zip(*keys, strict=True)),
        )


def signed(text: str) -> int:
    return crc32(text.encode()) - 2**31


async def save_hazards(session: AsyncSession, hazards: Iterable[tuple[HazardReported, Sequence[str]]]) -> None:
    rows = [
        (
            hazard.hazard_id,
            hazard.revision,
            hazard.status,
            list(areas),
            max(hazard.onset, hazard.expires or hazard.onset),
            hazard.msg_type == "Cancel",
            hazard.model_dump_json(exclude_none=True),
        )
        for hazard, areas in hazards
    ]
    await many(session, SAVE_HAZARD, rows)


async def keep_revisions(session: AsyncSession, hazards: Iterable[HazardReported]) -> None:
    """Stores further revisions, in whatever order they arrive. `save_hazards` stores the newest."""
    rows = [(hazard.hazard_id, hazard.revision, hazard.model_dump_json(exclude_none=True)) for hazard in hazards]
    await many(session, KEEP_REVISION, rows)


async def save_households(session: AsyncSession, known: Iterable[DisplacedHousehold]) -> None:
    await many(session, SAVE_HOUSEHOLD, [[getattr(each, column) for column in HOUSEHOLD_COLUMNS] for each in known])


async def save_departures(session: AsyncSession, said: Mapping[UUID, Departure | None]) -> None:
    """Stores the departures by report; None deletes the departure of that report."""
    connection = await database.driver(session)
    if none := [report_id for report_id, departure in said.items() if departure is None]:
        await connection.execute("DELETE FROM departures WHERE report_id = ANY($1)", none)
    left = [each for each in said.values() if each is not None]
    await many(session, SAVE_DEPARTURE, [[getattr(each, column) for column in DEPARTURE_COLUMNS] for each in left])


async def alerts_of_hazards(
    session: AsyncSession, hazard_ids: Collection[UUID], *kinds: RuleKind, others: Collection[UUID] = ()
) -> list[Alert]:
    """These hazards' alerts of these kinds, and the alerts `others`; one statement locks all in the order of ids."""
    if not hazard_ids and not others:
        return []
    connection = await database.driver(session)
    rows = await connection.fetch(OF_HAZARDS, list(hazard_ids), list(kinds), list(others))
    return [alert_of(row) for row in rows]


async def alerts_of_flights(session: AsyncSession, areas: Collection[str], since: date) -> list[Alert]:
    """The displacement alerts of these areas with windows from `since` on, locked."""
    connection = await database.driver(session)
    return [alert_of(row) for row in await connection.fetch(OF_FLIGHTS, list(areas), since.isoformat())]


async def alert(session: AsyncSession, alert_id: UUID) -> Alert | None:
    connection = await database.driver(session)
    row = await connection.fetchrow(f"{SELECT_ALERTS} WHERE alert_id = $1", alert_id)
    return row and alert_of(row)


async def locked_alert(session: AsyncSession, alert_id: UUID) -> Alert:
    connection = await database.driver(session)
    return alert_of(await connection.fetchrow(f"{SELECT_ALERTS} WHERE alert_id = $1 FOR UPDATE", alert_id))


async def unanswered(session: AsyncSession, now: datetime, *, is_unattended: bool = False) -> list[Alert]:
    """Alerts whose waiting time has passed, locked; skips alerts that another worker has locked."""
    connection = await database.driver(session)
    return [alert_of(row) for row in await connection.fetch(UNANSWERED, now, is_unattended)]


async def expired(session: AsyncSession, now: datetime) -> list[Alert]:
    """Alerts whose hazard is over, locked; skips alerts that another worker has locked."""
    connection = await database.driver(session)
    return [alert_of(row) for row in await connection.fetch(EXPIRED, now)]


async def receivers(session: AsyncSession) -> list[Receiver]:
    connection = await database.driver(session)
    rows = await connection.fetch(f"{SELECT_RECEIVERS} ORDER BY step, label")
    return [_receiver.validate_python(dict(row)) for row in rows]


async def sealed_receivers(session: AsyncSession) -> list[tuple[Receiver, tuple[bytes, ...]]]:
    """The receivers in the order in which they are notified, each with its sealed secrets, the newest first."""
    connection = await database.driver(session)
    rows = await connection.fetch("SELECT * FROM receivers ORDER BY step, label")
    return [(_receiver.validate_python(dict(row)), sealed(row)) for row in rows]


def sealed(row: Mapping[str, Any]) -> tuple[bytes, ...]:
    return tuple(row[name] for name in ("secret", "former_secret") if row[name] is not None)


async def called(session: AsyncSession, alert_ids: Collection[UUID]) -> dict[UUID, list[str]]:
    """The labels of the receivers notified of each alert so far."""
    connection = await database.driver(session)
    return dict(await connection.fetch(CALLED, list(alert_ids)))


async def book(
    session: AsyncSession,
    known: Sequence[Alert],
    places: Ancestry,
    rules: Ruleset,
    now: datetime,
    *,
    among: Sequence[Receiver] | None = None,
) -> AlertChanges:
    """The change set for these alerts and the receivers `among`. Without `among`, the stored receivers are read."""
    told = await called(session, [alert.alert_id for alert in known]) if known else {}
    found = await receivers(session) if among is None else among
    return AlertChanges(known, found, told, places=places, rules=rules, now=now)


async def save_receiver(session: AsyncSession, receiver: Receiver) -> None:
    """Adds or changes a receiver; its secrets stay as they are."""
    statuses, areas = sorted(receiver.statuses), list(receiver.areas)
    row = {field: getattr(receiver, field) for field in RECEIVER_COLUMNS} | {"statuses": statuses, "areas": areas}
    await many(session, SAVE_RECEIVER, [list(row.values())])


async def save_alerts(session: AsyncSession, changed: Iterable[Alert]) -> None:
    await many(session, SAVE_ALERT, [alert_row(alert) for alert in changed])


async def save_book(session: AsyncSession, book: AlertChanges) -> None:
    await save_alerts(session, book.changed.values())
    await save_omissions(session, book)
    await add_deliveries(session, book.deliveries)


async def save_omissions(session: AsyncSession, book: AlertChanges) -> None:
    """Stores why receivers were left out of the notifications."""
    rows = [{"alert_id": id, "step": step, "reasons": reasons} for (id, step), reasons in book.omissions.items()]
    if rows:
        await session.execute(insert(NotificationOmissions).on_conflict_do_nothing(), rows)


async def add_deliveries(
    session: AsyncSession,
    deliveries: Sequence[PlannedDelivery],
    hazards: Mapping[UUID, HazardReported] | None = None,
    leases: Mapping[UUID, UUID] | None = None,
    lease: timedelta = timedelta(),
) -> dict[UUID, str]:
    """Stores the deliveries; returns the content of each that is new.

    `hazards`: newest revisions that the caller already has. `leases`: by id, for deliveries that this process sends.
    """
    if not deliveries:
        return {}
    told = await words_of(session, deliveries, hazards or {})
    planned = await planned_of(session, [each for each in deliveries if each.is_foldable])
    contents = {each.delivery_id: content_with(each, told) for each in deliveries}
    rows = [delivery_row(each, contents, planned, leases or {}, lease) for each in deliveries]
    connection = await database.driver(session)
    new = await connection.fetch(ADD_DELIVERIES, *map(list, zip(*rows, strict=True)))
    if again := {each.alert_id: each for each in deliveries if each.step > 1}:
        columns = zip(*((id, each.step, not each.is_foldable) for id, each in again.items()), strict=True)
        await connection.execute(HASTEN, *map(list, columns))
    return {row["delivery_id"]: contents[row["delivery_id"]] for row in new}


async def planned_of(session: AsyncSession, foldable: Sequence[PlannedDelivery]) -> dict[UUID, datetime]:
    """When each foldable delivery is sent.

    A receiver's first message goes at once. Messages that follow within two minutes go together when those end.
    """
    if not foldable:
        return {}
    connection = await database.driver(session)
    rows = await connection.fetch(FOLDS, list({each.recipient for each in foldable}), FOLDED_WITHIN)
    now: datetime = rows[0]["now"] if rows else await connection.fetchval("SELECT now()")
    return plan(foldable, {row["recipient"]: row["planned_at"] for row in rows}, now)


def delivery_row(
    delivery: PlannedDelivery,
    contents: Mapping[UUID, str],
    planned: Mapping[UUID, datetime],
    leases: Mapping[UUID, UUID],
    lease: timedelta,
) -> list[Any]:
    id = delivery.delivery_id
    values = {column: getattr(delivery, column) for column in PlannedDelivery.COLUMNS} | {"content": contents[id]}
    own = leases.get(id)
    return [*values.values(), planned.get(id), delivery.due_in if own is None else lease, own]


def content_with(delivery: PlannedDelivery, told: Mapping[UUID, HazardWords]) -> str:
    return with_words(delivery.content, told.get(delivery.hazard_id) if delivery.hazard_id else None)


async def words_of(
    session: AsyncSession, deliveries: Iterable[PlannedDelivery], hazards: Mapping[UUID, HazardReported]
) -> dict[UUID, HazardWords]:
    """The free text of the newest revision of each delivery's hazard."""
    ids = {each.hazard_id for each in deliveries if each.hazard_id is not None}
    found = {id: words.of(hazards[id]) for id in ids & hazards.keys()}
    if others := ids - hazards.keys():
        connection = await database.driver(session)
        rows = await connection.fetch("SELECT hazard_id, report FROM hazards WHERE hazard_id = ANY($1)", list(others))
        found |= {id: words.of(HazardReported.model_validate_json(report)) for id, report in rows}
    return found


async def hazard_history(session: AsyncSession, hazard_id: UUID) -> list[HazardReported]:
    """The hazard's revisions, newest first, at most 200."""
    connection = await database.driver(session)
    statement = "SELECT report FROM hazard_revisions WHERE hazard_id = $1 ORDER BY revision DESC LIMIT 200"
    return [HazardReported.model_validate_json(row["report"]) for row in await connection.fetch(statement, hazard_id)]


async def first_pcodes(session: AsyncSession, hazard_id: UUID) -> tuple[str, ...]:
    """The P-codes of the hazard's first report.

    The first report is the one that intake received first, because the author chooses the revision number.
    """
    connection = await database.driver(session)
    report = await connection.fetchval(FIRST_REVISION, hazard_id)
    return HazardReported.model_validate_json(report).area.pcodes if report else ()


async def retract_deliveries(session: AsyncSession, alert_id: UUID, cause: Cause) -> bool:
    """Deletes the untried deliveries with this cause; returns whether other deliveries of the last step remain."""
    connection = await database.driver(session)
    return bool(await connection.fetchval(RETRACT, alert_id, cause))


async def many(session: AsyncSession, statement: str, rows: Sequence[Sequence[Any]]) -> None:
    if rows:
        connection = await database.driver(session)
        await connection.executemany(statement, rows)


def alert_of(row: asyncpg.Record) -> Alert:
    return _alert.validate_python({**row, "figures": json.loads(row["figures"])})


def alert_row(alert: Alert) -> list[Any]:
    values = {name: getattr(alert, name) for name in ALERT_COLUMNS}
    return list({**values, "figures": json.dumps(dict(alert.figures), ensure_ascii=False)}.values())
