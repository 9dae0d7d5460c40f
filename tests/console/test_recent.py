"""The board lists the changes of the last hour."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.console import recent
from services.console.handlers import show
from services.console.queries import board_alerts
from services.console.queries import recent as queries
from shared.events import AlertAcknowledged
from tests.console.factories import KADAMJAI, KARA_SUU, LEILEK, NOW, alert, all_received, hazard

pytestmark = pytest.mark.anyio

HOUR = timedelta(hours=1)


async def test_the_newest_changes_of_the_readers_alerts_and_of_hazards_come_first(session: AsyncSession) -> None:
    account, before = uuid4(), NOW - timedelta(hours=3)
    answered = {"acknowledged_at": NOW, "acknowledged_by": account, "sequence": 2}
    old = alert(raised_at=before, onset=before, pcodes=[KADAMJAI])
    acknowledged = alert(AlertAcknowledged, **{**old.model_dump(), **answered})
    raised, elsewhere = alert(raised_at=NOW - timedelta(minutes=30), pcodes=[LEILEK]), alert(pcodes=[KARA_SUU])
    reported = hazard(received_at=NOW - timedelta(minutes=10))
    hazards = [reported, hazard(received_at=before)]
    await show(all_received([old, acknowledged, raised, elsewhere, *hazards]), session)
    alerts = await queries.alerts(session, NOW - HOUR, [KADAMJAI, LEILEK])
    changes = recent.changes(alerts, await queries.hazards(session, NOW - HOUR), NOW - HOUR)
    assert [(change.deed, (change.alert or change.hazard).pcodes, change.account) for change in changes] == [
        ("acknowledged", [KADAMJAI], account),
        ("Alert", [KADAMJAI], None),
        ("raised", [LEILEK], None),
    ]


async def test_the_board_does_not_read_the_alerts_and_hazards_of_all_years(session: AsyncSession) -> None:
    before = NOW - timedelta(days=400)
    await show(all_received([alert(), hazard(), alert(raised_at=before), hazard(received_at=before)]), session)
    for table, id, changed in (
        ("board_alerts", "alert_id", {"raised_at": before, "resolved_at": before}),
        ("board_hazards", "hazard_id", {"received_at": before, "onset": before}),
    ):
        times = ", ".join(f"'{name}', CAST('{moment}' AS timestamptz)" for name, moment in changed.items())
        row = f"(jsonb_populate_record(stored, jsonb_build_object('{id}', gen_random_uuid(), {times})))"
        many = f"SELECT {row}.* FROM {table} AS stored, generate_series(1, 500)"
        await session.execute(text(f"INSERT INTO {table} {many}"))
        await session.execute(text(f"ANALYZE {table}"))
    read_before = await rows_of_whole_tables(session)
    assert len(await queries.alerts(session, NOW - HOUR, None)) == 1
    assert len(await queries.hazards(session, NOW - HOUR)) == 1
    assert sum(section.total for section in (await board_alerts.sections(session, NOW, None, 10)).values()) == 2
    assert await rows_of_whole_tables(session) == read_before


async def rows_of_whole_tables(session: AsyncSession) -> int:
    tables = "relname IN ('board_alerts', 'board_hazards')"
    return await session.scalar(text(f"SELECT sum(seq_tup_read) FROM pg_stat_xact_user_tables WHERE {tables}")) or 0
