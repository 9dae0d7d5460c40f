"""What happens when a hazard or a household arrives: the rules are asked, and what they find is written and told."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts import queries, sightings
from services.alerts.alerts import SOURCE
from services.alerts.batch import Arrival, Batch, Flight, is_hazard, news
from services.alerts.book import Book
from services.alerts.rules import Departed, Finding, Kind, Nothing, decide, decide_displacement, decide_exposure
from services.alerts.ruleset import Ruleset
from shared import events, outbox
from shared.events import HazardReported, Message, ReportSettled
from shared.events.vocabulary import MsgType, OutcomeKind, ReportKind, Status
from shared.places import Places
from shared.places.watched import WatchedArea
from shared.readings import Outcome, Received

Clock = Callable[[], datetime]


def utcnow() -> datetime:
    return datetime.now(UTC)


class Watch:
    """The handler of both topics: one transaction, which the consumer opens and commits."""

    def __init__(self, rules: Ruleset, places: Places, clock: Clock = utcnow) -> None:
        self.rules, self.places, self.watched, self.clock = rules, places, WatchedArea.load(), clock

    async def __call__(self, received: Sequence[Received], session: AsyncSession) -> list[Outcome]:
        now = self.clock()
        batch = await news(received, self.places, session)
        flights, arrivals = batch.flights(self.rules.displacement), batch.arrivals(self.rules.exposure)
        await self._lock(batch, flights, arrivals, session)
        await self._record(batch, session)
        hazards = await self._hazards_at_stake(batch, arrivals, now, session)
        book = await self._open(hazards, flights, now, session)
        self._ask_of_hazards(batch, book, now)
        await self._ask_of_exposure(batch, hazards, arrivals, book, now, session)
        await self._ask_of_displacement(batch, flights, book, now, session)
        await self._write(batch, book, now, session)
        return batch.outcomes

    async def _lock(
        self,
        batch: Batch,
        flights: Iterable[Flight],
        arrivals: Iterable[Arrival],
        session: AsyncSession,
    ) -> None:
        left = {(Kind.DISPLACEMENT.value, area) for _, area, _ in flights}
        lived = {(Kind.EXPOSURE.value, area) for _, area in arrivals}
        threatened = {
            (Kind.EXPOSURE.value, area)
            for hazard in batch.hazards.values()
            for area in (*self._areas_of(hazard), *batch.lay_over.get(hazard.hazard_id, ()))
        }
        await queries.lock(session, left | lived | threatened)

    async def _record(self, batch: Batch, session: AsyncSession) -> None:
        newest = {hazard.hazard_id: hazard for hazard in batch.hazards.values()}
        await queries.save_hazards(session, ((hazard, self._areas_of(hazard)) for hazard in newest.values()))
        await queries.save_households(session, {one.household_id: one for one in batch.households.values()}.values())
        await queries.save_departures(session, batch.departed)

    async def _hazards_at_stake(
        self, batch: Batch, arrivals: Iterable[Arrival], now: datetime, session: AsyncSession
    ) -> dict[UUID, tuple[HazardReported, set[str]]]:
        """Each hazard with the areas to be counted anew: those it lies over or has left, or those somebody moved to."""
        found: dict[UUID, tuple[HazardReported, set[str]]] = {}
        lived = set(arrivals)
        if lived and self.rules.exposure:
            since = now - self.rules.exposure.max_age
            statuses = {status for status, _ in lived}
            for hazard, areas in await queries.hazards_over(session, {area for _, area in lived}, statuses, since):
                found[hazard.hazard_id] = (hazard, {area for area in areas if (hazard.status, area) in lived})
        for hazard in batch.hazards.values():
            left = batch.lay_over.get(hazard.hazard_id, ())
            found[hazard.hazard_id] = hazard, {*self._areas_of(hazard), *left}
        return found

    async def _open(
        self, hazards: Iterable[UUID], flights: Iterable[Flight], now: datetime, session: AsyncSession
    ) -> Book:
        days = self.rules.displacement.days if self.rules.displacement else 0
        since = min((day for _, _, day in flights), default=now.date()) - timedelta(days=3 * days)
        known = await queries.touched_alerts(session, list(hazards), {area for _, area, _ in flights}, since)
        called = await queries.called(session, [alert.alert_id for alert in known]) if known else {}
        receivers = await queries.receivers(session)
        return Book(known, receivers, called, places=self.places, rules=self.rules, now=now)

    def _ask_of_hazards(self, batch: Batch, book: Book, now: datetime) -> None:
        for place, hazard in batch.hazards.items():
            batch.say([place], self._settled(hazard, decide(hazard, self.rules, self.watched, now), book))

    def _settled(self, hazard: HazardReported, found: Finding | Nothing, book: Book) -> Outcome:
        if isinstance(found, Finding):
            return book.tell(found, hazard.report_id)
        if hazard.msg_type is MsgType.CANCEL:
            return book.lapse(hazard.hazard_id, found.reason)
        return book.lapse(hazard.hazard_id, found.reason, kind=Kind.HAZARD)

    async def _ask_of_exposure(
        self,
        batch: Batch,
        hazards: dict[UUID, tuple[HazardReported, set[str]]],
        arrivals: dict[Arrival, list[int]],
        book: Book,
        now: datetime,
        session: AsyncSession,
    ) -> None:
        if self.rules.exposure is None:
            return
        pairs = sorted((id, area, hazard.status) for id, (hazard, areas) in hazards.items() for area in areas)
        counts = await queries.exposed(session, pairs, self.rules.exposure.mobility)
        newest = batch.newest_hazards()
        for hazard_id, area, status in pairs:
            hazard = hazards[hazard_id][0]
            found = self._exposure(hazard, area, counts[hazard_id, area], now)
            own = [newest[hazard_id]] if hazard_id in newest else []
            batch.say([*own, *arrivals.get((status, area), [])], self._exposed(hazard, area, found, book))

    def _exposure(self, hazard: HazardReported, area: str, households: int, now: datetime) -> Finding | Nothing:
        if area not in self._areas_of(hazard):
            return Nothing("moved_away")
        return decide_exposure(hazard, area, households, self.rules, now)

    def _exposed(self, hazard: HazardReported, area: str, found: Finding | Nothing, book: Book) -> Outcome:
        """What the rule says no more is taken back; of a household that no alert counts there is nothing to say yet."""
        if isinstance(found, Finding):
            return book.tell(found, hazard.report_id)
        return book.lapse(hazard.hazard_id, found.reason, kind=Kind.EXPOSURE, area=area)

    async def _ask_of_displacement(
        self, batch: Batch, flights: dict[Flight, list[int]], book: Book, now: datetime, session: AsyncSession
    ) -> None:
        rule = self.rules.displacement
        if rule is not None and flights:
            days, span = [day for _, _, day in flights], timedelta(days=2 * rule.days)
            areas = {area for _, area, _ in flights}
            departed = await queries.displaced(session, areas, rule.mobility, min(days) - span, max(days) + span)
            for (status, area, day), spoken in sorted(flights.items()):
                judge = partial(self._judge_flight, status, area, departed.get((status, area), {}), book, now)
                found = judge(day)
                batch.say(spoken, self._told(found, book))
                for freed in found.freed if isinstance(found, Nothing) else ():
                    batch.say(spoken, self._told(judge(freed), book))
        batch.say(batch.households, Outcome(OutcomeKind.NOTED, "no_rule"))

    def _judge_flight(
        self, status: Status, area: str, departed: Departed, book: Book, now: datetime, day: date
    ) -> Finding | Nothing:
        return decide_displacement(status, area, day, departed, book.windows(status, area), self.rules, now)

    def _told(self, found: Finding | Nothing, book: Book) -> Outcome:
        if isinstance(found, Finding):
            return book.tell(found)
        if found.taken_back is not None:
            book.take_back(found.taken_back, found.reason)
        return Outcome(OutcomeKind.NOTED, found.reason)

    async def _write(self, batch: Batch, book: Book, now: datetime, session: AsyncSession) -> None:
        await queries.save_book(session, book)
        settled = [
            outcome_of(one, outcome, now)
            for one, outcome in zip(batch.received, batch.outcomes, strict=True)
            if is_hazard(one.event)
        ]
        await outbox.add(session, *book.messages, *settled)

    def _areas_of(self, hazard: HazardReported) -> tuple[str, ...]:
        return sightings.areas_of(hazard.area.pcodes, self.places)


def outcome_of(received: Received, outcome: Outcome, now: datetime) -> Message:
    """What the author of a hazard report is owed."""
    hazard: HazardReported = received.event.data
    settled = ReportSettled(
        report_id=hazard.report_id, version=hazard.version, status=hazard.status, kind=ReportKind.HAZARD,
        consumer="alerts", outcome=outcome.kind, reason=outcome.reason,
        replaces=UUID(received.replaces) if received.replaces else None,
    )  # fmt: skip
    id = events.derived_id("outcome", "alerts", received.event.id)
    return events.message(settled, id=id, source=SOURCE, time=now)
