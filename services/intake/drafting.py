"""Makes drafts of reports from the bodies of requests.

Large bodies are read in a thread, so that they do not delay the event loop.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID
from weakref import WeakValueDictionary

from services.intake.channels.formats import BatchFormat, Report, SingleFormat
from services.intake.drafts import Draft
from services.intake.refusals import REPORT_BYTES, ReportRefused, TooBig
from shared.auth.tokens import Principal
from shared.events import HazardReport

T = TypeVar("T")

THREADS = 4  # an account uses only one thread at a time
SMALL_BYTES = 4 * 1024  # a body of this size takes at most about 0.1 ms


@dataclass(frozen=True, slots=True)
class ReportSender:
    principal: Principal
    clock: datetime | None = None  # the time by the author's clock, or None if the request does not state this time
    now: datetime = field(default_factory=lambda: datetime.now(UTC))


class Drafting:
    """`threads` must be only for this class, because writes to disk must not wait for large bodies.

    On the event loop, larger bodies take turns, and all ready tasks run between two bodies. An ack of the broker
    therefore never waits for more than one body.
    """

    def __init__(self, draft: Callable[[Report, ReportSender], Draft], threads: Executor) -> None:
        self._draft, self._threads = draft, threads
        self._turns: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()
        self._on_the_loop = asyncio.Lock()

    async def single(self, raw: bytes, format: SingleFormat, sender: ReportSender) -> Draft:
        """Raises ReportRefused."""
        if len(raw) <= SMALL_BYTES:
            draft = self._at_once(raw, format, sender)
        else:
            async with self.turn_on_the_loop():
                draft = self._at_once(raw, format, sender)
        return draft if draft is not None else await self.in_a_thread(sender, self._read, raw, format, sender)

    async def batch(self, raw: bytes, format: BatchFormat, sender: ReportSender) -> list[Draft | ReportRefused]:
        """Return a draft or a refusal for each report, in order. Raises ReportRefused if the body cannot be split."""
        async with self.turn_on_the_loop():
            reports = format.read_at_once(raw)
            if reports is not None and not any(map(is_drawn, reports)):
                return self._drafts(reports, sender)
        return await self.in_a_thread(sender, self._read_batch, raw, format, sender)

    async def reports(self, reports: Sequence[Report], sender: ReportSender) -> list[Draft | ReportRefused]:
        """Return a draft or a refusal for each report, in order."""
        return await self.in_a_thread(sender, self._drafts, reports, sender)

    @asynccontextmanager
    async def turn_on_the_loop(self) -> AsyncIterator[None]:
        async with self._on_the_loop:
            await asyncio.sleep(0)  # lets all ready tasks run first
            yield

    async def in_a_thread(self, sender: ReportSender, function: Callable[..., T], *given: Any) -> T:
        """Run the function in a thread.

        Each account uses one thread at a time, so that no account occupies all threads.
        """
        turn = self._turns.setdefault(sender.principal.account, asyncio.Lock())
        async with turn:
            context = copy_context()
            return await asyncio.get_running_loop().run_in_executor(self._threads, context.run, function, *given)

    def _at_once(self, raw: bytes, format: SingleFormat, sender: ReportSender) -> Draft | None:
        report = format.read_at_once(raw)
        return None if report is None or is_drawn(report) else self._draft(report, sender)

    def _read(self, raw: bytes, format: SingleFormat, sender: ReportSender) -> Draft:
        return self._draft(format.read(raw), sender)

    def _read_batch(self, raw: bytes, format: BatchFormat, sender: ReportSender) -> list[Draft | ReportRefused]:
        return self._drafts(format.read(raw), sender)

    def _drafts(self, items: Sequence[Report | ReportRefused], sender: ReportSender) -> list[Draft | ReportRefused]:
        return [item if isinstance(item, ReportRefused) else self._draft_or_refusal(item, sender) for item in items]

    def _draft_or_refusal(self, report: Report, sender: ReportSender) -> Draft | ReportRefused:
        try:
            draft = self._draft(report, sender)
        except ReportRefused as refusal:
            return refusal.with_traceback(None)  # the traceback would keep the report in memory
        # The size of an item in an array is unknown, so the limit applies to the serialised report.
        return TooBig() if len(draft.content) > REPORT_BYTES else draft


def is_drawn(report: Report) -> bool:
    """True if the area is drawn.

    The comparison of a drawn area with boundaries takes long, and must run in a thread.
    """
    return isinstance(report, HazardReport) and report.area.is_drawn
