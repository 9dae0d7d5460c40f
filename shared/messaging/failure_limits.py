"""When records fail again and again for one reason, the release is at fault: the consumer stops and says so."""

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
    """Of the last 200 records, those that failed for a reason that is not validation; more than half alike is too many."""

    def __init__(self, service: str, sessions: async_sessionmaker[AsyncSession]) -> None:
        self._service = service
        self._sessions = sessions
        self._last: deque[str | None] = deque(maxlen=WINDOW)

    def expect(self, reasons: Iterable[str]) -> None:
        """A stopped consumer that is started again stops at its first such failure, and pours nothing away meanwhile."""
        for reason in reasons:
            self._last.extend([reason] * (WINDOW // 2))

    def passed(self, count: int) -> None:
        self._last.extend([None] * min(count, WINDOW))

    async def failed(self, error: Exception, record: Record) -> None:
        """Raises ConsumerStopped when it is one too many."""
        reason = code(error)
        self._last.append(reason)
        if self._last.count(reason) > WINDOW // 2:
            await self.stop(reason, record.place)

    async def stop(self, reason: str, place: Partition, **told: int) -> NoReturn:
        """Said in the log and, red, in the ledger."""
        topic, partition = place
        log.get().critical(
            "consumer stopped", consumer=self._service, reason=reason, topic=topic, partition=partition, **told
        )
        async with self._sessions.begin() as session:
            await offsets.stop(session, place, reason)
        raise ConsumerStopped(reason)


def refused(reading: Reading, error: Exception) -> UnreadableRecord:
    event_id = reading.event.id if isinstance(reading, Received) else None
    pointer = error.pointer if isinstance(error, SetAside) else ""
    return UnreadableRecord(reading.record, code(error), pointer, event_id)


def code(error: Exception) -> str:
    """A reason without the error's text, which may quote what it was handling."""
    if isinstance(error, SetAside):
        return error.reason
    said = log.described(error)
    return ":".join(("failed", *(str(said[name]) for name in ("error", "sqlstate", "constraint") if name in said)))
