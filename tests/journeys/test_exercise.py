"""An exercise starts for the first time, loses its files, and is restored.

Kafka's old log is kept in one case and lost in the other.
"""

import re
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deploy.local.process import wait_until
from deploy.provision.accounts import EXERCISE
from tests import preloaded
from tests.compose.project import Desk, rows
from tests.intake import factories
from tests.supervised import Run, all_answer, is_settled, own_environment, running

pytestmark = pytest.mark.components

PLAYED = 37  # the scenario has 36 households and one group


@dataclass(frozen=True)
class Played:
    run: Run
    output: str
    accounts: dict[str, str]
    ledgers: dict[str, Any]


@pytest.fixture(scope="module")
def played() -> Iterator[Played]:
    with running(DEMO_FAST="1") as run:
        assert wait_until(lambda: "The scenario has been played" in run.printed, timeout=600, every=0.2), run.printed
        accounts = dict(re.findall(r"^  ([a-z]+-[0-9]) +(\S+)\r?$", run.printed, re.MULTILINE))
        yield Played(run, run.printed, accounts, settled(run, accounts, households=PLAYED))


def test_the_first_start_plays_an_exercise_and_prints_who_may_sign_in(played: Played) -> None:
    assert "exercise: nothing here is real" in played.output
    assert set(played.accounts) == set(EXERCISE)
    for name in played.accounts:
        Desk(played.run.url, played.accounts, name).client.close()
    assert [row for row in rows(played.ledgers) if not row["is_balanced"]] == []
    assert filed(played.ledgers) == {"recorded": PLAYED}


def test_everything_is_restored_from_a_backup(played: Played, tmp_path: Path) -> None:
    run, accounts = played.run, played.accounts
    settled(run, accounts, households=PLAYED)
    backup = Backups(run, tmp_path)
    name = backup.make()
    report(run, accounts)  # a report after the backup, which only Kafka's log contains
    settled(run, accounts, households=PLAYED + 1)
    mark = run.folder / "kafka" / "provisioned"
    made = mark.stat().st_mtime_ns

    run.stop()
    for path in run.folder.iterdir():  # all files are deleted except Kafka's files
        if path.name != "kafka":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert "what came after the backup is read again" in backup.restore(name)
    run.start()
    settled(run, accounts, households=PLAYED + 1)
    assert mark.stat().st_mtime_ns == made, "topics and rights are created again only if they changed"

    run.kill()
    shutil.rmtree(run.folder)
    output = backup.restore(name)
    assert "Kafka's log is a new one" in output and "Reports accepted after" in output
    run.start()
    settled(run, accounts, households=PLAYED)
    report(run, accounts)
    settled(run, accounts, households=PLAYED + 1)


class Backups:
    def __init__(self, run: Run, folder: Path) -> None:
        self._run = run
        self._key = folder / "key"
        drawn = self.dayar("backup", "key", str(self._key))
        self._settings = {"BACKUP_TO": str(folder / "backups"), "BACKUP_RECIPIENT": drawn.strip().partition("=")[2]}

    def make(self) -> str:
        return self.dayar("backup", **self._settings).split()[0]

    def restore(self, name: str) -> str:
        return self.dayar("restore", name, "--key", str(self._key), **self._settings)

    def dayar(self, *words: str, **settings: str) -> str:
        done = preloaded.run("cli", *words, env={**own_environment(), **self._run.environment, **settings})
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def report(run: Run, accounts: dict[str, str]) -> None:
    with Desk(run.url, accounts, "field-1") as phone:
        body = factories.household(status="Exercise")
        answer = phone.client.post("/intake/v1/displacements", json=body).json()
        assert answer["status"] in ("accepted", "spooled")  # the answer of a busy broker may come too late


def settled(run: Run, accounts: dict[str, str], *, households: int) -> dict[str, Any]:
    """Waits until all services answer and `households` are recorded. Returns the ledgers."""
    assert wait_until(lambda: all_answer(run), timeout=120, every=0.2), run.printed
    with Desk(run.url, accounts) as desk:
        assert wait_until(lambda: is_settled(desk), timeout=120, every=0.2), rows(desk.ledgers())
        ledgers = desk.ledgers()
    assert [row for row in rows(ledgers) if not row["is_balanced"] or row["stopped"]] == []
    assert [ledger["dead_letters"] for ledger in ledgers.values() if ledger.get("dead_letters")] == []
    assert filed(ledgers) == {"recorded": households}
    return ledgers


def filed(ledgers: dict[str, Any]) -> Counter[str]:
    return sum((Counter(row["kinds"]) for row in ledgers["registry"]["partitions"]), Counter[str]())
