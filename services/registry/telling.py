"""What the registry tells the world: the household as it stands, and what became of each report."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from uuid import uuid4
from zoneinfo import ZoneInfo

from services.registry.book import Book, Settled, Told
from shared import events
from shared.events import HouseholdCorrected, HouseholdRegistered, Message, Place, ReportHeld, ReportSettled
from shared.events.displacements import HouseholdClear
from shared.events.vocabulary import OutcomeKind, ReportKind
from shared.places import Places

BISHKEK = ZoneInfo("Asia/Bishkek")
SOURCE = "/registry"


class Herald:
    """`places` makes of a village's code its district's: no finer place leaves the registry."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._district = lru_cache(10_000)(self._find_district)

    def messages(self, book: Book, now: datetime) -> Iterator[Message]:
        for told in book.told:
            if told.subject[0] == ReportKind.HOUSEHOLD:
                yield events.message(self.household(told, now), id=uuid4(), source=SOURCE, time=now)
        yield from outcomes(book.settled, now)

    def household(self, told: Told, now: datetime) -> HouseholdRegistered:
        filed, clear = told.current, told.current.clear
        assert isinstance(clear, HouseholdClear)
        return (HouseholdCorrected if told.is_correction else HouseholdRegistered)(
            household_id=clear.household_id,
            report_id=clear.report_id,
            version=clear.version,
            sequence=told.sequence,
            status=clear.status,
            occurred_on=clear.occurred_at.astimezone(BISHKEK).date(),
            occurred_on_precision=clear.occurred_at_precision,
            recorded_on=now.astimezone(BISHKEK).date(),
            mobility=clear.mobility,
            origin=self.coarse(clear.origin),
            destination=self.coarse(clear.destination),
            persons=clear.persons,
            reasons=clear.reasons,
            hazard_type=clear.hazard_type,
            hazard_id=clear.hazard_id,
            author=filed.author,
            team=filed.team,
            places_version=filed.places_version,
        )

    def coarse(self, place: Place) -> Place:
        if place.pcode is None:
            return place
        district = self._district(place.pcode)
        return place if district == place.pcode else Place(pcode=district)

    def _find_district(self, pcode: str) -> str:
        unit = self._places.unit(pcode)
        if unit is not None:
            return self._places.adm2(pcode) or self._places.adm1(pcode) or pcode
        district = f"{pcode[:7]}000000"
        return district if self._places.unit(district) else f"{pcode[:4]}000000000"


def outcomes(settled: Iterable[Settled], now: datetime) -> Iterator[Message]:
    for one in settled:
        clear = one.filed.clear
        outcome = (ReportHeld if one.outcome is OutcomeKind.HELD else ReportSettled)(
            report_id=clear.report_id,
            version=clear.version,
            status=clear.status,
            kind=ReportKind(clear.kind),
            consumer="registry",
            outcome=one.outcome,
            reason=one.reason,
            replaces=one.replaces,
        )
        yield events.message(outcome, id=one.outcome_id, source=SOURCE, time=now)


def utcnow() -> datetime:
    return datetime.now(UTC)
