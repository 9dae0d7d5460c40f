"""The registry's events: households after a change, and the outcome of each report.

The JSON is written by hand, because building a model costs as much as all other work on a household.
"""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import lru_cache

from services.registry.reports import Filed
from services.registry.working_set import Settled, Told, WorkingSet
from shared import events
from shared.country import TIME_ZONE
from shared.crypto.randomness import random_id
from shared.events import HouseholdCorrected, HouseholdRegistered, Message, Place, ReportHeld, ReportSettled
from shared.events.envelope import EventData
from shared.events.vocabulary import OutcomeKind, ReportKind
from shared.places import Places

SOURCE = "/registry"


class HouseholdEvents:
    """Builds messages. `places` coarsens P-codes to districts: no finer place leaves the registry."""

    def __init__(self, places: Places) -> None:
        self._district = lru_cache(10_000)(places.district)

    def messages(self, book: WorkingSet, now: datetime) -> Iterator[Message]:
        today = now.astimezone(TIME_ZONE).date()
        for told in book.told:
            if told.subject[0] == ReportKind.HOUSEHOLD:
                yield self.household(told, now, today)
        for settled in book.settled:
            yield outcome(settled, now)

    def household(self, told: Told, now: datetime, today: date) -> Message:
        filed, clear, (_, household_id) = told.current, told.current.clear, told.subject
        reasons = '","'.join(clear.reasons)
        value = (
            f'{{"household_id":"{household_id}","report_id":"{filed.report_id}","version":{clear.version}'
            f',"sequence":{told.sequence},"status":"{clear.status}"'
            f',"occurred_on":"{clear.occurred_at.astimezone(TIME_ZONE).date()}"'
            f',"occurred_on_precision":"{clear.occurred_at_precision}","recorded_on":"{today}"'
            f',"mobility":"{clear.mobility}","origin":{self.coarse(clear.origin)}'
            f',"destination":{self.coarse(clear.destination)},"persons":{clear.persons},"reasons":["{reasons}"]'
            f"{member('hazard_type', clear.hazard_type)}{member('hazard_id', clear.hazard_id)}"
            f',"author":"{filed.author}"{member("team", filed.team)}'
            f"{'' if filed.places_version is None else quoted_version(filed.places_version)}"
            f"{'' if told.latest is filed else member('latest_mobility', told.latest.clear.mobility)}"
            f"{'' if told.changed is filed else self.displacement(told.changed)}}}"
        )
        model = HouseholdCorrected if told.is_correction else HouseholdRegistered
        return written(model, household_id, value, random_id(), now)

    def displacement(self, filed: Filed) -> str:
        clear = filed.clear
        return (
            f',"displacement":{{"report_id":"{filed.report_id}","status":"{clear.status}"'
            f',"occurred_on":"{clear.occurred_at.astimezone(TIME_ZONE).date()}"'
            f',"occurred_on_precision":"{clear.occurred_at_precision}","mobility":"{clear.mobility}"'
            f',"origin":{self.coarse(clear.origin)}}}'
        )

    def coarse(self, place: Place) -> str:
        return f'{{"pcode":"{self._district(place.pcode)}"}}' if place.pcode else f'{{"country":"{place.country}"}}'


def outcome(settled: Settled, now: datetime) -> Message:
    filed, clear = settled.filed, settled.filed.clear
    value = (
        f'{{"report_id":"{filed.report_id}","version":{clear.version},"status":"{clear.status}","kind":"{clear.kind}"'
        f',"consumer":"registry","outcome":"{settled.outcome}"'
        f"{member('reason', settled.reason)}{member('replaces', settled.replaces)}}}"
    )
    model = ReportHeld if settled.outcome is OutcomeKind.HELD else ReportSettled
    return written(model, filed.report_id, value, settled.outcome_id, now)


def member(name: str, value: object) -> str:
    """A JSON member, empty without a value. Values are codes or ids, so nothing needs escaping."""
    return "" if value is None else f',"{name}":"{value}"'


@lru_cache(64)
def quoted_version(version: str) -> str:
    return f',"places_version":{json.dumps(version)}'


def written(model: type[EventData], key: str, value: str, id: str, now: datetime) -> Message:
    return events.raw_message(model.topic, key, value.encode(), type=model.event_type, id=id, source=SOURCE, time=now)


def utcnow() -> datetime:
    return datetime.now(UTC)
