"""SQL that claims deliveries and records attempts."""

# raw SQL throughout: these statements run for every notification and must be fast

# Gives each claimed delivery a lease of the time $1, counts the attempt, and returns the fields that the sender needs.
# A delivery of a removed receiver has no receiver, even if a new receiver has the same label.
TAKE = """\
taken AS (
    UPDATE deliveries SET attempts = attempts + 1, lease = gen_random_uuid(), due_at = now() + $1
    FROM claimed WHERE deliveries.delivery_id = claimed.delivery_id
    RETURNING deliveries.delivery_id, alert_id, step, cause, content, recipient, lease, is_foldable,
        channel, attempts AS attempt, extract(epoch FROM now() - created_at)::float8 AS age_seconds, created_at,
        traceparent
)
SELECT taken.delivery_id, alert_id, taken.step, cause, content, recipient, lease, is_foldable, taken.channel, attempt,
    age_seconds, traceparent, receivers AS receiver, contacts AS contact
FROM taken
LEFT JOIN receivers ON receivers.label = taken.recipient AND NOT EXISTS (
    SELECT FROM removed_receivers AS removed
    WHERE removed.label = taken.recipient AND removed.removed_at >= taken.created_at
)
LEFT JOIN contacts ON contacts.label = taken.recipient AND contacts.channel = taken.channel
"""

# Claims due deliveries. Each receiver and channel has a limit of concurrent attempts. If a worker claims a delivery but
# records no attempt, the delivery is due again after its lease. A delivery waits for unsettled deliveries of its
# alert's earlier steps to the same receiver and channel, so that the last message on a channel is the newest.
CLAIM = f"""
WITH busy AS (
    SELECT * FROM unnest($3::text[], $4::text[], $5::integer[]) AS busy (recipient, channel, count)
), lanes AS (
    SELECT due.recipient, due.channel, $6 - coalesce(busy.count, 0) AS free
    FROM (SELECT DISTINCT recipient, channel FROM deliveries WHERE settled_at IS NULL AND due_at <= now()) AS due
    LEFT JOIN busy USING (recipient, channel)
    WHERE coalesce(busy.count, 0) < $6
), claimed AS MATERIALIZED (
    SELECT one.delivery_id FROM lanes CROSS JOIN LATERAL (
        SELECT delivery_id FROM deliveries AS next
        WHERE recipient = lanes.recipient AND channel = lanes.channel AND settled_at IS NULL AND due_at <= now()
            AND delivery_id <> ALL($2) AND NOT EXISTS (
            SELECT FROM deliveries AS before
            WHERE before.alert_id = next.alert_id AND before.recipient = next.recipient
                AND before.channel = next.channel AND before.step < next.step AND before.settled_at IS NULL
            )
        ORDER BY due_at LIMIT lanes.free FOR UPDATE SKIP LOCKED
    ) AS one
), {TAKE}"""  # noqa: S608 - constants

# Claims the foldable messages that go out together with a claimed message to the same receiver and channel. A message
# is sent after the messages of earlier steps, or together with them.
ACCOMPANY = f"""
WITH claimed AS MATERIALIZED (
    SELECT delivery_id FROM deliveries AS next
    WHERE (recipient, channel) IN (SELECT * FROM unnest($3::text[], $4::text[])) AND is_foldable
        AND settled_at IS NULL AND due_at <= now() AND delivery_id <> ALL($2)
        AND NOT EXISTS (
        SELECT FROM deliveries AS before
        WHERE before.alert_id = next.alert_id AND before.recipient = next.recipient AND before.channel = next.channel
            AND before.step < next.step AND before.settled_at IS NULL AND before.due_at > now()
            AND before.delivery_id <> ALL($5)
    )
    ORDER BY created_at LIMIT 500 FOR UPDATE SKIP LOCKED
), {TAKE}"""  # noqa: S608 - constants

# One statement stores the attempts, settles deliveries or sets the time of their next attempt, and takes the alerts'
# next sequence numbers. Alerts are locked in the order of their ids, so that no deadlock can arise. An event is
# published for the first delivery of an alert to a receiver, and for each failed delivery (docs/decisions/0027). If
# newer messages wait on the channel, the back-off is limited to the first back-off ($11) plus the age of the newest
# message. If the receiving server demanded a pause, the pause is kept. After a failure, the next contact is notified at
# once. The next contact also gets the later messages that wait on this channel. A server that demands a short wait has
# not failed. The alerts are locked before the later messages. Locked later messages are skipped, because their
# transaction may wait for one of these alerts.
RECORD = """
WITH tried AS (
    SELECT * FROM unnest(
        $1::uuid[], $2::integer[], $3::timestamptz[], $4::timestamptz[], $5::text[], $6::boolean[],
        $7::uuid[], $8::interval[], $9::boolean[], $10::boolean[]
    ) AS tried (delivery_id, number, began_at, ended_at, reason, is_delivered, lease, pause, is_failure, is_backoff)
), kept AS (
    INSERT INTO attempts (delivery_id, number, began_at, ended_at, reason)
    SELECT delivery_id, number, began_at, ended_at, reason FROM tried ON CONFLICT DO NOTHING
), told AS (
    UPDATE deliveries AS known SET
        reason = tried.reason, lease = NULL,
        due_at = CASE
            WHEN tried.pause IS NULL THEN due_at
            WHEN NOT tried.is_backoff THEN now() + tried.pause
            ELSE now() + least(tried.pause, $11 + (
                SELECT greatest('0', now() - max(created_at)) FROM deliveries AS waiting
                WHERE waiting.alert_id = known.alert_id AND waiting.recipient = known.recipient
                    AND waiting.channel = known.channel AND waiting.settled_at IS NULL
            ))
        END,
        paused_until = CASE WHEN NOT tried.is_backoff THEN now() + tried.pause END,
        next_contact_at = CASE
            WHEN tried.is_failure AND next_contact_at IS NOT NULL THEN least(next_contact_at, tried.ended_at)
            ELSE next_contact_at
        END,
        settled_at = CASE WHEN tried.pause IS NULL THEN tried.ended_at END,
        is_delivered = CASE WHEN tried.pause IS NULL THEN tried.is_delivered END
    FROM tried
    WHERE known.delivery_id = tried.delivery_id AND known.lease = tried.lease AND known.settled_at IS NULL
    RETURNING known.delivery_id, alert_id, step, recipient, channel, attempts, settled_at, known.is_delivered,
        known.reason
), settled AS (
    SELECT *, row_number() OVER (PARTITION BY alert_id ORDER BY delivery_id) AS place FROM told
    WHERE settled_at IS NOT NULL AND (NOT is_delivered OR NOT EXISTS (
        SELECT FROM deliveries AS before
        WHERE before.alert_id = told.alert_id AND before.step < told.step AND before.recipient = told.recipient
            AND before.is_delivered
    ))
), locked AS MATERIALIZED (
    SELECT alert_id FROM alerts WHERE alert_id IN (SELECT alert_id FROM settled) ORDER BY alert_id FOR UPDATE
), numbered AS (
    UPDATE alerts SET sequence = sequence + (SELECT count(*) FROM settled WHERE settled.alert_id = alerts.alert_id)
    FROM locked WHERE alerts.alert_id = locked.alert_id
    RETURNING alerts.alert_id, alerts.status, alerts.sequence
), later AS MATERIALIZED (
    SELECT later.delivery_id, tried.ended_at FROM tried
    JOIN deliveries AS failed USING (delivery_id)
    JOIN deliveries AS later USING (alert_id, recipient, channel)
    WHERE tried.is_failure AND later.step > failed.step AND later.settled_at IS NULL
        AND later.next_contact_at > tried.ended_at AND later.delivery_id <> ALL($1)
        AND (SELECT count(*) FROM numbered) >= 0
    FOR UPDATE OF later SKIP LOCKED
), hastened AS (
    UPDATE deliveries SET next_contact_at = later.ended_at FROM later WHERE deliveries.delivery_id = later.delivery_id
)
SELECT settled.*, numbered.status, numbered.sequence - count(*) OVER (PARTITION BY alert_id) + place AS sequence
FROM settled JOIN numbered USING (alert_id) ORDER BY alert_id, place
"""
