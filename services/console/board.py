"""Computes the data of the board's panels from rows. All functions are pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.auth.tokens import Principal
from shared.country import COUNTRY, UNKNOWN_COUNTRY
from shared.events.vocabulary import OutcomeKind, ReportKind
from shared.places import Places

NAMED_AT_MOST = 2


def covered(principal: Principal, places: Places) -> list[str] | None:
    """Returns the P-codes of all units in the caller's areas, or None for all P-codes."""
    within = places.within(principal.areas)
    return None if within is None else sorted(within)


def concerning(principal: Principal, places: Places) -> list[str] | None:
    """Returns the P-codes of the caller's areas, of all units inside an area, and of all units that contain an area.

    None stands for all P-codes.
    """
    around = places.around(principal.areas)
    return None if around is None else sorted(around)


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Names up to two places, each with its oblast.

    For more than two places, `grouped` counts the places per oblast.
    """

    named: tuple[tuple[str, str | None], ...] = ()
    grouped: tuple[tuple[str, int], ...] = ()


def whereabouts(pcodes: Sequence[str], places: Places, language: str) -> Whereabouts:
    known = [pcode for pcode in pcodes if places.unit(pcode)]
    parents = {parent for pcode in known for parent in places.ancestors(pcode)}
    finest = [pcode for pcode in known if pcode not in parents]
    if len(finest) <= NAMED_AT_MOST:
        return Whereabouts(
            named=tuple((places.name(pcode, language), _above(pcode, places, language)) for pcode in finest)
        )
    tops = Counter(places.adm1(pcode) or pcode for pcode in finest)
    return Whereabouts(grouped=tuple((places.name(top, language), count) for top, count in tops.most_common()))


def _above(pcode: str, places: Places, language: str) -> str | None:
    top = places.adm1(pcode)
    return places.name(top, language) if top and top != pcode else None


@dataclass(slots=True)
class AreaCounts:
    code: str
    here: int = 0
    persons: int = 0
    new: int = 0
    left: int = 0
    urgent: int = 0
    within: dict[str, "AreaCounts"] = field(default_factory=dict)

    def add(self, *, here: int = 0, persons: int = 0, new: int = 0, left: int = 0, urgent: int = 0) -> None:
        self.here += here
        self.persons += persons
        self.new += new
        self.left += left
        self.urgent += urgent


@dataclass(frozen=True, slots=True)
class Households:
    """Counts of households.

    `total` contains the households in Kyrgyzstan, and the households in an unknown country. `abroad` has one count per
    country. In `abroad`, the code `ZZ` stands for an unknown country and for an unknown place in Kyrgyzstan.
    """

    total: AreaCounts
    areas: Sequence[AreaCounts]
    abroad: Sequence[AreaCounts]
    most: int

    @property
    def households_abroad(self) -> int:
        return sum(country.here for country in self.abroad if country.code != UNKNOWN_COUNTRY)


def by_area(rows: Iterable[Any], places: Places) -> Households:
    total, tops, countries = AreaCounts(COUNTRY), dict[str, AreaCounts](), dict[str, AreaCounts]()
    for row in rows:
        counts = {"here": row.households, "persons": row.persons, "new": row.new, "urgent": row.urgent}
        country = UNKNOWN_COUNTRY if row.destination_country == COUNTRY else row.destination_country
        if row.destination_pcode:
            _add(tops, row.destination_pcode, places, **counts)
        else:
            countries.setdefault(country, AreaCounts(country)).add(**counts)
        if row.destination_pcode or country == UNKNOWN_COUNTRY:
            total.add(**counts)
        if row.origin_pcode:
            _add(tops, row.origin_pcode, places, left=row.households)
    ranked = sorted(tops.values(), key=lambda area: (-area.here, -area.left))
    most = max((part.here for area in ranked for part in area.within.values()), default=0)
    return Households(total, ranked, sorted(countries.values(), key=lambda area: -area.here), max(1, most))


def _add(tops: dict[str, AreaCounts], pcode: str, places: Places, **counts: int) -> None:
    top = places.adm1(pcode) or pcode
    area = tops.setdefault(top, AreaCounts(top))
    area.add(**counts)
    district = places.adm2(pcode) or top
    area.within.setdefault(district, AreaCounts(district)).add(**counts)


@dataclass(frozen=True, slots=True)
class Outcomes:
    """`reasons` counts the reasons of the outcomes in `LOOKED_AT`, which a person should check."""

    counts: dict[str, Counter[str]]
    reasons: Sequence[tuple[str, str, str, int]]

    @property
    def kinds(self) -> list[str]:
        return [kind for kind in ReportKind if kind in self.counts]

    @property
    def table(self) -> list[tuple[str, list[int]]]:
        rows = [(str(outcome), [self.counts[kind][outcome] for kind in self.kinds]) for outcome in OutcomeKind]
        return [(outcome, counts) for outcome, counts in rows if any(counts)]

    @property
    def total(self) -> int:
        return sum(counter.total() for counter in self.counts.values())


# An outcome has no place, so the console cannot compare an outcome with a reader's areas. Readers of the whole country
# see all outcomes. Readers of some areas see only the outcomes of hazards, which every reader may see.
PUBLIC_KINDS = (ReportKind.HAZARD,)
LOOKED_AT = ("held", "rejected", "set_aside")
# The panel has room for only one column of movements.
COLUMN_OF = dict.fromkeys((ReportKind.GROUP_MOVEMENT, ReportKind.SITE_MOVEMENT), ReportKind.HOUSEHOLD_MOVEMENT)


def settled(rows: Iterable[Any]) -> Outcomes:
    counts: dict[str, Counter[str]] = {}
    reasons: Counter[tuple[str, str, str]] = Counter()
    for row in rows:
        counts.setdefault(COLUMN_OF.get(row.kind, row.kind), Counter())[row.outcome] += row.count
        if row.outcome in LOOKED_AT:
            reasons[row.kind, row.outcome, row.reason or ""] += row.count
    return Outcomes(counts, [(*name, count) for name, count in reasons.most_common(6)])
