"""The counts of groups: each count states when, where and which people were counted.

`standings` decides which counts are in effect. No I/O. A population is a set of people from one origin at one place.
Counts belong to the same population if they have the same status, origin, mobility and site. Counts without a site must
have the same present place and kind of shelter. A full recount replaces the earlier counts of the same population and
hazard. A partial count replaces no other count. A count without a named present place replaces no other count. The
rules are in docs/decisions/0037. If only one of two counts names its hazard, the module `named_hazards` decides whether
both are about the same hazard.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from uuid import UUID

from services.registry.counts.named_hazards import CountedDeparture
from services.registry.households.people import People
from services.registry.places.same_places import NONE_JOINED, PlaceKey, SamePlaces, count_key, hazard_key
from services.registry.places.typed_sites import TypedSites
from services.registry.reports import Filed, latest_within
from shared import events
from shared.country import COUNTRY, TIME_ZONE, UNKNOWN_COUNTRY
from shared.events.displacements import GroupClear
from shared.events.fields import Place
from shared.events.vocabulary import Measure, Precision, Shelter, SubStock
from shared.places.localities import StatedLocality, joined


@dataclass(frozen=True)
class Headcount:
    group_id: str
    report_id: str
    clear: GroupClear
    author: str
    team: str | None
    places_version: str | None
    received_at: datetime
    people: People
    typed_site: UUID | None = None
    movement_id: str | None = None  # set if the count is of people who moved to this place
    left: Place | None = None  # the place that the people left, if they moved
    # the sub-stock that the people left, or None if they were in displacement
    left_sub_stock: SubStock | None = None
    sub_stock: SubStock = SubStock.IN_DISPLACEMENT
    needs: tuple[str, ...] = ()
    decided_hazard: UUID | None = None
    # If the report names no hazard, other counts of the same population may name it.
    adopted_hazard: UUID | None = None
    same: SamePlaces = field(default=NONE_JOINED, compare=False, repr=False)

    @classmethod
    def of(cls, filed: Filed) -> "Headcount":
        assert isinstance(filed.clear, GroupClear), "the report is not about a group"
        return cls(
            filed.subject[1],
            filed.report_id,
            filed.clear,
            filed.author,
            filed.team,
            filed.places_version,
            filed.received_at,
            People.of(filed),
            needs=tuple(filed.needs),
        )

    @property
    def shelter(self) -> Shelter:
        return self.clear.shelter

    @cached_property
    def population(self) -> str | None:
        if not self.is_displaced or not (present := self.present_place):
            return None
        return self._population_at(*present)

    @property
    def is_displaced(self) -> bool:
        return self.clear.measure is Measure.STOCK and self.sub_stock is SubStock.IN_DISPLACEMENT

    def _population_at(self, *present: str | UUID | None, hazard_id: UUID | None = None) -> str:
        clear = self.clear
        origin = self.same.key(self.origin_key)
        return str(events.derived_id("population", clear.status, hazard_id, *origin, *present, clear.mobility))

    @property
    def origin_key(self) -> PlaceKey:
        origin, clear = self.clear.origin, self.clear
        locality = StatedLocality.of(clear.origin_locality, clear.origin_locality_pcode)
        return locality.key(origin.pcode or origin.country)

    @property
    def present_key(self) -> PlaceKey:
        """The key is of the place, even if the report states a site."""
        present, clear = self.clear.destination, self.clear
        locality = StatedLocality.of(clear.destination_locality, clear.destination_locality_pcode)
        return locality.key(present.pcode or present.country)

    @property
    def present_place(self) -> tuple[str | UUID | None, ...]:
        """Counts at the same place have the same key.

        The key is empty if the report does not name the place.
        """
        if self.site_id:
            return ("site", self.site_id)
        if not joined(self.clear.destination_locality):
            return ()
        return (*self.same.key(self.present_key), self.clear.shelter)

    @property
    def site_id(self) -> UUID | None:
        """A report about people abroad can state no site: a stated site is a mistake and is ignored."""
        is_abroad = self.clear.destination.country not in (None, COUNTRY, UNKNOWN_COUNTRY)
        return None if is_abroad else self.clear.site_id or self.typed_site

    def at_typed_site(self, sites: TypedSites) -> "Headcount":
        site_id = None if self.site_id else sites.meant(self.clear.destination.pcode, self.clear.destination_locality)
        if site_id is None and not sites.same:
            return self
        decided = sites.same.hazard(count_key(self.report_id)) or self.decided_hazard
        return replace(self, typed_site=site_id or self.typed_site, same=sites.same, decided_hazard=decided)

    def typed_populations(self, sites: TypedSites) -> set[str]:
        """Returns the populations of counts that name this site only in words, because the site was listed later."""
        words = sites.words(self.site_id) if self.site_id and self.population else ()
        places = map(self.same.key, words)
        return {self._population_at(*place, shelter) for place in places for shelter in Shelter}

    @property
    def covers_site(self) -> bool:
        """A full recount that states a site, but no origin, counts everybody at the site."""
        clear = self.clear
        is_from_anywhere = clear.origin.country == UNKNOWN_COUNTRY and not joined(clear.origin_locality)
        return bool(self.site_id and clear.is_full_recount and is_from_anywhere)

    @cached_property
    def stock_id(self) -> str:
        """Full recounts of the same population and hazard share a stock id.

        A partial count has its own stock id, so that figures add its people to the people of other counts.
        """
        if not self.population or not self.clear.is_full_recount:
            return self.report_id
        return self._population_at(*self.present_place, hazard_id=self.hazard_id or self.adopted_hazard)

    @property
    def hazard_id(self) -> UUID | None:
        """Returns the hazard of the report, or else the hazard that a person decided.

        If a person has decided that two hazards are the same, both hazards get one id.
        """
        named = self.clear.hazard_id or self.decided_hazard
        return self.same.hazard(hazard_key(named)) if named else None

    @cached_property
    def departure(self) -> CountedDeparture:
        return CountedDeparture.of(self.clear, self.hazard_id)

    @property
    def counted_at(self) -> datetime:
        """The result is at most the time of receipt, because a recount with a future time would replace later counts.

        If the hour of a count is unknown, the end of the day is used, or the time of the report if the report came
        earlier. `moved_at` computes the time of a count of people who moved.
        """
        clear = self.clear
        at = clear.counted_at or clear.reported_at
        if clear.counted_at and not self.movement_id and clear.counted_at_precision is not Precision.HOUR:
            day = at.astimezone(TIME_ZONE).date()
            at = latest_within(day, day, known_at=clear.reported_at)
        return min(at, self.received_at)

    @property
    def order(self) -> tuple[datetime, datetime, str]:
        """Counts are sorted by the time of counting, and not by the time when the reports arrived."""
        return self.counted_at, self.clear.reported_at, self.report_id

    @property
    def counted_by(self) -> str:
        return self.team or self.author
