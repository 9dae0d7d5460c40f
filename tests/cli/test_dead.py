"""If the user of `dayar dead list` may not open a spool folder, the command says so."""

from pathlib import Path

import pytest

from services.intake.spool import line
from shared.events import Message
from tests import confined
from tests.installation import Installation


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    (folder := tmp_path / "spool" / "one").mkdir(parents=True)
    (folder / "1.damaged").write_bytes(line(Message("hazards", b"key", b"{}")))
    return tmp_path / "spool"


def listed(installation: Installation, spool: Path) -> tuple[int, str, str]:
    env = {**installation.env(), "INTAKE_SPOOL_FOLDER": str(spool)}
    done = confined.run_module("cli", "dead", "list", env=env)
    return done.returncode, done.stdout, done.stderr


def test_a_closed_folder_of_the_spool_is_not_taken_for_an_empty_one(shared_tables: Installation, spool: Path) -> None:
    code, output, _ = listed(shared_tables, spool)
    assert (code, output.split()[0]) == (0, "intake/hazards/1/0")
    for folder in (spool / "one", spool):
        folder.chmod(0)
        code, output, errors = listed(shared_tables, spool)
        assert (code, output) == (1, "")
        assert f"{folder} is closed to you" in errors


def test_without_a_spool_no_message_failed(shared_tables: Installation, tmp_path: Path) -> None:
    code, _, errors = listed(shared_tables, tmp_path / "none")
    assert (code, errors) == (0, "No message failed.\n")
