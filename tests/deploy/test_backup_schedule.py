"""Tests when a nightly backup is made, and when an incomplete backup without the log is repeated."""

import asyncio
from dataclasses import asdict, replace
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from cli import backup as manual
from deploy.backup import __main__ as nightly
from deploy.backup import log, making, stores
from deploy.backup.messages import WithoutLog, WithoutTopics
from deploy.backup.settings import BackupSettings
from deploy.provision.broker import Broker
from shared.postgres import database
from tests import installation as installed
from tests.deploy.test_backup import NOW, READ_TO_5, SwitchedBroker, noted, subject
from tests.waiting import wait_for


@pytest.mark.parametrize(
    ("made_at", "now", "is_due"),
    [
        (None, "2026-11-26T20:29Z", True),
        ("2026-11-25T20:31Z", "2026-11-26T20:29Z", False),  # 20:30 UTC is 02:30 of the next day in Bishkek
        ("2026-11-25T20:31Z", "2026-11-26T20:30Z", True),
        ("2026-11-26T20:31Z", "2026-11-26T20:32Z", False),
        ("2026-11-20T20:31Z", "2026-11-26T08:00Z", True),  # the machine was off for days, so a backup is due
    ],
)
def test_each_night_has_its_backup(made_at: str | None, now: str, is_due: bool) -> None:
    made = datetime.fromisoformat(made_at) if made_at else None
    assert nightly.is_due(made, time(2, 30), datetime.fromisoformat(now)) is is_due


async def test_first_backup_is_made_at_once(
    installation: installed.Installation, recipient: str, tmp_path: Path
) -> None:
    settings = BackupSettings(to=str(tmp_path / "backups"), recipient=recipient, at=time(2, 30))
    making_it = asyncio.create_task(nightly.run(subject(installation), settings))
    await wait_for(lambda: stores.of(settings).names(), timeout=60)
    making_it.cancel()


async def test_a_backup_without_the_log_is_made_again_when_kafka_answers(
    installation: installed.Installation, recipient: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store already has an incomplete backup of this night.

    The next backup must not wait for the next night.
    """
    monkeypatch.setattr(log, "SECONDS", 1)
    monkeypatch.setattr(nightly, "AGAIN_SECONDS", 0.1)
    settings = BackupSettings(to=str(tmp_path / "backups"), recipient=recipient, at=time(2, 30))
    own, store, switch = subject(installation), stores.of(settings), tmp_path / "switch"
    switched = SwitchedBroker(**asdict(own.broker), switch=switch)
    making_it = asyncio.create_task(nightly.run(replace(own, broker=switched), settings))
    assert await wait_for(lambda: noted(own, is_well=False), timeout=60)
    assert len(store.names()) == 1
    monkeypatch.setattr(log, "SECONDS", 20)  # one second is too short for a busy Kafka
    switch.touch()
    assert await wait_for(lambda: noted(own, is_well=True), timeout=60)
    assert len(store.names()) == 2
    making_it.cancel()


async def test_a_manual_backup_without_the_log_is_noted_as_failed(
    installation: installed.Installation, recipient: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "SECONDS", 1)
    own = subject(installation)
    silent = replace(own, broker=Broker("127.0.0.1:1"))
    monkeypatch.setattr(manual, "installation", lambda _: silent)
    with pytest.raises(WithoutLog):
        await manual.made(BackupSettings(to=str(tmp_path / "backups"), recipient=recipient))
    assert await noted(own, is_well=False)


async def test_a_backup_without_a_topic_that_services_have_read_is_kept_but_not_well(
    installation: installed.Installation, recipient: str, tmp_path: Path
) -> None:
    own, prefix = subject(installation), installation.topic_prefix
    settings = BackupSettings(to=str(tmp_path / "backups"), recipient=recipient, at=time(2, 30))
    admin = own.broker.admin()  # the variable keeps the client alive until the answer arrives
    for answer in admin.delete_topics([f"{prefix}hazards-restricted"]).values():
        answer.result(timeout=30)
    await wait_for(lambda: "hazards-restricted" not in log.look(own.broker, prefix).ids, timeout=60)
    await making.back_up(own, settings, NOW)  # the topic belongs to a new release, and no service has read it yet
    async with (
        database.opened(own.settings.for_service("alerts")) as engine,
        database.sessions(engine).begin() as session,
    ):
        await session.execute(text(READ_TO_5), {"topic": "hazards-restricted"})
    with pytest.raises(WithoutTopics, match="hazards-restricted"):
        await making.back_up(own, settings, NOW + timedelta(seconds=1))
    assert len(stores.of(settings).names()) == 2
    # no second backup is due this night, because the same topics would be missing
    assert await nightly.make(own, settings)
