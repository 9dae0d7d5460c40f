"""The spool writes records to disk before intake answers. The spool keeps the order of records, and survives a restart.

A spool can become full.
"""

import asyncio
import json
import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake import spool as spools
from services.intake.spool import Spool, SpoolFull, segments
from shared.events import Message
from tests.waiting import wait_for

LIMIT = 1 << 20


def message(number: int, size: int = 10) -> Message:
    return Message(
        "displacements",
        f"key {number}".encode(),
        json.dumps({"n": number, "x": "ө" * size}).encode(),
        (("ce_id", b"1"),),
    )


class Broker:
    """A simulated broker. The simulated broker is unavailable until a test sets `there`.

    `publish` returns the records that are too big for the broker.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self.there = asyncio.Event()
        self.limit = limit
        self.published: list[Message] = []

    async def publish(self, messages: Sequence[Message]) -> list[Message]:
        await self.there.wait()
        self.published.extend(each for each in messages if len(each.value) <= self.limit)
        return [each for each in messages if len(each.value) > self.limit]


async def test_a_full_segment_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full segment must be closed: its deleted file would occupy the disk as long as it is open."""
    monkeypatch.setattr(spools, "SEGMENT_BYTES", 1)
    spool = Spool.open(tmp_path, limit=LIMIT)
    async with asyncio.TaskGroup() as tasks:
        writing = tasks.create_task(spool.write())
        for number in range(5):
            await spool.add([message(number)])
        writing.cancel()
    assert len(list(segments(spool.folder))) == 5
    held = [str(file.readlink()) for file in Path("/proc/self/fd").iterdir() if file.is_symlink()]
    assert len([file for file in held if file.startswith(str(spool.folder)) and file.endswith(".spool")]) == 1
    spool.close()


async def test_records_leave_in_the_order_of_arrival(tmp_path: Path) -> None:
    spool, broker = Spool.open(tmp_path, limit=LIMIT), Broker()
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(spool.write()), tasks.create_task(spool.drain(broker.publish))]
        for number in range(5):
            await spool.add([message(number)])
        await asyncio.gather(*(spool.add([message(number)]) for number in range(5, 20)))
        assert not spool.is_empty
        broker.there.set()
        await wait_for(lambda: spool.is_empty)
        for task in running:
            task.cancel()
    assert broker.published == [message(number) for number in range(20)]
    assert list(segments(spool.folder)) == []
    assert spool.bytes == 0
    spool.close()


async def test_waiters_share_an_fsync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    fsync = os.fsync

    def counted(descriptor: int) -> None:
        synced.append(descriptor)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", counted)
    spool = Spool.open(tmp_path, limit=LIMIT)
    async with asyncio.TaskGroup() as tasks:
        writing = tasks.create_task(spool.write())
        await asyncio.gather(*(spool.add([message(number)]) for number in range(200)))
        writing.cancel()
    assert len(synced) < 10
    assert spool.records == 200
    spool.close()


def test_a_new_folder_survives_a_power_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(Path(f"/proc/self/fd/{descriptor}").readlink()))
    Spool.open(tmp_path, limit=LIMIT).close()
    assert tmp_path in synced


async def test_records_of_a_dead_owner_are_adopted_and_those_of_a_living_one_are_not(tmp_path: Path) -> None:
    dead, living = Spool.open(tmp_path, limit=LIMIT), Spool.open(tmp_path, limit=LIMIT)
    await written(dead, range(3))
    await written(living, range(3, 5))
    dead.close()
    heir = Spool.open(tmp_path, limit=LIMIT)
    assert (heir.records, living.records) == (3, 2)
    assert not dead.folder.exists()
    assert living.folder.exists()
    assert [each for file in sorted(segments(heir.folder)) for each in spools.read(file)[0]] == list(
        map(message, range(3))
    )


async def test_an_incomplete_last_line_is_dropped_because_it_was_never_answered(tmp_path: Path) -> None:
    spool = Spool.open(tmp_path, limit=LIMIT)
    await written(spool, range(3))
    [file] = segments(spool.folder)
    file.write_bytes(file.read_bytes()[:-5])
    messages, lines, is_damaged = spools.read(file)
    assert (messages, lines, is_damaged) == ([message(0), message(1)], 2, False)


async def test_a_damaged_record_is_kept_for_a_person_and_the_others_are_published(tmp_path: Path) -> None:
    spool, broker = Spool.open(tmp_path, limit=LIMIT), Broker()
    broker.there.set()
    await written(spool, range(3))
    [file] = segments(spool.folder)
    file.write_bytes(file.read_bytes().replace(b"key 1", b"key X"))
    async with asyncio.TaskGroup() as tasks:
        draining = tasks.create_task(spool.drain(broker.publish))
        await wait_for(lambda: spool.is_empty)
        draining.cancel()
    assert broker.published == [message(0), message(2)]
    assert spool.damaged == 1


async def test_a_record_that_the_broker_refuses_is_kept_for_a_person_and_the_others_are_published(
    tmp_path: Path,
) -> None:
    spool, broker = Spool.open(tmp_path, limit=LIMIT), Broker(limit=500)
    broker.there.set()
    big = message(1, size=1000)
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(spool.write()), tasks.create_task(spool.drain(broker.publish))]
        await spool.add([message(0), big, message(2)])
        await wait_for(lambda: spool.is_empty)
        await spool.add([message(3)])
        await wait_for(lambda: spool.is_empty)
        for task in running:
            task.cancel()
    assert broker.published == [message(0), message(2), message(3)]
    [kept] = spool.folder.glob("*.damaged")
    assert spools.read(kept)[0] == [big]


async def test_a_full_spool_says_so_and_accepts_nothing(tmp_path: Path) -> None:
    spool = Spool.open(tmp_path, limit=1000)
    async with asyncio.TaskGroup() as tasks:
        writing = tasks.create_task(spool.write())
        await spool.add([message(0)])
        with pytest.raises(SpoolFull):
            await spool.add([message(1, size=1000)])
        writing.cancel()
    assert spool.records == 1


async def test_a_partial_write_on_a_full_disk_is_truncated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool.open(tmp_path, limit=LIMIT)
    await written(spool, range(2))
    write, monkey = os.write, monkeypatch

    def half(descriptor: int, data: memoryview) -> int:
        write(descriptor, data[: len(data) // 2])
        raise OSError(28, "No space left on device")

    async with asyncio.TaskGroup() as tasks:
        writing = tasks.create_task(spool.write())
        with monkey.context() as patched:
            patched.setattr(os, "write", half)
            with pytest.raises(SpoolFull):
                await spool.add([message(2)])
        await spool.add([message(3)])
        writing.cancel()
    messages = [each for file in sorted(segments(spool.folder)) for each in spools.read(file)[0]]
    assert messages == [message(0), message(1), message(3)]
    assert spool.records == 3


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"])))
def test_a_line_decodes_to_its_record(key: str, text: str) -> None:
    record = Message("displacements", key.encode(), json.dumps(text, ensure_ascii=False).encode(), (("ce_id", b"1"),))
    written = spools.line(record)
    assert written.count(b"\n") == 1
    assert spools.is_whole(written[:-1])
    assert spools.parse(written[9:-1]) == record


async def written(spool: Spool, numbers: range) -> None:
    async with asyncio.TaskGroup() as tasks:
        writing = tasks.create_task(spool.write())
        for number in numbers:
            await spool.add([message(number)])
        writing.cancel()
