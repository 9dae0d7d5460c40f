"""Keeps encrypted records on disk until the broker accepts them. Intake answers the author of a record on disk."""

import asyncio
import fcntl
import json
import os
import time
import zlib
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Self, TypeVar
from uuid import uuid4

from services.intake import earlier_records
from shared import log
from shared.crypto.seal import sync, write_whole
from shared.events import Message, header

T = TypeVar("T")
Given = TypeVar("Given")

logger = log.get()

SEGMENT_BYTES = 4 << 20
DRAINED_AT_ONCE = 500
SET_ASIDE = ".damaged"

# A function that publishes records, and returns the records that it could not publish.
Publish = Callable[[Sequence[Message]], Awaitable[Sequence[Message]]]


class SpoolFull(Exception):
    """The spool has reached its limit, or the disk is full."""


@dataclass(slots=True)
class Waiting:
    lines: bytes
    records: int
    safe: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Spool:
    """A folder with files of records, called segments.

    A file lock gives the folder to one process. Records are published in the order of arrival. A segment is deleted
    when all its records are acked. After a crash, some records are published twice.
    """

    def __init__(self, folder: Path, lock: int, limit: int) -> None:
        self.folder, self._lock, self._limit = folder, lock, limit
        self.bytes = sum(file.stat().st_size for file in segments(folder))
        self.records = sum(file.read_bytes().count(b"\n") for file in segments(folder))
        self._waiting: list[Waiting] = []
        self._has_waiting, self._filled = asyncio.Event(), asyncio.Event()
        self._turn = asyncio.Lock()
        self._segment: Segment | None = None
        # There are two threads, so that a write and its fsync never wait for the reading of a segment.
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="spool")
        if self.bytes:
            self._filled.set()

    @classmethod
    def open(cls, root: Path, *, limit: int) -> Self:
        """Create a folder, which takes over the segments of all folders whose process has ended."""
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = root / str(uuid4())
        with alone(root):
            orphans = [other for other in root.iterdir() if other.is_dir()]
            folder.mkdir(mode=0o700)
            lock = lock_file(folder)
            for orphan in orphans:
                adopt(orphan, folder)
            sync(root)
        return cls(folder, lock, limit)

    @property
    def is_empty(self) -> bool:
        return self.records == 0

    @property
    def damaged(self) -> int:
        return len(list(self.folder.glob(f"*{SET_ASIDE}")))

    async def add(self, messages: Sequence[Message]) -> None:
        """Returns when the records are synced to disk. Raises SpoolFull."""
        waiting = Waiting(b"".join(map(line, messages)), len(messages))
        if self.bytes + len(waiting.lines) > self._limit:
            raise SpoolFull
        self.bytes += len(waiting.lines)
        self.records += waiting.records
        self._waiting.append(waiting)
        self._has_waiting.set()
        await asyncio.shield(waiting.safe)  # if the caller is cancelled, the records stay in the spool

    async def write(self) -> None:
        """Write waiting records, until cancelled. All records that wait at the same time share one fsync."""
        while True:
            await self._has_waiting.wait()
            self._has_waiting.clear()
            waiting, self._waiting = self._waiting, []
            async with self._turn:
                failure = await self._in_a_thread(self._append, b"".join(write.lines for write in waiting))
            for write in waiting:
                self._settle(write, failure)

    async def drain(self, publish: Publish) -> None:
        """Publish and delete the segments, oldest first, until cancelled.

        `publish` waits for the broker's acknowledgements and returns the records that it could not publish. Records
        that are damaged or cannot be published go into a separate file, so that they do not block later records.
        """
        while True:
            await self._filled.wait()
            self._filled.clear()
            while oldest := await self._oldest():
                await self._publish(oldest, publish)

    def close(self) -> None:
        self._threads.shutdown()
        os.close(self._lock)

    async def _in_a_thread(self, function: Callable[[Given], T], given: Given) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, given)

    def _append(self, lines: bytes) -> OSError | None:
        try:
            if self._segment is None or self._segment.size >= SEGMENT_BYTES:
                full, self._segment = self._segment, Segment.create(self.folder)
                if full is not None:
                    full.close()
            self._segment.append(lines)
        except OSError as error:
            return error
        return None

    def _settle(self, waiting: Waiting, failure: OSError | None) -> None:
        if failure is None:
            waiting.safe.set_result(None)
            self._filled.set()
            return
        self.bytes -= len(waiting.lines)
        self.records -= waiting.records
        logger.error("spool not written", **log.described(failure))
        waiting.safe.set_exception(SpoolFull())

    async def _oldest(self) -> Path | None:
        async with self._turn:
            oldest = min(segments(self.folder), default=None)
            if self._segment is not None and self._segment.file == oldest:
                self._segment.close()
                # close the segment before its publication, so that new records go to a new segment
                self._segment = None
        return oldest

    async def _publish(self, file: Path, publish: Publish) -> None:
        size = file.stat().st_size
        messages, lines, is_damaged = await self._in_a_thread(read, file)
        refused: list[Message] = []
        for start in range(0, len(messages), DRAINED_AT_ONCE):
            refused += await publish(messages[start : start + DRAINED_AT_ONCE])
        if is_damaged or refused:
            event_ids = [header(message.headers, "ce_id") for message in refused]
            logger.error("spooled records set aside", segment=file.name, damaged=is_damaged, refused=event_ids)
            await self._in_a_thread(partial(set_aside, file), refused)
        file.unlink()
        self.bytes -= size
        self.records -= lines


@dataclass(slots=True)
class Segment:
    file: Path
    descriptor: int
    size: int = 0

    @classmethod
    def create(cls, folder: Path) -> Self:
        # The file name begins with the time, so that adopted segments keep their order. A random suffix makes the name
        # unique.
        file = folder / f"{time.time_ns():020d}-{uuid4().hex[:8]}.spool"
        segment = cls(file, os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600))
        sync(folder)
        return segment

    def append(self, lines: bytes) -> None:
        """Append all lines or none.

        After a partial write on a full disk, the segment is cut back to its earlier size.
        """
        try:
            left = memoryview(lines)
            while left:
                left = left[os.write(self.descriptor, left) :]
            os.fsync(self.descriptor)
        except OSError:
            os.ftruncate(self.descriptor, self.size)
            raise
        self.size += len(lines)

    def close(self) -> None:
        os.close(self.descriptor)


def segments(folder: Path) -> Iterator[Path]:
    return folder.glob("*.spool")


def all_files(root: Path) -> Iterator[Path]:
    """Yields all files below `root`. Raises PermissionError for an unreadable folder, which `glob` would skip."""

    def check(error: OSError) -> None:
        # A missing folder is no error: there may be no spool yet, or another process has just adopted the folder.
        if not isinstance(error, FileNotFoundError):
            raise error

    for folder, _, names in os.walk(root, onerror=check):
        yield from (Path(folder, name) for name in names)


def line(message: Message) -> bytes:
    """Return the record as a line with a checksum at its beginning."""
    headers = [(name, value.decode()) for name, value in message.headers]
    text = json.dumps(
        [message.topic, message.key.decode(), message.value.decode(), headers], ensure_ascii=False
    ).encode()
    return b"%08x %b\n" % (zlib.crc32(text), text)


def read(file: Path) -> tuple[list[Message], int, bool]:
    """Return the records, the number of complete lines, and true if a complete line is damaged.

    An incomplete last line is ignored. The sender of an incomplete record got no answer, and sends the report again.
    """
    *lines, _torn = file.read_bytes().split(b"\n")
    messages = [earlier_records.restricted(parse(entry[9:])) for entry in lines if is_whole(entry)]
    return messages, len(lines), len(messages) < len(lines)


def set_aside(file: Path, refused: Sequence[Message]) -> None:
    """Copy damaged and unpublished records into a separate file, because the caller deletes the segment."""
    *lines, _torn = file.read_bytes().split(b"\n")
    damaged = [entry + b"\n" for entry in lines if not is_whole(entry)]
    write_whole(file.with_suffix(SET_ASIDE), b"".join([*damaged, *map(line, refused)]))


def is_whole(entry: bytes) -> bool:
    return entry[:9] == b"%08x " % zlib.crc32(entry[9:])


def parse(text: bytes) -> Message:
    topic, key, value, headers = json.loads(text)
    return Message(topic, key.encode(), value.encode(), tuple((name, text.encode()) for name, text in headers))


def adopt(orphan: Path, folder: Path) -> None:
    """Move the segments of `orphan` to `folder`, unless a running process has locked `orphan`."""
    try:
        lock = lock_file(orphan)
    except BlockingIOError:
        return
    for file in [*segments(orphan), *orphan.glob(f"*{SET_ASIDE}")]:
        file.rename(folder / file.name)
    sync(folder)
    (orphan / "lock").unlink()
    orphan.rmdir()
    os.close(lock)


def lock_file(folder: Path) -> int:
    """Lock the folder until this process ends. Raises BlockingIOError if another process has the lock."""
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise
    return descriptor


@contextmanager
def alone(root: Path) -> Iterator[None]:
    """Locks `root`.

    Without this lock, a process could adopt a new folder in the moment before its owner locks the folder.
    """
    descriptor = os.open(root / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
