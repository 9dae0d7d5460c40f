"""Proposes places of open counts that may be the same place, because their typed names are nearly equal. No I/O.

The desk answers the questions that are proposed here. Until a person has answered, the places are different
(docs/decisions/0059). If a count names no hazard, the desk is asked whether the count is of a certain hazard
(docs/decisions/0064).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import chain
from typing import NamedTuple
from uuid import UUID

from services.registry.counts.open_counts import OpenCount, OpenSite
from services.registry.places.matches import (
    About,
    Match,
    age_order,
    at_sites,
    between_counts,
    of_hazards,
    similar_places,
)
from services.registry.places.same_places import NONE_JOINED, PlaceKey, PlacePair, SamePlaces, site_key
from shared import events


class PlaceAnswer(StrEnum):
    SAME = "same"
    DIFFERENT = "different"
    OPEN = "open"  # an earlier answer was reversed, so the question is open again


class Decided(NamedTuple):
    """Pairs in `closed` need no question, because people have answered it.

    `same` are the places that the worker has joined. `accepted` has the joined places, and the places that the worker
    is going to join.
    """

    same: SamePlaces
    closed: Iterable[PlacePair] = ()
    accepted: SamePlaces = NONE_JOINED


@dataclass(frozen=True, slots=True)
class ProposedPlace:
    """`counts` are the open counts of people at this place or from it, the newest first."""

    key: PlaceKey
    label: str
    pcode: str
    counts: Sequence[OpenCount]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A question whether two places are the same.

    `since` is the time from which both names had a count.
    """

    pair: PlacePair
    id: UUID
    about: About
    since: datetime
    places: tuple[ProposedPlace, ProposedPlace]


def proposals(
    counts: Sequence[OpenCount], sites: Sequence[OpenSite], decided: Decided, district: Callable[[str], str]
) -> list[Proposal]:
    """All counts must have one status. The oldest question comes first."""
    same, similar = decided.same, similar_places(counts, sites, district)
    closed = {PlacePair.of(same.key(pair.one), same.key(pair.other)) for pair in decided.closed}
    matches = defaultdict[PlacePair, list[Match]](list)
    found_in = at_sites(counts, sites, similar), between_counts(counts, same, similar), of_hazards(counts, same)
    for match_group in chain.from_iterable(found_in):
        pairs = [PlacePair.of(same.key(match.one), same.key(match.other)) for match in match_group]
        for pair, match in zip(pairs, match_group, strict=True):
            if closed.isdisjoint(pairs) and same.may_join(pair):
                matches[pair].append(match)
    names = {site_key(site.site_id): site for site in sites}
    made = [_proposal(pair, several, same, names) for pair, several in matches.items()]
    return sorted(made, key=lambda proposal: (proposal.since, proposal.id))


def _proposal(
    joined: PlacePair, matches: Sequence[Match], same: SamePlaces, sites: Mapping[PlaceKey, OpenSite]
) -> Proposal:
    """`joined` is the pair of places.

    A place that people have joined to other places has the common key of these places.
    """
    sides: list[ProposedPlace] = []
    for key in joined:
        ends = [end for match in matches for end in match.ends if same.key(end[0]) == key]
        counts = {count.report_id: (place, count) for place, count in ends if count}
        newest_first = sorted(counts.values(), key=lambda end: age_order(end[1]), reverse=True)
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
    # if `key` is a count or a hazard, the question shows its present place
    place = count.origin if count.origin.key == key else count.destination
    return place.locality or "", place.pcode or ""
