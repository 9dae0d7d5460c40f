"""SQL that stores deliveries, and that reads who was notified. The caller commits."""

# raw SQL throughout: these statements run for every batch of hazards and households and must be fast

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.delivery import words
from services.alerts.delivery.notices import (
    COUNTED_WITHIN,
    FOLDABLE,
    UNREPLACED,
    Cause,
    PlannedDelivery,
    plan,
    without_restricted_words,
)
from services.alerts.delivery.words import ExposedSite, HazardWords
from services.alerts.queries import hazards as hazard_queries
from services.alerts.queries import sites as site_queries
from shared.events import HazardReported
from shared.postgres import database

# A delivery that this process will send after the commit is stored with a lease, as if it were claimed.
ADD_DELIVERIES = f"""
INSERT INTO deliveries ({", ".join(PlannedDelivery.COLUMNS)}, planned_at, next_contact_at, due_at, lease, attempts)
SELECT {", ".join(PlannedDelivery.COLUMNS)}, planned_at, next_contact_at, coalesce(
        planned_at, CASE WHEN lease IS NULL THEN now() ELSE clock_timestamp() END + due_in
    ), lease,
    (lease IS NOT NULL)::integer
FROM unnest(
    $1::uuid[], $2::uuid[], $3::integer[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[],
    $9::boolean[], $10::text[], $11::text[], $12::timestamptz[], $13::timestamptz[], $14::interval[], $15::uuid[]
) AS added ({", ".join(PlannedDelivery.COLUMNS)}, planned_at, next_contact_at, due_in, lease)
ON CONFLICT ON CONSTRAINT uq_deliveries_once DO NOTHING
RETURNING delivery_id
"""  # noqa: S608 - our own names

# Finds for each receiver and channel the latest planned time of foldable messages, and the number of messages in the
# last hour. Deliveries on one channel that have one planned time are one message.
FOLDS = """
SELECT recipient, channel, max(planned_at) AS planned_at, count(DISTINCT planned_at) AS messages, now() AS now
FROM deliveries
WHERE is_foldable AND recipient = ANY($1) AND planned_at > now() - $2::interval GROUP BY recipient, channel
"""

# A new delivery waits for the alert's earlier deliveries, so these are tried now, without back-off. A pause that the
# receiving server demanded is kept. Messages that wait to be combined keep waiting.
HASTEN = """
UPDATE deliveries SET due_at = greatest(now(), paused_until)
FROM unnest($1::uuid[], $2::integer[]) AS told (alert_id, step)
WHERE deliveries.alert_id = told.alert_id AND deliveries.step < told.step
    AND settled_at IS NULL AND lease IS NULL AND due_at > now() AND (NOT is_foldable OR attempts > 0)
"""

# A message about an alert that became grave replaces the receiver's waiting messages about this alert, so that the
# limit of messages is kept. A waiting message about an assignment is sent at once, because a message about a grave
# alert does not mention assignments.
REPLACED = """
SELECT delivery_id FROM deliveries
JOIN unnest($1::uuid[], $2::integer[], $3::text[], $4::text[]) AS grave (alert_id, step, recipient, channel)
    USING (alert_id, recipient, channel)
WHERE deliveries.step < grave.step AND is_foldable AND settled_at IS NULL AND attempts = 0
"""
REPLACE_WAITING = f"""
DELETE FROM deliveries WHERE delivery_id IN (
    {REPLACED} AND cause <> ALL($5) FOR UPDATE OF deliveries SKIP LOCKED
)
"""  # noqa: S608 - constants
HASTEN_WAITING = f"""
UPDATE deliveries SET due_at = now(), planned_at = now()
WHERE delivery_id IN ({REPLACED} AND cause = ANY($5) FOR UPDATE OF deliveries SKIP LOCKED)
"""  # noqa: S608 - constants

# A delivery without an attempt reached nobody, so it is deleted.
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
UNSENT = """
SELECT delivery_id, content FROM deliveries WHERE recipient = $1 AND settled_at IS NULL ORDER BY delivery_id FOR UPDATE
"""
# If a new receiver has the label of a removed receiver, the removed receiver's deliveries do not count for the new
# receiver.
CALLED = """
SELECT alert_id, array_agg(DISTINCT recipient) FROM deliveries
WHERE alert_id = ANY($1) AND NOT EXISTS (
    SELECT FROM removed_receivers WHERE label = recipient AND removed_at >= created_at
)
GROUP BY alert_id
"""
# If a receiver got a message of a later step, the receiver knows the newest state.
MISSED = """
SELECT alert_id, array_agg(DISTINCT label)
FROM notification_omissions AS missed CROSS JOIN jsonb_object_keys(reasons) AS labels (label)
WHERE alert_id = ANY($1) AND is_sent_later AND NOT EXISTS (
    SELECT FROM deliveries AS sent
    WHERE sent.alert_id = missed.alert_id AND sent.recipient = label AND sent.step > missed.step
)
GROUP BY alert_id
"""


async def called(session: AsyncSession, alert_ids: Collection[UUID]) -> dict[UUID, list[str]]:
    connection = await database.driver(session)
    return dict(await connection.fetch(CALLED, list(alert_ids)))


async def missed(session: AsyncSession, alert_ids: Collection[UUID]) -> dict[UUID, list[str]]:
    """Returns the receivers who do not know a change, because the alert was muted."""
    connection = await database.driver(session)
    return dict(await connection.fetch(MISSED, list(alert_ids)))


async def add_deliveries(
    session: AsyncSession,
    deliveries: Sequence[PlannedDelivery],
    hazards: Mapping[UUID, HazardReported] | None = None,
    leases: Mapping[UUID, UUID] | None = None,
    lease: timedelta = timedelta(),
    *,
    hastens: bool = True,
) -> dict[UUID, str]:
    """Maps each stored delivery to its content.

    `hazards` has the newest revisions that the caller has already read. `leases` has the leases of the deliveries that
    this process sends. `hastens` makes the alert's earlier deliveries due now, without back-off.
    """
    if not deliveries:
        return {}
    of_alerts, sites = await hazards_of(session, deliveries, hazards or {}), await sites_of(session, deliveries)
    planned = await planned_of(session, [delivery for delivery in deliveries if delivery.is_foldable])
    contents = words.contents(deliveries, of_alerts, sites)
    rows = [delivery_row(delivery, contents, planned, leases or {}, lease) for delivery in deliveries]
    connection = await database.driver(session)
    new = await connection.fetch(ADD_DELIVERIES, *map(list, zip(*rows, strict=True)))
    if again := {delivery.alert_id: delivery.step for delivery in deliveries if hastens and delivery.step > 1}:
        await connection.execute(HASTEN, list(again), list(again.values()))
    if grave := [
        delivery
        for delivery in deliveries
        if delivery.step > 1 and delivery.channel in FOLDABLE and not delivery.is_foldable
    ]:
        replacing = [(delivery.alert_id, delivery.step, delivery.recipient, delivery.channel) for delivery in grave]
        keys, kept = [*map(list, zip(*replacing, strict=True))], list(UNREPLACED)
        await connection.execute(REPLACE_WAITING, *keys, kept)
        await connection.execute(HASTEN_WAITING, *keys, kept)
    return {row["delivery_id"]: contents[row["delivery_id"]] for row in new}


async def planned_of(session: AsyncSession, foldable: Sequence[PlannedDelivery]) -> dict[UUID, datetime]:
    """The first message to a receiver on a channel is sent at once.

    After the first message, the messages of each two minutes are combined.

    If the receiver has got many messages, the messages of ten minutes are combined. The two minutes are counted for
    each channel separately, so that the next contact is notified at once.
    """
    if not foldable:
        return {}
    connection = await database.driver(session)
    rows = await connection.fetch(FOLDS, list({delivery.recipient for delivery in foldable}), COUNTED_WITHIN)
    now: datetime = rows[0]["now"] if rows else await connection.fetchval("SELECT now()")
    known = {(row["recipient"], row["channel"]): row["planned_at"] for row in rows}
    messages = Counter[str]()
    for row in rows:
        messages[row["recipient"]] += row["messages"]
    return plan(foldable, known, messages, now)


def delivery_row(
    delivery: PlannedDelivery,
    contents: Mapping[UUID, str],
    planned: Mapping[UUID, datetime],
    leases: Mapping[UUID, UUID],
    lease: timedelta,
) -> list[Any]:
    id = delivery.delivery_id
    values = {column: getattr(delivery, column) for column in PlannedDelivery.COLUMNS} | {"content": contents[id]}
    own, sent_at = leases.get(id), planned.get(id, delivery.created_at + max(delivery.due_in, timedelta()))
    next_contact_at = None if delivery.next_contact_in is None else sent_at + delivery.next_contact_in
    return [*values.values(), planned.get(id), next_contact_at, delivery.due_in if own is None else lease, own]


async def withhold_texts(session: AsyncSession, recipient: str) -> None:
    connection = await database.driver(session)
    rows = await connection.fetch(UNSENT, recipient)
    contents = [(row["delivery_id"], without_restricted_words(row["content"])) for row in rows]
    await connection.executemany("UPDATE deliveries SET content = $2 WHERE delivery_id = $1", contents)


async def hazards_of(
    session: AsyncSession, deliveries: Iterable[PlannedDelivery], known: Mapping[UUID, HazardReported]
) -> dict[UUID, HazardReported | None]:
    """Only hazards that are not among the `known` hazards are read."""
    ids = {delivery.hazard_id for delivery in deliveries if delivery.hazard_id is not None}
    hazards: dict[UUID, HazardReported | None] = {id: known[id] for id in ids & known.keys()}
    if others := ids - known.keys():
        hazards |= await hazard_queries.hazards(session, others)
    return hazards


async def stored_words(session: AsyncSession, hazard_ids: Collection[UUID]) -> dict[UUID, HazardWords]:
    return {id: words.of(hazard) for id, hazard in (await hazard_queries.hazards(session, hazard_ids)).items()}


async def sites_of(session: AsyncSession, deliveries: Iterable[PlannedDelivery]) -> dict[UUID, ExposedSite]:
    return await named_sites(session, {site_id for delivery in deliveries for site_id in delivery.site_ids})


async def named_sites(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, ExposedSite]:
    named = await site_queries.named(session, ids) if ids else []
    return {site.site_id: ExposedSite.model_validate(site, from_attributes=True) for site in named}


async def retract_deliveries(session: AsyncSession, alert_id: UUID, cause: Cause) -> bool:
    """Deletes only deliveries without an attempt. Returns True if deliveries of the last step remain."""
    connection = await database.driver(session)
    return bool(await connection.fetchval(RETRACT, alert_id, cause))
