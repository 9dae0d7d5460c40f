"""Writes printable files of the board and the displaced people every hour, for use during a failure of the server."""

import asyncio
import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.console import board, groups
from services.console.checks import CheckName, InstallationCheck
from services.console.config import ConsoleSettings
from services.console.queries import accounts, checks, paper, snapshots
from services.console.queries import groups as group_queries
from shared import log
from shared.country import COUNTRY, TIME_ZONE
from shared.crypto.seal import sync
from shared.failures import Backoff, is_dependency_unavailable
from shared.pages import Pages
from shared.pages.languages import LANGUAGES
from shared.places import Places

HOUR = timedelta(hours=1)
KEPT_HOURS = 48
TEMPLATE = "paper.html"
EVERYWHERE = (COUNTRY,)
MODE = 0o640  # the folder's group may read the files, and so print them


class Paper:
    def __init__(self, settings: ConsoleSettings, sessions: async_sessionmaker[AsyncSession], pages: Pages) -> None:
        self._settings = settings
        self._sessions = sessions
        self._pages = pages
        self._places = Places.load(settings.places_path)

    async def run(self, folder: Path) -> None:
        """Writes the files at the start, and then at each full hour."""
        backoff = Backoff()
        while True:
            now = datetime.now(UTC)
            try:
                await self._write(folder, now)
            except Exception as error:
                if not is_dependency_unavailable(error):
                    raise
                log.get().warning("printable copy not made", **log.described(error))
                await backoff.wait()
            else:
                backoff.reset()
                await asyncio.sleep((full_hour(now) + HOUR - datetime.now(UTC)).total_seconds())

    async def _write(self, folder: Path, now: datetime) -> None:
        """Writes the files once. If writing fails, `run` tries again an hour later."""
        texts = await self.texts(now)
        try:
            await asyncio.to_thread(write, folder, texts, now)
            is_well = True
        except OSError as error:
            log.get().error("printable copy not written", **log.described(error))
            is_well = False
        async with self._sessions.begin() as session:
            await checks.record(
                session, InstallationCheck(CheckName.PAPER, now, is_well, due_at=full_hour(now) + 2 * HOUR)
            )

    async def texts(self, now: datetime) -> dict[str, str]:
        async with self._sessions() as session:
            await snapshots.begin(session)
            context = await self._context(session, now)
        return {language: self._text(language, context) for language in LANGUAGES}

    async def _context(self, session: AsyncSession, now: datetime) -> dict[str, Any]:
        counted = self._settings.counted_status
        alerts = await paper.alerts(session)
        displaced = await snapshots.households(session, counted, now - snapshots.RECENT, EVERYWHERE, self._places)
        counted_groups = await group_queries.by_stated_place(session, counted, EVERYWHERE, self._places)
        return {
            "now": now,
            "counted": counted,
            "exercise": self._settings.exercise,
            "places": self._places,
            "alerts": alerts,
            "people": await accounts.names(session, [alert.acknowledged_by for alert in alerts]),
            "hazards": await paper.hazards(session, now),
            "households": board.by_area(displaced, self._places),
            "groups": groups.by_place(counted_groups),
            "most": paper.MOST,
        }

    def _text(self, language: str, context: Mapping[str, Any]) -> str:
        return self._pages.text(
            language,
            TEMPLATE,
            **context,
            institution=getattr(self._settings, f"institution_{language}"),
            whereabouts=lambda pcodes: board.whereabouts(pcodes, self._places, language),
        )


def write(folder: Path, texts: Mapping[str, str], now: datetime) -> None:
    """Writes each file twice: under a name with the hour, and under a name that is always the same.

    Readers never see a half-written file. Deletes files older than two days.
    """
    folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    for language, text in texts.items():
        for name in (f"dayar-{hour_of(now)}-{language}.html", f"dayar-{language}.html"):
            _replace(folder / name, text)
    oldest = f"dayar-{hour_of(now - KEPT_HOURS * HOUR)}"
    for file in folder.glob("dayar-2*.html"):
        if file.name < oldest:
            file.unlink()
    sync(folder)


def _replace(file: Path, text: str) -> None:
    unfinished = file.with_name(f".{file.name}.unfinished")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, MODE), "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    unfinished.replace(file)


def hour_of(now: datetime) -> str:
    """The hour in Bishkek time, for file names that sort by time."""
    return f"{now.astimezone(TIME_ZONE):%Y-%m-%d-%H}00"


def full_hour(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0)
