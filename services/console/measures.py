"""Metrics of the installation's checks, of tokens that expire soon, and of the search."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from prometheus_client import Metric
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.console import checks
from services.console.checks import CheckState
from services.console.models import Account, SignIn
from services.console.queries import checks as check_queries
from services.console.search import queries as search_queries
from shared.config import Settings
from shared.events.vocabulary import SubmissionChannel
from shared.monitoring import status
from shared.web.measured import Measure, gauge, gauges, timestamp

SOON = timedelta(days=14)
KINDS = {SubmissionChannel.API: "integration", SubmissionChannel.FIELD: "device"}


async def installation(session: AsyncSession) -> Iterable[Metric]:
    seen = checks.seen(await check_queries.known(session), datetime.now(UTC))
    clock = next((shown_check.check.figure for shown_check in seen if shown_check.check.figure is not None), None)
    return [
        gauges(
            "console_check_state",
            "1 for the state that a check of the installation has.",
            (
                ({"check": shown_check.check.name, "state": state}, float(shown_check.state is state))
                for shown_check in seen
                for state in CheckState
            ),
        ),
        gauges(
            "console_check_timestamp_seconds",
            "When the check last had a result, or 0.",
            (({"check": shown_check.check.name}, timestamp(shown_check.check.checked_at)) for shown_check in seen),
        ),
        *(
            []
            if clock is None
            else [gauge("console_clock_offset_seconds", "How far the clock is behind.", value=clock)]
        ),
    ]


def monitoring(settings: Settings) -> Measure:
    """Turns the results of `dayar watch` into metrics.

    Prometheus itself cannot measure free disk space, for example.
    """

    async def measure(_: AsyncSession) -> Iterable[Metric]:
        known = status.read(status.folder_of(settings))
        findings = [(tracked.check, tracked.finding) for tracked in known.open] if known else []
        return [
            gauge(
                "console_watch_timestamp_seconds",
                "When `dayar watch` last looked, or 0.",
                value=timestamp(known.looked_at if known else None),
            ),
            gauges(
                "console_watch_finding",
                "1 for each finding that holds.",
                (
                    ({"check": check, "kind": finding.kind, "subject": finding.subject, "level": finding.level}, 1.0)
                    for check, finding in findings
                ),
            ),
        ]

    return measure


async def tokens(session: AsyncSession) -> Iterable[Metric]:
    last = (
        select(SignIn.channel, func.max(SignIn.expires_at).label("ends_at"))
        .join(Account, Account.account_id == SignIn.account_id)
        .where(
            SignIn.channel.in_(KINDS),
            SignIn.ended_at.is_(None),
            Account.disabled_at.is_(None),
            SignIn.signed_in_at >= func.coalesce(Account.tokens_valid_from, SignIn.signed_in_at),
        )
        .group_by(SignIn.account_id, SignIn.channel, SignIn.device)
        .subquery()
    )
    ending = select(last.c.channel, func.count().label("tokens")).where(
        last.c.ends_at.between(func.now() - SOON, func.now() + SOON)
    )
    counts = {row.channel: row.tokens for row in await session.execute(ending.group_by(last.c.channel))}
    text = "Systems and phones whose token ends within 14 days, or ended in the last 14 days."
    return [
        gauges("console_ending_tokens", text, (({"kind": kind}, counts.get(of, 0)) for of, kind in KINDS.items())),
    ]


async def search(session: AsyncSession) -> Iterable[Metric]:
    """Counts the rows whose search words are missing because of an error. The worker's log names each row."""
    numbers = await search_queries.failed(session)
    text = "Rows whose words for the search could not be made, because of an error."
    return [gauges("console_failed_search_words", text, (({"kind": kind}, count) for kind, count in numbers.items()))]
