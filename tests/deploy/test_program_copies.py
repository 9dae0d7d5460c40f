"""Copies of programs that nobody needs are removed.

Two things remain: copies that a running program uses, and all state folders.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.local import clean, paths, program_copies

OLD = 8 * 86_400  # eight days


def home(homes: Path, name: str, *, checkout: Path | None, age: float = 0.0) -> Path:
    folder = homes / name
    for copied in ("postgresql-18.6.3", "venv-0123456789ab", "main"):
        (folder / copied).mkdir(parents=True)
        at = (folder / copied).stat().st_mtime - age
        os.utime(folder / copied, (at, at))
    if checkout is not None:
        (folder / program_copies.CHECKOUT).write_text(str(checkout))
    return folder


def copies_in(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir() if "-" in each.name)


@contextmanager
def running_from(copy: Path) -> Iterator[None]:
    program = shutil.copy2(shutil.which("sleep") or "", copy / "program")
    process = subprocess.Popen([program, "60"])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def test_copies_of_a_checkout_that_is_gone_are_removed_and_its_states_stay(tmp_path: Path) -> None:
    gone = home(tmp_path, "gone", checkout=tmp_path / "no-such-folder")
    there = home(tmp_path, "there", checkout=tmp_path)
    of_an_earlier_build = home(tmp_path, "unnamed", checkout=None)
    program_copies.remove_stale(tmp_path)
    assert copies_in(gone) == []
    assert (gone / "main").is_dir()
    assert len(copies_in(there)) == len(copies_in(of_an_earlier_build)) == 2


def test_home_of_a_checkout_that_is_gone_goes_with_its_last_copy(tmp_path: Path) -> None:
    gone = home(tmp_path, "gone", checkout=tmp_path / "no-such-folder")
    (gone / "main").rmdir()
    program_copies.remove_stale(tmp_path)
    assert not gone.exists()


@pytest.mark.parametrize("is_named", [True, False])
def test_copies_that_no_start_used_for_a_week_are_removed(tmp_path: Path, *, is_named: bool) -> None:
    old = home(tmp_path, "old", checkout=tmp_path if is_named else None, age=OLD)
    program_copies.remove_stale(tmp_path)
    assert copies_in(old) == []
    assert (old / "main").is_dir()


def test_copy_from_which_a_program_runs_stays(tmp_path: Path) -> None:
    gone = home(tmp_path, "gone", checkout=tmp_path / "no-such-folder", age=OLD)
    with running_from(gone / "postgresql-18.6.3"):
        program_copies.remove_stale(tmp_path)
        assert copies_in(gone) == ["postgresql-18.6.3"]
    program_copies.remove_stale(tmp_path)
    assert copies_in(gone) == []


def test_copy_that_is_used_again_is_not_made_again_and_counts_as_used(tmp_path: Path) -> None:
    fill = Path.mkdir
    copy = program_copies.made(tmp_path / "home", "postgresql-1", fill)
    os.utime(copy, (0, 0))
    (copy / "kept").touch()
    os.utime(copy, (0, 0))
    assert program_copies.made(tmp_path / "home", "postgresql-1", fill) == copy
    program_copies.remove_stale(tmp_path)
    assert [each.name for each in copy.iterdir()] == ["kept"]
    assert (tmp_path / "home" / program_copies.CHECKOUT).read_text() == str(paths.ROOT)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's programs run from copies")
def test_clean_state_removes_the_copies_of_its_own_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "HOMES", tmp_path / "homes")
    own = home(tmp_path / "homes", paths.shared_home().name, checkout=paths.ROOT)
    other = home(tmp_path / "homes", "other", checkout=paths.ROOT)
    (tmp_path / "state" / "demo").mkdir(parents=True)
    (tmp_path / "state" / "demo" / "installation.json").touch()
    monkeypatch.setenv("STATE", str(tmp_path / "state"))
    monkeypatch.setattr("builtins.input", lambda _: "demo")
    assert clean.main() == 0
    assert copies_in(own) == []
    assert len(copies_in(other)) == 2
