"""Computes the geometry of a bar chart. The template renders the chart as SVG, which needs no script."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.registry.figures.queries import MovementScope
from services.registry.figures.statistics import Figure, summed
from shared import months

HEIGHT = 180
STEP = 56
BAR = 36
LEFT = 52
STEPS = (1, 2, 5)
# The axis is divided into one of these numbers of parts: the first that makes the value of every tick a whole number.
INTERVALS = (5, 2, 1)
MOST = 120


@dataclass(frozen=True, slots=True)
class ChartSegment:
    scope: MovementScope
    persons: int
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Bar:
    period: str
    x: int
    persons: int
    y: float
    segments: Sequence[ChartSegment]


@dataclass(frozen=True, slots=True)
class Line:
    value: int
    y: float


@dataclass(frozen=True, slots=True)
class Chart:
    width: int
    bars: Sequence[Bar]
    lines: Sequence[Line]
    is_cut: bool
    height: int = HEIGHT
    bar: int = BAR
    left: int = LEFT


def monthly(figures: Iterable[Figure]) -> Chart:
    """A chart of newly displaced persons: one bar per month, split by movement scope."""
    periods: dict[str, dict[MovementScope, int]] = defaultdict(lambda: defaultdict(int))
    for figure in figures:
        if figure.period and figure.persons:
            periods[figure.period][figure.scope] += figure.persons
    whole = filled(periods)
    top = ceiling(max((sum(counts.values()) for counts in whole.values()), default=0))
    bars = [bar(period, position, counts, top) for position, (period, counts) in enumerate(whole.items())]
    return Chart(LEFT + max(len(bars), 6) * STEP, bars, ruled(top), len(periods.keys() - whole) > 0)


def filled(periods: Mapping[str, dict[MovementScope, int]]) -> dict[str, dict[MovementScope, int]]:
    """Add months without displaced persons, so that the time axis has no gaps.

    Keep at most the last MOST months and the last MOST years.
    """
    known = sorted(period for period in periods if len(period) == len("2026-01"))
    years = sorted(year for year in periods if len(year) == len("2026"))[-MOST:]
    wanted = known[-1:]
    while wanted and wanted[-1] > known[0] and len(wanted) < MOST:
        wanted.append(months.before(wanted[-1]))
    return {period: periods.get(period, {}) for period in (*years, *reversed(wanted))}


def bar(period: str, position: int, counts: Mapping[MovementScope, int], top: int) -> Bar:
    stacked, below = [], float(HEIGHT)
    for scope in MovementScope:
        if persons := counts.get(scope, 0):
            height = HEIGHT * persons / top
            below -= height
            stacked.append(ChartSegment(scope, persons, round(below, 2), round(height, 2)))
    x = LEFT + position * STEP + (STEP - BAR) // 2
    return Bar(period, x, sum(counts.values()), round(below, 2), stacked)


def ruled(top: int) -> list[Line]:
    count = next(count for count in INTERVALS if top % count == 0)
    return [Line(top * number // count, HEIGHT - HEIGHT * number / count) for number in range(count + 1)]


def by_place(figures: Iterable[Figure], most: int = 12) -> list[Figure]:
    """The figures summed by place, the largest first. Registered and counted persons have separate sums."""
    places: defaultdict[tuple[str | None, str | None], list[Figure]] = defaultdict(list)
    for figure in figures:
        places[figure.pcode, figure.country].append(figure)
    return sorted(map(summed, places.values()), key=lambda figure: -max(figure.persons, figure.group_persons))[:most]


def widest(figures: Iterable[Figure]) -> int:
    """The number of persons in the longest bar. If all bars are empty, the number is 1."""
    return max((max(figure.persons, figure.group_persons) for figure in figures), default=0) or 1


def ceiling(value: int) -> int:
    """The smallest round number (1, 2 or 5 times a power of ten) that is at least `value`."""
    power = 1
    while True:
        for step in STEPS:
            if step * power >= value:
                return step * power
        power *= 10
