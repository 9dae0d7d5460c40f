"""The list of what changed in the last hour."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from services.console import recent
from services.console.handlers import show
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
