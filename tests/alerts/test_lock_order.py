"""Code that locks several alerts always locks them in one order.

With different orders, two transactions could wait for each other.
"""

import asyncio
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from services.alerts import transitions
from services.alerts.rules.findings import RuleKind, Situation
from shared.country import COUNTRY
from shared.events import HazardReported
from shared.events.vocabulary import Status
from tests.alerts.factories import mudflow, received
from tests.alerts.mailbox import Box
from tests.alerts.test_digests import mailing, told_by_mail, two_minutes_pass
from tests.alerts.town import Town
from tests.waiting import wait_for

pytestmark = pytest.mark.anyio

BUDGET = 60
WAITING = """
    SELECT count(*) >= :count FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock' AND wait_event IN ('tuple', 'transactionid')
"""


def reported(hazard_id: UUID, **changed: object) -> HazardReported:
    usual = {"channel": "api", "source": "kyrgyzhydromet", "severity": "Moderate", "onset": datetime.now(UTC)}
    return mudflow(hazard_id=hazard_id, **{**usual, **changed})


async def test_hazards_and_the_record_of_a_combined_mail_do_not_deadlock(town: Town, port: int, box: Box) -> None:
    """Both transactions lock the same two alerts: the alert about the source, and the hazard's own alert."""
    await told_by_mail(town)
    await town.report(*(reported(uuid4()) for _ in range(BUDGET + 1)))
    async with town.sessions.begin() as session:
        source = await session.scalar(text("SELECT alert_id FROM alerts WHERE kind = 'source'"))
    after = next(each for each in iter(uuid4, None) if alert_of(each) > source)
    await town.report(reported(after, channel="console"))
    await two_minutes_pass(town)
    with capture_logs() as logs:
        async with mailing(town, port), asyncio.TaskGroup() as group:
            async with town.sessions.begin() as holding:
                await holding.execute(text("SELECT FROM alerts WHERE alert_id = :id FOR UPDATE"), {"id": source})
                await wait_for(lambda: are_waiting(town, 1))
                group.create_task(revise(town, reported(after, revision=2, msg_type="Update", severity="Severe")))
                await wait_for(lambda: are_waiting(town, 2))
            await town.settled(BUDGET + 2)
    assert [each["event"] for each in logs if each["event"] == "waiting for dependency"] == []


def alert_of(hazard_id: UUID) -> UUID:
    return transitions.identity(Situation(RuleKind.HAZARD, Status.ACTUAL, COUNTRY, str(hazard_id)))


async def revise(town: Town, hazard: HazardReported) -> None:
    async with town.sessions.begin() as session:
        await town.watch.hazards([received(hazard)], session)


async def are_waiting(town: Town, count: int) -> bool:
    async with town.sessions.begin() as session:
        return bool(await session.scalar(text(WAITING), {"count": count}))
