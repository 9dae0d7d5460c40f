"""Metrics about the delivery channels. They show the last delivery, and the deliveries that fail."""

from collections.abc import Iterable
from datetime import timedelta

from prometheus_client import Metric
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.models import AlertRow, ContactRow, Delivery, ReceiverRow
from services.alerts.rules.findings import RuleKind
from shared.web.measured import gauges, timestamp

LOOKED_AT = timedelta(days=7)  # deliveries older than this are not read, so that a scrape stays fast
# a delivery that has failed for less than this is not counted, because a restart may be the reason
FIRST_ATTEMPTS = timedelta(minutes=1)
DAY = timedelta(days=1)

IS_FAILING = (
    Delivery.settled_at.is_(None) & (Delivery.attempts > 1) & (Delivery.created_at < func.now() - FIRST_ATTEMPTS)
)
GAVE_UP = Delivery.is_delivered.is_(False) & (Delivery.settled_at > func.now() - DAY)
# Test messages to receivers are left out: the person who sends one sees its result.
TRIALS = select(AlertRow.alert_id).where(AlertRow.kind == RuleKind.TEST)
CHANNELS = select(ReceiverRow.__table__.c.channel).union(select(ContactRow.channel))
BY_CHANNEL = (
    select(
        Delivery.channel,
        func.max(Delivery.settled_at).filter(Delivery.is_delivered.is_(True)).label("delivered_at"),
        func.count().filter(IS_FAILING).label("failing"),
        func.min(Delivery.created_at).filter(IS_FAILING).label("failing_since"),
        func.count().filter(GAVE_UP).label("gave_up"),
    )
    .where(Delivery.created_at > func.now() - LOOKED_AT, Delivery.alert_id.not_in(TRIALS))
    .group_by(Delivery.channel)
)


async def channels(session: AsyncSession) -> Iterable[Metric]:
    rows = {row.channel: row for row in await session.execute(BY_CHANNEL)}
    used = sorted({*rows, *await session.scalars(CHANNELS)})
    known = [({"channel": channel}, rows.get(channel)) for channel in used]
    return [
        gauges(
            "alerts_delivered_timestamp_seconds",
            "The channel's last delivery of the last seven days, or 0.",
            ((labels, timestamp(row and row.delivered_at)) for labels, row in known),
        ),
        gauges(
            "alerts_failing_deliveries",
            "Deliveries that failed at least twice and are attempted again.",
            ((labels, row.failing if row else 0) for labels, row in known),
        ),
        gauges(
            "alerts_failing_since_timestamp_seconds",
            "When the oldest of these deliveries began, or 0.",
            ((labels, timestamp(row and row.failing_since)) for labels, row in known),
        ),
        gauges(
            "alerts_abandoned_deliveries",
            "Deliveries that were given up in the last day.",
            ((labels, row.gave_up if row else 0) for labels, row in known),
        ),
    ]
