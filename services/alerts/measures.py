"""Measures the delivery channels. Counts the alerts that no receiver gets, and the alerts that cannot be read."""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from prometheus_client import Metric
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from services.alerts.config import AlertsSettings
from services.alerts.models import AlertRow, ContactRow, Delivery, ReceiverRow
from services.alerts.queries import alerts as alert_queries
from services.alerts.queries import telegram_polls as poll_queries
from services.alerts.rules.findings import QUAKE_UNJUDGED, UNJUDGED_RULE, RuleKind
from services.alerts.sms.gateway import AWAITS_RECEIPT
from shared.events.vocabulary import Severity, Status
from shared.postgres.models import table
from shared.web.measured import Measure, gauge, gauges, timestamp

LOOKED_AT = timedelta(days=7)  # Older deliveries are not measured, so that a scrape stays fast.
# The failures of the first minute are not counted, because a restart may have caused them.
FIRST_ATTEMPTS = timedelta(minutes=1)
DAY = timedelta(days=1)
OVERDUE = timedelta(minutes=2)
MILD = (Severity.MINOR, Severity.MODERATE)  # The severity Unknown is missing here, because it counts as grave.

# A message that waits for its SMS receipt is not failing. If an SMS receipt does not come in time, Dayar gives the
# message up.
IS_FAILING = (
    Delivery.settled_at.is_(None)
    & (Delivery.attempts > 1)
    & (Delivery.created_at < func.now() - FIRST_ATTEMPTS)
    & Delivery.reason.is_distinct_from(AWAITS_RECEIPT)
)
# A message waits while the receiver has earlier unsettled messages about the alert. The receiver's earlier messages are
# counted as failing, if they fail.
EARLIER = aliased(Delivery)
WAITS_FOR_EARLIER = (
    select(EARLIER.delivery_id)
    .where(
        EARLIER.alert_id == Delivery.alert_id,
        EARLIER.recipient == Delivery.recipient,
        EARLIER.channel == Delivery.channel,
        EARLIER.step < Delivery.step,
        EARLIER.settled_at.is_(None),
    )
    .correlate(Delivery)
    .exists()
)
# `attempts` counts claims, so a delivery whose only attempt hangs is overdue as well.
IS_OVERDUE = (
    Delivery.settled_at.is_(None)
    & (Delivery.attempts <= 1)
    & (Delivery.due_at < func.now() - OVERDUE)
    & ~WAITS_FOR_EARLIER
)
GAVE_UP = Delivery.is_delivered.is_(False) & (Delivery.settled_at > func.now() - DAY)
# The sender of a test message sees the result, so test messages are not counted.
TRIALS = select(AlertRow.alert_id).where(AlertRow.kind == RuleKind.TEST)
CHANNELS = select(ReceiverRow.__table__.c.channel).union(select(ContactRow.channel))
BY_CHANNEL = (
    select(
        Delivery.channel,
        func.max(Delivery.settled_at).filter(Delivery.is_delivered.is_(True)).label("delivered_at"),
        func.count().filter(IS_FAILING).label("failing"),
        func.min(Delivery.created_at).filter(IS_FAILING).label("failing_since"),
        func.count().filter(GAVE_UP).label("gave_up"),
        func.count().filter(IS_OVERDUE).label("overdue"),
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
        gauges(
            "alerts_overdue_deliveries",
            "Deliveries that have been due for two minutes and were attempted at most once.",
            ((labels, row.overdue if row else 0) for labels, row in known),
        ),
    ]


ALERTS = table(AlertRow).c
IS_GRAVE = (
    ALERTS.severity.in_((Severity.SEVERE, Severity.EXTREME, Severity.UNKNOWN))
    | (ALERTS.rule == UNJUDGED_RULE)
    | (ALERTS.reason == QUAKE_UNJUDGED)
)
# An alert whose deliveries were all given up counts as an alert without a receiver. An alert whose delivery still waits
# has a receiver, and another metric shows the delay.
HAS_DELIVERY = select(Delivery.delivery_id).where(
    Delivery.alert_id == ALERTS.alert_id, Delivery.is_delivered.is_distinct_from(False)
)
IS_SILENCED = ALERTS.escalates_at.is_not_distinct_from(ALERTS.silenced_until) & ALERTS.silenced_until.is_not(None)
UNSENT = select(func.count(), func.min(ALERTS.raised_at)).where(
    ALERTS.raised_at > func.now() - LOOKED_AT,
    ALERTS.status == Status.ACTUAL,
    ALERTS.kind != RuleKind.TEST,
    IS_GRAVE,
    ~ALERTS.is_suppressed,
    ~IS_SILENCED,
    ALERTS.acknowledged_at.is_(None),
    ALERTS.resolved_at.is_(None),
    ~HAS_DELIVERY.exists(),
)


async def unsent_alerts(session: AsyncSession) -> Iterable[Metric]:
    ((count, since),) = (await session.execute(UNSENT)).all()
    return [
        gauge(
            "alerts_unsent_grave_alerts",
            "Severe and Extreme alerts without an answer that no receiver gets.",
            value=count,
        ),
        gauge(
            "alerts_unsent_since_timestamp_seconds",
            "When the oldest of these alerts was raised, or 0.",
            value=timestamp(since),
        ),
    ]


async def unreadable_alerts(session: AsyncSession) -> Iterable[Metric]:
    grave = [severity not in MILD for severity in await alert_queries.unreadable(session)]
    return [
        gauges(
            "alerts_unreadable_alerts",
            "Alerts in force that this release cannot read, so that they do not escalate.",
            (({"severity": name}, grave.count(is_grave)) for name, is_grave in (("grave", True), ("mild", False))),
        )
    ]


async def overdue_escalations(session: AsyncSession) -> Iterable[Metric]:
    overdue = select(func.count()).where(ALERTS.escalates_at < func.now() - OVERDUE)
    return [
        gauge(
            "alerts_overdue_escalations",
            "Alerts whose next step has been due for two minutes.",
            value=await session.scalar(overdue) or 0,
        )
    ]


def bot_updates(settings: AlertsSettings) -> Measure:
    """In an exercise in which the bot may get no updates, the value is 0."""

    async def measure(session: AsyncSession) -> Iterable[Metric]:
        file = settings.alerts_telegram_token_file
        has_bot = bool(file) and Path(file or "").is_file() and not settings.exercise
        poll = await poll_queries.newest(session) if has_bot else None
        return [
            gauge(
                "alerts_bot_updates_timestamp_seconds",
                "When Telegram last answered the bot's request for updates, or 0 without a bot.",
                value=timestamp(poll.polled_at if poll else None),
            )
        ]

    return measure
