"""A sealing key is destroyed only if no remaining report is sealed to it."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy.provision import keys
from shared.config import Settings
from shared.crypto import seal
from tests import confined

AAD = b"[]"
NOW = datetime.now(UTC)
RETIRE = """
import sys
from datetime import datetime
from deploy.provision import keys
from shared.config import Settings
keys.retire(Settings(), sys.argv[1], datetime.fromisoformat(sys.argv[2]))
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    seal.generate(tmp_path / "seal")
    return Settings(
        seal_public_key_file=tmp_path / "seal" / "public.key",
        seal_private_keys=tmp_path / "seal" / "private",
        state=tmp_path / "state",
        displacements_days=30,
        dead_letters_days=90,
    )


@pytest.fixture
def old(settings: Settings) -> str:
    kid = keys.current(settings)
    drawn_at(settings, kid, timedelta(days=200))
    keys.rotate(settings)
    return kid


def drawn_at(settings: Settings, kid: str, ago: timedelta) -> None:
    moment = (NOW - ago).timestamp()
    os.utime(settings.seal_private_keys / f"{kid}.key", (moment, moment))


def test_a_report_sealed_before_a_rotation_is_opened_after_it(settings: Settings) -> None:
    before = seal.Sealer(settings.seal_public_key_file).seal(b"x", AAD)
    kid = keys.rotate(settings)
    after = seal.Sealer(settings.seal_public_key_file)
    opener = seal.Opener(settings.seal_private_keys)
    assert after.kid == kid != before.kid
    assert [opener.open(before, AAD), opener.open(after.seal(b"y", AAD), AAD)] == [b"x", b"y"]


def test_a_key_in_use_is_kept(settings: Settings, old: str) -> None:
    with pytest.raises(keys.KeyInUse):
        keys.retire(settings, keys.current(settings), NOW)


def test_a_key_that_a_dead_letter_may_need_is_kept(settings: Settings, old: str) -> None:
    """A key of 121 days is still kept.

    The retention is 30 + 90 days, but Kafka may delete records some days later than that.
    """
    drawn_at(settings, keys.current(settings), timedelta(days=121))
    with pytest.raises(keys.KeyCarried):
        keys.retire(settings, old, NOW)
    assert old in keys.drawn(settings)


def test_a_key_that_the_spool_needs_is_kept(settings: Settings, old: str) -> None:
    drawn_at(settings, keys.current(settings), timedelta(days=124))
    spool = settings.state / "spool" / "intake" / "one"
    spool.mkdir(parents=True)
    (spool / "1.spool").write_text(f"{old}")
    with pytest.raises(keys.KeySpooled):
        keys.retire(settings, old, NOW)


def test_a_key_is_kept_if_the_spool_is_closed_to_the_command(settings: Settings, old: str) -> None:
    drawn_at(settings, keys.current(settings), timedelta(days=124))
    (spool := settings.state / "spool" / "intake" / "one").mkdir(parents=True)
    (spool / "1.spool").write_text(f"{old}")
    spool.chmod(0)
    env = {
        "SEAL_PUBLIC_KEY_FILE": str(settings.seal_public_key_file),
        "SEAL_PRIVATE_KEYS": str(settings.seal_private_keys),
        "STATE": str(settings.state),
        "DISPLACEMENTS_DAYS": "30",
    }
    done = confined.run("-c", RETIRE, old, NOW.isoformat(), env=env)
    assert "PermissionError" in done.stderr
    assert old in keys.drawn(settings)


def test_a_key_that_nothing_needs_is_destroyed(settings: Settings, old: str) -> None:
    drawn_at(settings, keys.current(settings), timedelta(days=124))
    keys.retire(settings, old, NOW)
    assert list(keys.drawn(settings)) == [keys.current(settings)]


def test_an_unknown_key_is_reported(settings: Settings) -> None:
    with pytest.raises(keys.NoSuchKey):
        keys.retire(settings, "0011223344556677", NOW)


def test_without_an_installation_no_key_is_generated(tmp_path: Path) -> None:
    """Somebody who rotates a leaked key in the wrong folder must get an error.

    Without an error, the leaked key would stay in use unnoticed.
    """
    elsewhere = Settings(
        seal_public_key_file=tmp_path / "seal" / "public.key", seal_private_keys=tmp_path / "seal" / "private"
    )
    for command in (lambda: keys.rotate(elsewhere), lambda: keys.retire(elsewhere, "0" * 16, NOW)):
        with pytest.raises(keys.NoKeys):
            command()
    assert list(tmp_path.iterdir()) == []
