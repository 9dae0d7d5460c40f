"""The page of the system's status.

The page works without Kafka and PostgreSQL. The page reads only the file that `dayar watch` writes, and the background
of the map.
"""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.console.map import backgrounds
from services.console.map.backgrounds import BackgroundFault
from services.console.state import console
from shared.monitoring import status
from shared.monitoring.findings import Level
from shared.monitoring.status import SystemStatus, TrackedFinding
from shared.pages import findings, language_of
from shared.pages.findings import Gettext

router = APIRouter(include_in_schema=False)


@router.get("/status")
async def status_page(request: Request) -> Response:
    return console(request).pages.render(request, "status.html", **await context(request))


@router.get("/status/now")
async def status_now(request: Request) -> Response:
    return console(request).pages.render(request, "status-now.html", **await context(request))


async def context(request: Request) -> dict[str, Any]:
    here, language = console(request), language_of(request)

    def gettext(message: str) -> str:
        return here.pages.gettext(language, message)

    known = status.read(status.folder_of(here.settings))
    background = await asyncio.to_thread(backgrounds.look, here.settings.map_pmtiles)
    return {
        "known": known,
        "verdict": verdict(known, datetime.now(UTC)),
        "findings": [shown(tracked, language, gettext) for tracked in known.open] if known else [],
        "parts": list(known.parts.values()) if known else [],
        "background": background,
        "background_fault": background if isinstance(background, BackgroundFault) else None,
    }


def monitored_until(folder: Path, now: datetime, *, started_at: datetime) -> datetime | None:
    """Returns the time at which the monitoring stopped, or None if the monitoring runs or never ran.

    `make run` starts the monitoring up to two minutes after the console, so the result is None shortly after the start.
    """
    known = status.read(folder)
    is_expected = now - started_at > 2 * status.STALE
    return known.looked_at if known and is_expected and known.is_stale(now) else None


def verdict(known: SystemStatus | None, now: datetime) -> str:
    """`unknown` means that nothing monitors the installation now."""
    if known is None or known.is_stale(now):
        return "unknown"
    return "bad" if any(tracked.finding.level is Level.FAILED for tracked in known.open) else "good"


def shown(tracked: TrackedFinding, language: str, gettext: Gettext) -> dict[str, Any]:
    finding = tracked.finding
    return {
        "level": finding.level,
        "title": gettext(findings.LEVELS[finding.level]),
        "sentence": findings.sentence(finding, language, gettext),
        "advice": findings.advice(finding, gettext),
        "since": tracked.since,
    }
