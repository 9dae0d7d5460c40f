"""Acknowledges all alerts of a combined SMS after one reply."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.alerts.acts.bindings import BoundPerson
from services.alerts.acts.replies import Replies
from services.alerts.acts.reply_results import Reply, ReplyResult
from services.alerts.delivery.texts import LOCALES
from services.alerts.delivery.words import printable
from services.alerts.queries.sms_codes import CodedDelivery
from services.alerts.sms.sms_texts import FURTHER, LONGEST_NAME, SmsTexts
from shared.pages.catalogs import translations
from shared.pages.formats import filters
from shared.pages.terms import N_

ACKNOWLEDGED = N_("Acknowledged by you: {count} of {all}.")
NOT_ACKNOWLEDGED = N_("Not acknowledged: {alerts}.")
BY_NAME = N_("already acknowledged by {name}, {time}")
REASONS = {
    ReplyResult.ACKNOWLEDGED_BY_OTHER: N_("already acknowledged by others"),
    ReplyResult.CLOSED: N_("closed"),
    ReplyResult.CHANGED_MEANWHILE: N_("changed since this SMS"),
    ReplyResult.PARTLY_ACKNOWLEDGED: N_("more people must acknowledge"),
    ReplyResult.NOT_FOUND: N_("not in your areas"),
    ReplyResult.UNREADABLE: N_("data cannot be read"),
}


MOST_TOGETHER = 50  # A transaction keeps its alerts locked until its end, so it acknowledges at most this many.


@dataclass(frozen=True, slots=True)
class CombinedReply:
    message_id: str
    number: str
    language: str
    person: BoundPerson | None
    deliveries: Sequence[CodedDelivery]


@dataclass(frozen=True, slots=True)
class AlertResult:
    delivery: CodedDelivery
    reply: Reply


async def acknowledge(
    replies: Replies, sessions: async_sessionmaker[AsyncSession], combined: CombinedReply, now: datetime
) -> list[AlertResult]:
    """Does not acknowledge alerts that have changed since the SMS.

    Uses several transactions, each for some of the alerts.
    """
    results = list[AlertResult]()
    # Two transactions that lock the alerts in different orders could deadlock, so the ids are sorted.
    deliveries = sorted(combined.deliveries, key=lambda delivery: delivery.alert_id)
    for start in range(0, len(deliveries), MOST_TOGETHER):
        async with sessions.begin() as session:
            for delivery in deliveries[start : start + MOST_TOGETHER]:
                to_message = replies.to(delivery.sequence)
                reply = await to_message.acknowledge(session, delivery.alert_id, combined.person, now)
                results.append(AlertResult(delivery, reply))
    return results


def drafts(results: Sequence[AlertResult], texts: SmsTexts, language: str) -> list[str]:
    """Returns drafts of the answer, the longest first.

    Each draft contains the number of acknowledged alerts. The first draft also names alerts that are not acknowledged,
    with reasons, as many as could fit. Each further draft names one alert fewer. The last draft names no alert, and
    counts the reasons.
    """
    _ = translations(language, LOCALES).gettext
    others = [result for result in results if result.reply.result is not ReplyResult.ACKNOWLEDGED]
    head = _(ACKNOWLEDGED).format(count=len(results) - len(others), all=len(results))
    if not others:
        return [head]
    named = texts.fitting(
        (f"{texts.title(other.delivery.alert, language)}: {reason(other.reply, language)}" for other in others),
        language,
    )
    counted = Counter(_(REASONS[other.reply.result]) for other in others)
    lists = [
        *(
            [*named[:count], *([_(FURTHER).format(count=len(others) - count)] if count < len(others) else [])]
            for count in range(len(named), 0, -1)
        ),
        [f"{text}: {count}" for text, count in counted.items()],
    ]
    return [f"{head} {_(NOT_ACKNOWLEDGED).format(alerts='; '.join(listed))}" for listed in lists]


def reason(reply: Reply, language: str) -> str:
    _ = translations(language, LOCALES).gettext
    alert = reply.alert
    if reply.result is not ReplyResult.ACKNOWLEDGED_BY_OTHER or alert is None or alert.acknowledged_at is None:
        return _(REASONS[reply.result])
    name = printable(alert.acknowledged_name or "")[:LONGEST_NAME].rstrip()
    return _(BY_NAME).format(name=name, time=filters(language)["short_moment"](alert.acknowledged_at))
