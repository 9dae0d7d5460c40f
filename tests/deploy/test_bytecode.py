"""Even if the supervisor has a strict umask, the services can read the bytecode of the sources."""

import os
import stat
from pathlib import Path

import pytest

from deploy.local import paths, readable_copies


def test_bytecode_of_all_sources_is_everybodys_to_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    for name in readable_copies.SOURCES:
        (tmp_path / name).mkdir()
        (tmp_path / name / "module.py").write_text("X = 1\n")
    closed = os.umask(0o077)
    try:
        readable_copies.compile_sources()
        assert os.umask(0o077) == 0o077
    finally:
        os.umask(closed)
    compiled = list(tmp_path.rglob("*.pyc"))
    assert {file.parent.parent.name for file in compiled} == {"cli", "deploy", "services", "shared"}
    for file in compiled:
        assert file.stat().st_mode & stat.S_IROTH
        assert file.parent.stat().st_mode & stat.S_IXOTH
