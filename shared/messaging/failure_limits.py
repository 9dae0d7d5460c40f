"""Stops the consumer if many records fail for the same reason.

If many records fail for the same reason, the cause is probably an error in Dayar itself.
"""

from collections import deque
from collections.abc import Iterable
from typing import NoReturn

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from shared import log
from shared.failures import ConsumerStopped, SetAside
from shared.messaging import offsets
from shared.messaging.records import Partition, Reading, Received, Record, UnreadableRecord

WINDOW = 200


class Failures:
    """Stops the consumer if over half of the last 200 records fail for one reason.

    Invalid records do not count as failures.
    """

    def __init__(self, service: str, sessions: async_sessionmaker[AsyncSession]) -> None:
        self._service = service
        self._sessions = sessions
        self._last: deque[str | None] = deque(maxlen=WINDOW)

    def expect(self, reasons: Iterable[str]) -> None:
        """`reasons` are the reasons of an earlier stop.

        After this call, one failure for such a reason stops the consumer again.
        """
        for reason in reasons:
            self._last.extend([reason] * (WINDOW // 2))

    def passed(self, count: int) -> None:
        self._last.extend([None] * min(count, WINDOW))

    async def failed(self, error: Exception, record: Record) -> None:
        """Raises ConsumerStopped when the limit is passed."""
        reason = code(error)
        self._last.append(reason)
        if self._last.count(reason) > WINDOW // 2:
            await self.stop(reason, record.topic_partition)

    async def stop(self, reason: str, topic_partition: Partition, **details: int) -> NoReturn:
        """The ledger shows the reason in red. Raises ConsumerStopped."""
        topic, partition = topic_partition
        log.get().critical(
            "consumer stopped", consumer=self._service, reason=reason, topic=topic, partition=partition, **details
        )
        async with self._sessions.begin() as session:
            await offsets.stop(session, topic_partition, reason)
        raise ConsumerStopped(reason)


def refused(reading: Reading, error: Exception) -> UnreadableRecord:
    event_id = reading.event.id if isinstance(reading, Received) else None
    pointer = error.pointer if isinstance(error, SetAside) else ""
    return UnreadableRecord(reading.record, code(error), pointer, event_id)


def code(error: Exception) -> str:
    """The code leaves out the text of the error, because this text may quote personal data."""
    if isinstance(error, SetAside):
        return error.reason
    fields = log.described(error)
    return ":".join(("failed", *(str(fields[name]) for name in ("error", "sqlstate", "constraint") if name in fields)))
