"""The form of a silence, and the check of its fields."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Annotated
from uuid import uuid4

from pydantic import Field, TypeAdapter, ValidationError

from services.alerts.acts.acts import Actor
from services.alerts.silences.silences import LONGEST, Silence
from shared.country import COUNTRY
from shared.events.hazards import SourceName
from shared.events.vocabulary import HazardType
from shared.pages.terms import N_
from shared.pages.typed_forms import Fault, TypedForm, area_faults, is_line, local_instant
from shared.places import Places

LONGEST_HOURS = LONGEST // timedelta(hours=1)
LONGEST_REASON = 200
AHEAD = timedelta(days=7)
MOST_SILENCES = 100
_sources = TypeAdapter(Annotated[tuple[SourceName, ...], Field(max_length=50)])


def is_within(areas: Collection[str], silence: Silence, places: Places) -> bool:
    """A silence that names no areas is for the whole country."""
    return all(places.covers(areas, area) for area in silence.areas or (COUNTRY,))


class SilenceForm(TypedForm):
    """`begins` is a local time. An empty `begins` means now."""

    def parsed(self, places: Places, author: Actor, now: datetime) -> tuple[Silence, list[Fault]]:
        wrong = list[Fault]()
        begins_at = self._begin(now, wrong)
        silence = Silence(
            silence_id=uuid4(),
            areas=self.areas(places, wrong),
            hazards=tuple(HazardType(code) for code in self.several("hazards") if code in list(HazardType)),
            sources=self._sources(wrong),
            is_severe_too=bool(self.several("is_severe_too")),
            account_id=author.account,
            name=author.name,
            reason=self.value("reason"),
            created_at=now,
            begins_at=begins_at,
            ends_at=begins_at + timedelta(hours=self.number("hours", 1, LONGEST_HOURS, wrong)),
        )
        wrong += area_faults(silence.areas, places)
        if not (silence.areas or silence.hazards or silence.sources or wrong):
            wrong.append(Fault("areas", N_("At least one area, one type of hazard or one source is expected.")))
        if not is_line(silence.reason, LONGEST_REASON):
            expected = N_("A reason of at most %(most)s characters is expected.")
            wrong.append(Fault("reason", expected, {"most": LONGEST_REASON}))
        return silence, wrong

    def _sources(self, wrong: list[Fault]) -> tuple[str, ...]:
        try:
            return _sources.validate_python(self.several("sources"))
        except ValidationError:
            wrong.append(Fault("sources", N_("Codes of at most 50 sources are expected, such as usgs.")))
            return ()

    def _begin(self, now: datetime, wrong: list[Fault]) -> datetime:
        typed = self.value("begins")
        try:
            begins_at = local_instant(typed) if typed else now
        except ValueError:
            begins_at = now - AHEAD
        if not timedelta(minutes=-1) <= begins_at - now <= AHEAD:
            wrong.append(Fault("begins", N_("A date and a time within the next 7 days are expected.")))
            return now
        return max(begins_at, now)
