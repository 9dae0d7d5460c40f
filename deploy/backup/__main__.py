"""`python -m deploy.backup` makes a backup each night, or at once if last night's backup is missing."""

import asyncio
from datetime import UTC, datetime, time, timedelta

import asyncpg
from confluent_kafka import KafkaException
from sqlalchemy.exc import DBAPIError

from deploy.backup import making, stores
from deploy.backup.messages import Refused
from deploy.backup.settings import AdminSettings, BackupSettings, Installation
from services.console.checks import CheckName, InstallationCheck
from shared import lifecycle, log
from shared.config import Settings
from shared.country import TIME_ZONE

LOOK_SECONDS = 60
AGAIN_SECONDS = 900  # the pause between a failed backup and the next attempt
DAY, LATE = timedelta(days=1), timedelta(hours=2)
FAULTS = (Refused, OSError, asyncpg.PostgresError, DBAPIError, KafkaException)


async def run(installation: Installation, settings: BackupSettings) -> None:
    """Run until cancelled. The time is checked every minute, so a machine that was off at night backs up later."""
    while settings.at is not None:
        is_well = True
        try:
            if is_due(newest(settings, installation.kind), settings.at, datetime.now(UTC)):
                is_well = await make(installation, settings)
        except FAULTS as error:  # the store could not be read, or the result could not be recorded
            is_well = False
            log.get().error("no backup was made", **log.described(error))
        await asyncio.sleep(LOOK_SECONDS if is_well else AGAIN_SECONDS)


async def make(installation: Installation, settings: BackupSettings) -> bool:
    """Make a backup. Return whether the backup succeeded, and record this result."""
    assert settings.at is not None
    try:
        name = await making.back_up(installation, settings, datetime.now(UTC))
        log.get().info("backup made", name=name)
        is_well = True
    except FAULTS as error:
        log.get().error(
            "no backup was made", says=str(error) if isinstance(error, Refused) else None, **log.described(error)
        )
        is_well = False
    now = datetime.now(UTC)
    await making.note(
        installation, InstallationCheck(CheckName.BACKUP, now, is_well, due_at=last_at(settings.at, now) + DAY + LATE)
    )
    return is_well


def is_due(made_at: datetime | None, at: time, now: datetime) -> bool:
    """Whether the last backup is older than the last scheduled time."""
    return made_at is None or made_at < last_at(at, now)


def last_at(at: time, now: datetime) -> datetime:
    local = now.astimezone(TIME_ZONE)
    today = datetime.combine(local.date(), at, TIME_ZONE)
    return today if today <= local else today - DAY


def newest(settings: BackupSettings, kind: str) -> datetime | None:
    times = [stores.made_at(name) for name in stores.of(settings).names() if name.startswith(f"dayar-{kind}-")]
    return max((at for at in times if at is not None), default=None)


async def main() -> None:
    settings = BackupSettings()
    await run(Installation.read(Settings(), settings, AdminSettings()), settings)


if __name__ == "__main__":
    log.configure("backup")
    lifecycle.run_worker(main)
