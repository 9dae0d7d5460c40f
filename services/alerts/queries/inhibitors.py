"""SQL for the Extreme alerts that mute milder alerts."""

# raw SQL throughout: batches of hazards wait until the inhibitors are read

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.notifications.inhibitions import LONGEST, Inhibitor
from shared.events.vocabulary import HazardType, Status
from shared.postgres import database

# Because of the limit of 200 alerts, a batch never waits for thousands of alerts. The newest alerts mute for the
# longest time.
IN_FORCE = """
SELECT alert_id, status, hazard_type, pcodes, raised_at FROM alerts
WHERE severity = 'Extreme' AND NOT is_lapsed AND NOT is_suppressed AND resolved_at IS NULL
    AND kind = 'hazard' AND hazard_type IS NOT NULL AND raised_at > $1
ORDER BY raised_at DESC LIMIT 200
"""


async def inhibitors(session: AsyncSession, now: datetime) -> list[Inhibitor]:
    """Each returned alert was raised in the last 6 hours, because an Extreme alert mutes no longer.

    The newest alert is the first.
    """
    connection = await database.driver(session)
    return [
        Inhibitor(
            row["alert_id"],
            Status(row["status"]),
            HazardType(row["hazard_type"]),
            frozenset(row["pcodes"]),
            row["raised_at"],
        )
        for row in await connection.fetch(IN_FORCE, now - LONGEST)
    ]
