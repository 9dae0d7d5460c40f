"""An earlier build spooled hazards without a scope, and intake still publishes them.

If a person reported such a hazard, intake makes it Restricted.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from services.intake.spool import Spool, line
from shared import events
from shared.events import Message
from tests.console.factories import hazard
from tests.waiting import wait_for

PUBLIC, RESTRICTED = "hazards", "hazards-restricted"


def spooled(channel: str, **changed: Any) -> Message:
    event = hazard(channel=channel, **changed)
    record = events.message(event, id=uuid4(), source="/intake", time=event.received_at)
    without = event.model_dump_json(exclude_none=True, exclude={"scope"} if "scope" not in changed else None)
    return record._replace(value=without.encode())


async def drained(root: Path, *messages: Message) -> list[Message]:
    folder = root / "of an ended process"
    folder.mkdir()
    (folder / "1.spool").write_bytes(b"".join(map(line, messages)))
    published: list[Message] = []

    async def publish(records: Sequence[Message]) -> list[Message]:
        published.extend(records)
        return []

    spool = Spool.open(root, limit=1 << 20)
    async with asyncio.TaskGroup() as tasks:
        draining = tasks.create_task(spool.drain(publish))
        await wait_for(lambda: spool.is_empty)
        draining.cancel()
    spool.close()
    return published


@pytest.mark.parametrize("channel", ["field", "console", "import", "sms", "openrosa", "kobo"])
async def test_a_spooled_hazard_of_a_person_without_a_scope_becomes_restricted(tmp_path: Path, channel: str) -> None:
    message = spooled(channel)
    [record] = await drained(tmp_path, message)
    event = events.decode(record.topic, record.value, record.headers)
    assert (record.topic, event.data.scope) == (RESTRICTED, "Restricted")
    assert (record.key, record.headers) == (message.key, message.headers)
    assert (
        event.data.model_copy(update={"scope": "Public"}) == events.decode(PUBLIC, message.value, message.headers).data
    )


@pytest.mark.parametrize("channel", ["feed", "api"])
async def test_a_spooled_hazard_of_a_system_without_a_scope_stays_public(tmp_path: Path, channel: str) -> None:
    message = spooled(channel)
    assert await drained(tmp_path, message) == [message]


async def test_records_with_a_scope_and_records_of_other_topics_are_not_changed(tmp_path: Path) -> None:
    release = spooled("console", scope="Public")
    restricted = spooled("console", scope="Restricted")._replace(topic=RESTRICTED)
    displacement = Message("displacements", b"key", b"{}", (("ce_id", b"1"),))
    assert await drained(tmp_path, release, restricted, displacement) == [release, restricted, displacement]
