"""Finds pairs of open counts that may be of the same people, and counts that may be at a listed site.

No I/O.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from itertools import combinations, product
from operator import itemgetter
from typing import NamedTuple
from uuid import UUID

from services.registry.counts.named_hazards import LEFT_TOGETHER
from services.registry.counts.open_counts import OpenCount, OpenSite
from services.registry.places.same_places import PlaceKey, SamePlaces, count_key, hazard_key, is_listed, site_key
from services.registry.places.similar_names import nearly_equal


class About(StrEnum):
    ORIGIN = "origin"
    DESTINATION = "destination"
    HAZARD = "hazard"


class Match(NamedTuple):
    """Each place in a pair has a count, or is a listed site."""

    about: About
    one: PlaceKey
    counted: OpenCount
    other: PlaceKey
    also_counted: OpenCount | None = None

    @property
    def since(self) -> datetime:
        return max(count.received_at for count in (self.counted, self.also_counted) if count)

    @property
    def ends(self) -> tuple[tuple[PlaceKey, OpenCount | None], ...]:
        return (self.one, self.counted), (self.other, self.also_counted)


Similar = Mapping[PlaceKey, set[PlaceKey]]


def similar_places(counts: Iterable[OpenCount], sites: Iterable[OpenSite], district: Callable[[str], str]) -> Similar:
    named = defaultdict[str, defaultdict[str, set[PlaceKey]]](lambda: defaultdict(set))
    for count in counts:
        for place in (count.origin, count.destination):
            if place.is_named:
                named[district(place.pcode or "")][place.locality or ""].add(place.key)
    for site in sites:
        for name in site.names:
            named[district(site.pcode)][name].add(site_key(site.site_id))
    similar = defaultdict[PlaceKey, set[PlaceKey]](set)
    for keys in named.values():
        others = nearly_equal(keys)
        for name, known in keys.items():
            alike = known.union(*(keys[other] for other in others.get(name, ())))
            for key in known:
                similar[key] |= {other for other in alike - {key} if not (is_listed(key) and is_listed(other))}
    return similar


def at_sites(counts: Iterable[OpenCount], sites: Iterable[OpenSite], similar: Similar) -> Iterator[list[Match]]:
    """The counts name their present place in words that are nearly equal to the name of a site."""
    listed = {site_key(site.site_id) for site in sites}
    for count in counts:
        if count.site_id is None:
            key = count.destination.key
            for site in similar.get(key, set()) & listed:
                yield [Match(About.DESTINATION, key, count, site)]


def between_counts(counts: Iterable[OpenCount], same: SamePlaces, similar: Similar) -> Iterator[list[Match]]:
    """The counts may be of the same people, and their places have equal or nearly equal names."""
    alike = defaultdict[tuple[object, ...], list[OpenCount]](list)
    for count in counts:
        alike[count.identity].append(count)
    for several in alike.values():
        for one, other in near(several, same, similar):
            ends = (
                (About.ORIGIN, one.origin.key, other.origin.key),
                (About.DESTINATION, one.present_key, other.present_key),
            )
            yield [
                Match(about, here, one, there, other)
                for about, here, there in ends
                if same.key(here) != same.key(there)
            ]


def near(counts: Iterable[OpenCount], same: SamePlaces, similar: Similar) -> Iterator[tuple[OpenCount, OpenCount]]:
    """If several counts have the same places and hazard, only the newest is compared.

    Counts that name hazards of different emergencies are not compared.
    """
    newest = defaultdict[tuple[PlaceKey, PlaceKey], dict[UUID | None, OpenCount]](dict)
    by_origin = defaultdict[PlaceKey, set[PlaceKey]](set)
    for count in sorted(counts, key=age_order):
        newest[count.origin.key, count.present_key][hazard_of(count, same)] = count
        by_origin[count.origin.key].add(count.present_key)

    def alike(place: PlaceKey) -> set[PlaceKey]:
        return {near for known in same.all_of(place) for near in (known, *similar.get(known, ()))}

    for (origin, present), known in newest.items():
        presents = alike(present)
        for other_origin in alike(origin) & by_origin.keys():
            for other_present in by_origin[other_origin] & presents:
                if (origin, present) < (other_origin, other_present):
                    others = newest[other_origin, other_present]
                    for (hazard, one), (other_hazard, other) in product(known.items(), others.items()):
                        if hazard == other_hazard or hazard is None or other_hazard is None:
                            yield one, other


def of_hazards(counts: Iterable[OpenCount], same: SamePlaces) -> Iterator[list[Match]]:
    """Two counts that differ only by the hazard: one count names none, or the hazards happened at about the same time.

    Two hazards of different types may be one emergency: for example, an earthquake and its landslides. A later partial
    count is always added to the earlier count, so there is no question.
    """
    alike = defaultdict[UUID, list[OpenCount]](list)
    for count in counts:
        if count.destination.pcode:
            # the question shows the hazard of the report
            alike[count.population].append(replace(count, hazard_id=count.hazard_id or hazard_of(count, same)))
    # most populations have at most one hazard
    several_hazards = [counts for counts in alike.values() if len({hazard_of(count, same) for count in counts}) > 1]
    for several in several_hazards:
        for later, earlier in combinations(sorted(several, key=age_order, reverse=True), 2):
            if later.is_full_recount and later.stock_id != earlier.stock_id and may_be_one_event(later, earlier, same):
                keys = (hazard_or_count(later), hazard_or_count(earlier))
                (one, counted), (other, also) = sorted(zip(keys, (later, earlier), strict=True), key=itemgetter(0))
                yield [Match(About.HAZARD, one, counted, other, also)]


def may_be_one_event(one: OpenCount, other: OpenCount, same: SamePlaces) -> bool:
    hazard_id, other_id = hazard_of(one, same), hazard_of(other, same)
    if hazard_id == other_id:
        return False
    return hazard_id is None or other_id is None or abs(one.occurred_at - other.occurred_at) <= LEFT_TOGETHER


def hazard_of(count: OpenCount, same: SamePlaces) -> UUID | None:
    """The joined hazards of an emergency have one id."""
    return same.hazard(hazard_key(count.hazard_id) if count.hazard_id else count_key(count.report_id))


def hazard_or_count(count: OpenCount) -> PlaceKey:
    return hazard_key(count.hazard_id) if count.hazard_id else count_key(count.report_id)


def age_order(count: OpenCount) -> tuple[datetime, UUID]:
    return count.counted_at, count.report_id
