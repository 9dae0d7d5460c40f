"""The numbers of the charts of figures. The page has these numbers as tables, from which a script draws the charts."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from services.registry.figures.figure_values import Figure
from services.registry.figures.queries import MovementScope
from services.registry.figures.totals import summed
from shared import months

MOST = 120
Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class PeriodPersons:
    """`period` is a year if the month is not known."""

    period: str
    persons: Mapping[MovementScope, int]

    @property
    def total(self) -> int:
        return sum(self.persons.values())


@dataclass(frozen=True, slots=True)
class MonthlyPersons:
    """`is_cut` is true if the chart leaves out earlier months."""

    rows: Sequence[PeriodPersons]
    is_cut: bool


def monthly(figures: Iterable[Figure]) -> MonthlyPersons:
    periods: dict[str, dict[MovementScope, int]] = defaultdict(lambda: defaultdict(int))
    for figure in figures:
        if figure.period and figure.persons:
            periods[figure.period][figure.scope] += figure.persons
    whole = filled(periods)
    rows = [PeriodPersons(period, persons) for period, persons in whole.items()]
    return MonthlyPersons(rows, len(periods.keys() - whole) > 0)


def filled(periods: Mapping[str, Mapping[Key, Value]]) -> dict[str, Mapping[Key, Value]]:
    """Months without persons are added, because the time axis must have no gaps.

    Keep at most the last MOST months and the last MOST years.
    """
    known = sorted(period for period in periods if len(period) == len("2026-01"))
    years = sorted(period for period in periods if len(period) == len("2026"))[-MOST:]
    wanted = known[-1:]
    while wanted and wanted[-1] > known[0] and len(wanted) < MOST:
        wanted.append(months.before(wanted[-1]))
    return {period: periods.get(period, {}) for period in (*years, *reversed(wanted))}


def by_place(figures: Iterable[Figure], most: int | None = None) -> list[Figure]:
    """The largest figure comes first. Registered and counted persons have separate sums."""
    places: defaultdict[tuple[str | None, str | None], list[Figure]] = defaultdict(list)
    for figure in figures:
        places[figure.pcode, figure.country].append(figure)
    return sorted(map(summed, places.values()), key=lambda figure: -max(figure.persons, figure.group_persons))[:most]


def widest(figures: Iterable[Figure]) -> int:
    return max((max(figure.persons, figure.group_persons) for figure in figures), default=0) or 1
