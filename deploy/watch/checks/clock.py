"""Checks that this machine's clock agrees with the NTP server, if NTP_SERVER names one."""

import asyncio
from collections.abc import Sequence

from deploy.watch.surroundings import Surroundings
from shared.monitoring.findings import FindingKind, Level, MonitoringFinding
from shared.ntp import MOST_SECONDS, NoAnswer, offset


async def look(around: Surroundings) -> Sequence[MonitoringFinding]:
    server = around.settings.ntp_server
    if server is None:
        return []
    try:
        seconds = await asyncio.to_thread(offset, server)
    except (OSError, NoAnswer):
        return [MonitoringFinding(kind=FindingKind.CLOCK_UNCHECKED, level=Level.WARNING, values={"server": server})]
    return of_offset(seconds)


def of_offset(seconds: float) -> Sequence[MonitoringFinding]:
    if abs(seconds) <= MOST_SECONDS:
        return []
    return [
        MonitoringFinding(kind=FindingKind.CLOCK_WRONG, level=Level.FAILED, values={"seconds": round(abs(seconds), 1)})
    ]
