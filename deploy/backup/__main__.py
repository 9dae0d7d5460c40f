"""`python -m deploy.backup` makes a backup each night, or at once if last night's backup is missing."""

import asyncio
from datetime import UTC, datetime, time, timedelta

from deploy.backup import making, stores
from deploy.backup.making import FAULTS
from deploy.backup.messages import Refused, WithoutRecords, WithoutTopics
from deploy.backup.settings import AdminSettings, BackupSettings, Installation
from services.console.checks import CheckName, InstallationCheck
from shared import lifecycle, log
from shared.config import Settings
from shared.country import TIME_ZONE

LOOK_SECONDS = 60
AGAIN_SECONDS = 900  # after a failed backup, wait this long before the next attempt
DAY, LATE = timedelta(days=1), timedelta(hours=2)


async def run(installation: Installation, settings: BackupSettings) -> None:
    """Runs until cancelled.

    The clock is checked every minute, so a machine that was off at the scheduled time makes the backup when it is on.
    """
    was_well = True
    while settings.at is not None:
        try:
            if is_due(newest(settings, installation.kind), settings.at, datetime.now(UTC)) or (
                not was_well and making.can_read_log(installation)
            ):
                was_well = await make(installation, settings)
        except FAULTS as error:
            was_well = False
            log.get().error("backups could not be read or their result not stored", **log.described(error))
        await asyncio.sleep(LOOK_SECONDS if was_well else AGAIN_SECONDS)


async def make(installation: Installation, settings: BackupSettings) -> bool:
    """Return False if another backup must be made before the next night.

    If Kafka does not answer, the incomplete backup is kept, but the result is False: a later backup may be complete.
    If topics are missing, the result is True: a later backup would lack the same records.
    """
    assert settings.at is not None
    failure: Exception | None = None
    try:
        name = await making.back_up(installation, settings, datetime.now(UTC))
        log.get().info("backup made", name=name)
    except FAULTS as error:
        failure = error
        log.get().error(
            "backup made without records" if isinstance(error, WithoutRecords) else "no backup was made",
            says=str(error) if isinstance(error, Refused) else None,
            **log.described(error),
        )
    now, due_at = datetime.now(UTC), last_at(settings.at, datetime.now(UTC)) + DAY + LATE
    await making.note(installation, InstallationCheck(CheckName.BACKUP, now, failure is None, due_at=due_at))
    return failure is None or isinstance(failure, WithoutTopics)


def is_due(made_at: datetime | None, at: time, now: datetime) -> bool:
    """A backup is due if the latest nightly backup is missing."""
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
