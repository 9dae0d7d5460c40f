"""Proposes places of open counts that may be the same place, because their typed names are nearly equal. No I/O.

A proposal is a question for the desk. Until a person has answered, the places are different (docs/decisions/0059). In
the same way, the desk is asked whether a count that names no hazard is of a hazard (docs/decisions/0062).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from itertools import chain, combinations, product
from operator import itemgetter
from typing import NamedTuple
from uuid import UUID

from services.registry.named_hazards import LEFT_TOGETHER
from services.registry.same_places import (
    NONE_JOINED,
    PlaceKey,
    PlacePair,
    SamePlaces,
    count_key,
    hazard_key,
    is_listed,
    site_key,
)
from services.registry.similar_names import nearly_equal
from shared import events
from shared.places.localities import StatedLocality, joined


class PlaceAnswer(StrEnum):
    SAME = "same"
    DIFFERENT = "different"
    OPEN = "open"  # an earlier answer was reversed, so the question is asked again


class Side(StrEnum):
    ORIGIN = "origin"
    DESTINATION = "destination"


class About(StrEnum):
    ORIGIN = "origin"
    DESTINATION = "destination"
    HAZARD = "hazard"


class TypedPlace(NamedTuple):
    """A place as a count states it. `pcode` is the unit, and `locality_pcode` the locality's code in the gazetteer."""

    pcode: str | None
    country: str | None
    locality: str | None
    locality_pcode: str | None

    @property
    def key(self) -> PlaceKey:
        return StatedLocality.of(self.locality, self.locality_pcode).key(self.pcode or self.country)

    @property
    def is_named(self) -> bool:
        return bool(self.pcode and joined(self.locality))


@dataclass(frozen=True, slots=True)
class OpenCount:
    """A count that is in effect, and whose report names the present place of the people."""

    report_id: UUID
    group_id: UUID
    persons: int
    households: int | None
    household_unit: str | None
    is_full_recount: bool
    counted_at: datetime
    received_at: datetime
    author: UUID
    hazard_id: UUID | None
    hazard_type: str | None
    population: UUID
    stock_id: UUID
    occurred_at: datetime
    mobility: str
    shelter: str | None
    site_id: UUID | None
    origin: TypedPlace
    destination: TypedPlace

    @property
    def present_key(self) -> PlaceKey:
        return site_key(self.site_id) if self.site_id else self.destination.key

    @property
    def identity(self) -> tuple[object, ...]:
        """The values, except places and hazards, that must be equal if two counts are of the same people."""
        return self.mobility, None if self.site_id else self.shelter


class OpenSite(NamedTuple):
    site_id: UUID
    pcode: str
    names: Sequence[str]


class Decided(NamedTuple):
    """The decisions of people.

    `closed` has the pairs that are not asked again: they are different, or the worker has yet to join them.

    `accepted` has the places of `same`, and the pairs that the worker has yet to join.
    """

    same: SamePlaces
    closed: Iterable[PlacePair] = ()
    accepted: SamePlaces = NONE_JOINED


@dataclass(frozen=True, slots=True)
class ProposedPlace:
    """One of the two places. `counts` are the open counts at or from this place, the newest first."""

    key: PlaceKey
    label: str
    pcode: str
    counts: Sequence[OpenCount]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A question whether two places are the same. `since` is the time from which both names were known."""

    pair: PlacePair
    id: UUID
    about: About
    since: datetime
    places: tuple[ProposedPlace, ProposedPlace]


class Match(NamedTuple):
    """Two places that may be the same, each with a count there. Only a site on the list may lack a count."""

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


def proposals(
    counts: Sequence[OpenCount], sites: Sequence[OpenSite], decided: Decided, district: Callable[[str], str]
) -> list[Proposal]:
    """All open questions, the oldest first. All counts must have the same status."""
    same, similar = decided.same, _similar(counts, sites, district)
    closed = {PlacePair.of(same.key(pair.one), same.key(pair.other)) for pair in decided.closed}
    matches = defaultdict[PlacePair, list[Match]](list)
    found_in = _at_sites(counts, sites, similar), _between_counts(counts, same, similar), _of_hazards(counts, same)
    for found in chain.from_iterable(found_in):
        pairs = [PlacePair.of(same.key(match.one), same.key(match.other)) for match in found]
        for pair, match in zip(pairs, found, strict=True):
            if closed.isdisjoint(pairs) and same.may_join(pair):
                matches[pair].append(match)
    names = {site_key(site.site_id): site for site in sites}
    made = [_proposal(pair, several, same, names) for pair, several in matches.items()]
    return sorted(made, key=lambda proposal: (proposal.since, proposal.id))


def _proposal(
    joined: PlacePair, matches: Sequence[Match], same: SamePlaces, sites: Mapping[PlaceKey, OpenSite]
) -> Proposal:
    """The question about two places. `joined` has the key that each place shares with the places joined to it."""
    sides: list[ProposedPlace] = []
    for key in joined:
        ends = [end for match in matches for end in match.ends if same.key(end[0]) == key]
        counts = {count.report_id: (place, count) for place, count in ends if count}
        newest_first = sorted(counts.values(), key=lambda end: _newest(end[1]), reverse=True)
        shown = [count for _, count in newest_first]
        place = newest_first[0][0] if newest_first else ends[0][0]
        label, pcode = _named(sites[place]) if place in sites else _stated(place, shown[0])
        sides.append(ProposedPlace(place, label, pcode, shown))
    one, other = sides
    id, since = events.derived_id("same places", *joined.one, *joined.other), min(match.since for match in matches)
    return Proposal(PlacePair.of(one.key, other.key), id, matches[0].about, since, (one, other))


def _named(site: OpenSite) -> tuple[str, str]:
    return site.names[0], site.pcode


def _stated(key: PlaceKey, count: OpenCount) -> tuple[str, str]:
    place = count.origin if count.origin.key == key else count.destination  # a count or a hazard is at this place
    return place.locality or "", place.pcode or ""


Similar = Mapping[PlaceKey, set[PlaceKey]]


def _similar(counts: Iterable[OpenCount], sites: Iterable[OpenSite], district: Callable[[str], str]) -> Similar:
    """For each place: the places in its district whose names are equal or nearly equal to its name."""
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


def _at_sites(counts: Iterable[OpenCount], sites: Iterable[OpenSite], similar: Similar) -> Iterator[list[Match]]:
    """The counts whose typed present place is nearly equal to the name of a site."""
    listed = {site_key(site.site_id) for site in sites}
    for count in counts:
        if count.site_id is None:
            key = count.destination.key
            for site in similar.get(key, set()) & listed:
                yield [Match(About.DESTINATION, key, count, site)]


def _between_counts(counts: Iterable[OpenCount], same: SamePlaces, similar: Similar) -> Iterator[list[Match]]:
    """The pairs of counts that may be of the same people, and whose places have equal or nearly equal names."""
    alike = defaultdict[tuple[object, ...], list[OpenCount]](list)
    for count in counts:
        alike[count.identity].append(count)
    for several in alike.values():
        for one, other in _near(several, same, similar):
            ends = (
                (About.ORIGIN, one.origin.key, other.origin.key),
                (About.DESTINATION, one.present_key, other.present_key),
            )
            yield [
                Match(about, here, one, there, other)
                for about, here, there in ends
                if same.key(here) != same.key(there)
            ]


def _near(counts: Iterable[OpenCount], same: SamePlaces, similar: Similar) -> Iterator[tuple[OpenCount, OpenCount]]:
    """Pairs of counts whose origins and present places are the same or nearly equal.

    Of all counts with the same places and the same hazard, only the newest is compared. Counts that name different
    hazards are not compared.
    """
    newest = defaultdict[tuple[PlaceKey, PlaceKey], dict[UUID | None, OpenCount]](dict)
    by_origin = defaultdict[PlaceKey, set[PlaceKey]](set)
    for count in sorted(counts, key=_newest):
        newest[count.origin.key, count.present_key][count.hazard_id] = count
        by_origin[count.origin.key].add(count.present_key)

    def alike(place: PlaceKey) -> set[PlaceKey]:
        return {near for known in same.all_of(place) for near in (known, *similar.get(known, ()))}

    for (origin, present), known in newest.items():
        presents = alike(present)
        for other_origin in alike(origin) & by_origin.keys():
            for other_present in by_origin[other_origin] & presents:
                if (origin, present) < (other_origin, other_present):
                    others = newest[other_origin, other_present]
                    yield from filter(may_be_of_one_hazard, product(known.values(), others.values()))


def _of_hazards(counts: Iterable[OpenCount], same: SamePlaces) -> Iterator[list[Match]]:
    """The counts of the same people, except for the hazard, that the registry did not join by itself.

    Either only one of the counts names its hazard, or they name two hazards of one type that people fled at about the
    same time. A later partial count is added to the earlier count also if both are of the same hazard, so nothing is
    asked.
    """
    alike = defaultdict[UUID, list[OpenCount]](list)
    for count in counts:
        if count.destination.pcode:
            decided = count.hazard_id or same.hazard(count_key(count.report_id))
            alike[count.population].append(replace(count, hazard_id=decided))
    for several in alike.values():
        if len({count.hazard_id for count in several}) > 1:
            for later, earlier in combinations(sorted(several, key=_newest, reverse=True), 2):
                if later.is_full_recount and later.stock_id != earlier.stock_id and may_be_one_event(later, earlier):
                    keys = (_hazard_or_count(later), _hazard_or_count(earlier))
                    (one, counted), (other, also) = sorted(zip(keys, (later, earlier), strict=True), key=itemgetter(0))
                    yield [Match(About.HAZARD, one, counted, other, also)]


def may_be_one_event(one: OpenCount, other: OpenCount) -> bool:
    if one.hazard_id == other.hazard_id:
        return False
    if one.hazard_id is None or other.hazard_id is None:
        return True
    return one.hazard_type == other.hazard_type and abs(one.occurred_at - other.occurred_at) <= LEFT_TOGETHER


def _hazard_or_count(count: OpenCount) -> PlaceKey:
    return hazard_key(count.hazard_id) if count.hazard_id else count_key(count.report_id)


def may_be_of_one_hazard(pair: tuple[OpenCount, OpenCount]) -> bool:
    one, other = (count.hazard_id for count in pair)
    return one == other or one is None or other is None


def _newest(count: OpenCount) -> tuple[datetime, UUID]:
    return count.counted_at, count.report_id
