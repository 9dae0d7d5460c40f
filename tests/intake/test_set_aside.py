"""Intake sets reports aside that it could not publish.

A report that was set aside is accepted when it is sent again.
"""

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from services.intake import set_aside
from services.intake.spool import line
from shared.events import Message
from shared.events.envelope import REVOKED_HEADER

WHOLE = Message("hazards", b"key", b"{}", (("ce_id", b"1"),))
REVOKED = WHOLE._replace(headers=(*WHOLE.headers, (REVOKED_HEADER, b"1")))


@pytest.mark.parametrize(
    ("kept", "reason", "advice"),
    [
        (line(WHOLE), "too_big", "sends it again, shorter"),
        (line(REVOKED), "revoked_credential", "signs in and sends it again"),
        (b"0" + line(WHOLE), "damaged", "sends the next version"),
    ],
)
def test_each_reason_says_how_the_report_can_still_be_accepted(
    tmp_path: Path, kept: bytes, reason: str, advice: str
) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1.damaged").write_bytes(kept)
    [record] = set_aside.records(tmp_path)
    assert (record.reason, advice in record.advice) == (reason, True)


def test_only_the_files_of_the_newest_records_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An open page requests the records every 15 seconds. Each time, reading megabytes of files would take long."""
    for number in range(5):
        folder = tmp_path / f"process-{number}"
        folder.mkdir()
        (folder / f"{number}.damaged").write_bytes(line(WHOLE) + line(REVOKED))
    read: list[str] = []
    from_disk = set_aside._records

    def noted(file: Path) -> Iterator[set_aside.UnpublishedRecord]:
        read.append(file.name)
        return from_disk(file)

    monkeypatch.setattr(set_aside, "_records", noted)
    for _ in range(2):
        shown = set_aside.newest(tmp_path, most=3)
        assert [(record.segment, record.number) for record in shown] == [("3", 1), ("4", 0), ("4", 1)]
    assert read == ["4.damaged", "3.damaged"]  # the second call reads no file


def test_a_file_that_disappears_meanwhile_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "1.damaged").write_bytes(line(WHOLE))
    (tmp_path / "2.damaged").symlink_to(tmp_path / "gone")
    assert [record.segment for record in set_aside.newest(tmp_path, most=10)] == ["1"]


@pytest.mark.parametrize("closed", ["folder", "file"])
def test_a_closed_folder_or_file_is_reported_and_not_shown_as_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, closed: str
) -> None:
    """The error is simulated: if root runs the tests, root can read everything."""
    (tmp_path / "process").mkdir()
    (tmp_path / "process" / "1.damaged").write_bytes(line(WHOLE))
    place, name = (os, "scandir") if closed == "folder" else (Path, "read_bytes")

    def refuse(path: Path) -> NoReturn:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(place, name, refuse)
    with pytest.raises(PermissionError):
        set_aside.newest(tmp_path, most=10)


def test_a_spool_without_a_folder_has_no_records(tmp_path: Path) -> None:
    assert set_aside.newest(tmp_path / "not yet made", most=10) == []
