"""Reads the files of spooled records that could not be published. `dayar dead list` shows these records."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from services.intake import spool, unchecked
from shared.events import Message

DAMAGED, REVOKED, TOO_BIG = "damaged", "revoked_credential", "too_big"

ADVICE = {
    REVOKED: "Its author signs in and sends it again, or an operator enters it.",
    TOO_BIG: "Its author sends it again, shorter, or an operator enters it. Answered `duplicate` or `conflict`, "
    "because Valkey was away, it is sent as the next version.",
    DAMAGED: "Sent again, it is answered `duplicate`: its author sends the next version (of a displacement it is held "
    "as `waiting`, and a registrar accepts it), or an operator enters the report anew.",
}


@dataclass(frozen=True, slots=True)
class UnpublishedRecord:
    """`message` is None if the record is damaged on disk."""

    segment: str
    number: int
    reason: str
    message: Message | None

    @property
    def name(self) -> str:
        return f"intake/{self.message.topic if self.message else 'spool'}/{self.segment}/{self.number}"

    @property
    def advice(self) -> str:
        return ADVICE[self.reason]

    @property
    def event_id(self) -> str | None:
        return self._header("ce_id")

    @property
    def received_at(self) -> datetime | None:
        time = self._header("ce_time")
        return datetime.fromisoformat(time) if time else None

    def _header(self, name: str) -> str | None:
        value = dict(self.message.headers).get(name) if self.message else None
        return value.decode() if value else None


def records(root: Path) -> list[UnpublishedRecord]:
    """Return the records of all spools, oldest first, also of spools whose process has ended.

    Raises PermissionError if a folder is unreadable.
    """
    files = (file for file in spool.all_files(root) if file.suffix == spool.SET_ASIDE)
    return [record for file in sorted(files, key=lambda file: file.name) for record in _records(file)]


def newest(root: Path, *, most: int) -> list[UnpublishedRecord]:
    """Return the newest unpublished records, at most `most`, oldest first.

    Skips a file that disappears when another process adopts its spool. Raises PermissionError.
    """
    records: list[UnpublishedRecord] = []
    for file in _newest_files(root):
        try:
            records += _of_file(file, file.stat().st_mtime_ns)[::-1]
        except FileNotFoundError:
            continue
        if len(records) >= most:
            break
    return records[:most][::-1]


def _newest_files(root: Path) -> list[Path]:
    files = (file for file in spool.all_files(root) if file.suffix == spool.SET_ASIDE)
    return sorted(files, key=lambda file: file.name, reverse=True)


# The file never changes, and each open page asks for it repeatedly, so the result is cached.
@lru_cache(maxsize=64)
def _of_file(file: Path, changed_at: int) -> tuple[UnpublishedRecord, ...]:  # noqa: ARG001 - part of the cache's key
    return tuple(_records(file))


def _records(file: Path) -> Iterator[UnpublishedRecord]:
    for number, line in enumerate(file.read_bytes().splitlines()):
        message = spool.parse(line[9:]) if spool.is_whole(line) else None
        yield UnpublishedRecord(file.stem, number, _reason(message), message)


def _reason(message: Message | None) -> str:
    if message is None:
        return DAMAGED
    return REVOKED if unchecked.is_revoked(message) else TOO_BIG
