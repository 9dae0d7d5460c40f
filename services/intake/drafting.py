"""From a body to drafts. Small bodies are read on the event loop, large ones in a thread, so that requests go on."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID
from weakref import WeakValueDictionary

from pydantic import TypeAdapter

from services.intake import reports
from services.intake.channels import json_reports
from services.intake.channels.json_reports import ITEMS, REPORT_BYTES, Invalid, Refusal, Report, TooBig, TooMany
from services.intake.clocks import Clocks
from services.intake.reports import Draft
from shared.auth.access import CMC
from shared.auth.tokens import Principal, Role
from shared.config import Settings
from shared.events import HazardReport, enterer
from shared.events.vocabulary import Status
from shared.places import Places
from shared.web.problems import Problem, unauthenticated

T = TypeVar("T")

THREADS = 4  # an account uses at most one of them
SMALL_BYTES = 4 * 1024  # about 0.1 ms
PRACTICE = (Status.EXERCISE, Status.TEST)


@dataclass(frozen=True, slots=True)
class ReportSender:
    """The sender of a request, and when the request came."""

    principal: Principal
    traceparent: str | None
    clock: datetime | None = None  # the author's clock, if the request gives it
    now: datetime = field(default_factory=lambda: datetime.now(UTC))


class Drafting:
    """Only this class uses `threads`, so that disk writes do not wait for large bodies.

    On the event loop, larger bodies take turns, and between two of them the loop serves everything else. Otherwise
    bodies that came together would be validated one after the other, while the broker's acks wait.
    """

    def __init__(self, places: Places, settings: Settings, threads: Executor) -> None:
        self._places, self._settings, self._threads = places, settings, threads
        self._turns: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()
        self._on_the_loop = asyncio.Lock()

    async def one(self, raw: bytes, adapter: TypeAdapter[Any], sender: ReportSender) -> Draft:
        """The draft of a body with one report. Raises Problem."""
        if len(raw) <= SMALL_BYTES:
            draft = self._one(raw, adapter, sender)
        else:
            async with self._turn_on_the_loop():
                draft = self._one(raw, adapter, sender)
        return draft if draft is not None else await self._in_a_thread(sender, self._checked, raw, adapter, sender)

    async def many(self, raw: bytes, sender: ReportSender) -> list[Draft | Problem]:
        """One draft or problem per report, in order. Raises Problem if the body cannot be split into reports."""
        async with self._turn_on_the_loop():
            found = json_reports.at_once(raw, json_reports.ITEM_LIST)
            if found is not None and len(found) <= ITEMS and not any(map(is_drawn, found)):
                return self._drafted(found, sender)
        return await self._in_a_thread(sender, self._told_apart, raw, sender)

    def draft(self, report: Report, sender: ReportSender) -> Draft:
        """The draft of a validated report. Raises Problem."""
        if self._settings.exercise and report.status not in PRACTICE:
            raise invalid([{"pointer": "/status", "expected": "Exercise or Test, as this is an exercise installation"}])
        principal, clocks, traceparent = sender.principal, Clocks(sender.now, sender.clock), sender.traceparent
        if isinstance(report, HazardReport):
            if principal.is_expired:  # accepted only for displacement reports, which are held
                raise unauthenticated()
            may_speak_for(principal, report.source)
            may_change(principal, report)
            return reports.hazard(report, principal, clocks=clocks, places=self._places, traceparent=traceparent)
        return reports.displacement(report, principal, clocks=clocks, places=self._places, traceparent=traceparent)

    @asynccontextmanager
    async def _turn_on_the_loop(self) -> AsyncIterator[None]:
        async with self._on_the_loop:
            await asyncio.sleep(0)  # the loop first serves everything else that is ready
            yield

    def _one(self, raw: bytes, adapter: TypeAdapter[Any], sender: ReportSender) -> Draft | None:
        report = json_reports.at_once(raw, adapter)
        return None if report is None or is_drawn(report) else self.draft(report, sender)

    async def _in_a_thread(self, sender: ReportSender, deed: Callable[..., T], *given: Any) -> T:
        """Run in a thread, one at a time per account, so that an account cannot occupy all threads."""
        turn = self._turns.setdefault(sender.principal.account, asyncio.Lock())
        async with turn:
            return await asyncio.get_running_loop().run_in_executor(self._threads, deed, *given)

    def _checked(self, raw: bytes, adapter: TypeAdapter[Any], sender: ReportSender) -> Draft:
        try:
            return self.draft(json_reports.checked(raw, adapter), sender)
        except Invalid as error:
            raise invalid(error.errors) from None

    def _told_apart(self, raw: bytes, sender: ReportSender) -> list[Draft | Problem]:
        try:
            return self._drafted(json_reports.batch(raw), sender)
        except Invalid as error:
            raise invalid(error.errors) from None
        except TooMany:
            raise Problem(413, "too-many-reports", f"Up to {ITEMS} reports a batch are expected.") from None

    def _drafted(self, items: Sequence[Report | Refusal], sender: ReportSender) -> list[Draft | Problem]:
        return [self._draft_or_problem(item, sender) for item in items]

    def _draft_or_problem(self, item: Report | Refusal, sender: ReportSender) -> Draft | Problem:
        if isinstance(item, TooBig):
            return too_big("report")
        if isinstance(item, Invalid):
            return invalid(item.errors)
        try:
            draft = self.draft(item, sender)
        except Problem as problem:
            return problem
        # The size as written is checked, because the original size of an array's item is not known here.
        return too_big("report") if len(draft.content) > REPORT_BYTES else draft


def is_drawn(report: Report) -> bool:
    """Whether the report has geometry, which must be compared with boundaries."""
    return isinstance(report, HazardReport) and report.area.is_drawn


def may_speak_for(principal: Principal, source: str) -> None:
    """Raise Problem unless the token lists the source. The CMC's own people may report for any source."""
    if source not in principal.sources and principal.roles.isdisjoint(CMC):
        raise Problem(403, "not-your-source", "This account does not report for that source.")


def may_change(principal: Principal, report: HazardReport) -> None:
    """Raise Problem unless the caller is the person who entered the event, a duty head or an integration."""
    entered_by = enterer(report.source, report.source_id)
    if entered_by not in (None, principal.account) and principal.roles.isdisjoint({Role.DUTY_HEAD, Role.INTEGRATION}):
        raise Problem(403, "not-your-event", "Only who entered this event, or a duty head, may correct or cancel it.")


def too_big(what: str, limit: int = REPORT_BYTES) -> Problem:
    return Problem(413, "too-big", f"A {what} of at most {limit} bytes is expected.")


def invalid(errors: Sequence[dict[str, str]]) -> Problem:
    return Problem(422, "invalid", "Check the listed fields.", errors=errors)
