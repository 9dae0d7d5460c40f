"""What the registry tells the world: the household as it stands, and what became of each report."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from pydantic_core import to_json

from services.registry.book import Book, Settled, Told
from services.registry.draws import random_id
from shared import events
from shared.events import HouseholdCorrected, HouseholdRegistered, Message, Place, ReportHeld, ReportSettled
from shared.events.envelope import EventData
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
        today = now.astimezone(BISHKEK).date()
        for told in book.told:
            if told.subject[0] == ReportKind.HOUSEHOLD:
                yield self.household(told, now, today)
        for settled in book.settled:
            yield outcome(settled, now)

    def household(self, told: Told, now: datetime, today: date) -> Message:
        """Written as JSON at once: a model made only to be written costs as much as the rest of the household."""
        filed, clear, (_, household_id) = told.current, told.current.clear, told.subject
        data = {
            "household_id": household_id, "report_id": filed.report_id, "version": clear.version, "sequence": told.sequence,
            "status": clear.status, "occurred_on": clear.occurred_at.astimezone(BISHKEK).date(),
            "occurred_on_precision": clear.occurred_at_precision, "recorded_on": today,
            "mobility": clear.mobility, "origin": self.coarse(clear.origin), "destination": self.coarse(clear.destination),
            "persons": clear.persons, "reasons": clear.reasons, "hazard_type": clear.hazard_type,
            "hazard_id": clear.hazard_id, "author": filed.author, "team": filed.team, "places_version": filed.places_version,
        }  # fmt: skip
        model = HouseholdCorrected if told.is_correction else HouseholdRegistered
        return written(model, household_id, data, random_id(), now)

    def coarse(self, place: Place) -> dict[str, str | None]:
        return {"pcode": self._district(place.pcode)} if place.pcode else {"country": place.country}

    def _find_district(self, pcode: str) -> str:
        unit = self._places.unit(pcode)
        if unit is not None:
            return self._places.adm2(pcode) or self._places.adm1(pcode) or pcode
        district = f"{pcode[:7]}000000"
        return district if self._places.unit(district) else f"{pcode[:4]}000000000"


def outcome(settled: Settled, now: datetime) -> Message:
    filed, clear = settled.filed, settled.filed.clear
    data = {
        "report_id": filed.report_id, "version": clear.version, "status": clear.status, "kind": clear.kind,
        "consumer": "registry", "outcome": settled.outcome, "reason": settled.reason, "replaces": settled.replaces,
    }  # fmt: skip
    model = ReportHeld if settled.outcome is OutcomeKind.HELD else ReportSettled
    return written(model, filed.report_id, data, settled.outcome_id, now)


def written(model: type[EventData], key: str, data: dict[str, Any], id: str, now: datetime) -> Message:
    value = to_json(data, exclude_none=True)
    return events.raw_message(model.topic, key, value, type=model.event_type, id=id, source=SOURCE, time=now)


def utcnow() -> datetime:
    return datetime.now(UTC)
