"""Sums figures: figures with equal dimensions, and the totals of a list of figures. No I/O."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence

from msgspec.structs import replace

from services.registry.figures.figure_values import Figure
from services.registry.figures.queries import Dimension, FigureCategory, MovementScope, ReasonRank
from shared.displacement_reasons import onset
from shared.events.vocabulary import Evacuation, Mobility, Reason, Shelter
from shared.hazard_definitions import Onset
from shared.shelters import SHELTERS as SHELTERS_IN_ORDER


def united(figures: Iterable[Figure]) -> list[Figure]:
    """Adds, for example, the figures of all villages of a district."""
    known: dict[str, Figure] = {}
    several: defaultdict[str, list[Figure]] = defaultdict(list)
    for figure in figures:  # most figures have a name of their own
        name = figure.name
        if known.setdefault(name, figure) is not figure:
            several[name].append(figure)
    for name, others in several.items():
        known[name] = summed([known[name], *others])
    return [known[name] for name in sorted(known)]


def rows(
    figures: list[Figure],
    *,
    rank: ReasonRank,
    by: Collection[Dimension],
    reasons: Collection[Reason],
    onsets: Collection[Onset],
) -> list[Figure]:
    """Returns one row for each reason and each requested dimension.

    If the rank is `any`, a displacement with several reasons is in several rows, so the rows must not be added.
    """
    if rank is not ReasonRank.ANY and Dimension.ONSET not in by:
        return figures

    def by_reason(figure: Figure) -> Iterator[Figure]:
        for reason in figure.reasons:
            of = onset(reason, figure.hazard_type)
            if (not reasons or reason in reasons) and (not onsets or of in onsets):
                yield replace(
                    figure,
                    reasons=(reason,),
                    onset=of if Dimension.ONSET in by else None,
                    hazard_type=figure.hazard_type if Dimension.HAZARD_TYPE in by else None,
                )

    return united(row for figure in figures for row in by_reason(figure))


def by_shelter(figures: Iterable[Figure]) -> list[Figure]:
    """The order is that of DTM's shelter arrangements."""
    same: defaultdict[Shelter, list[Figure]] = defaultdict(list)
    for figure in figures:
        same[figure.shelter or Shelter.UNKNOWN].append(figure)
    return [summed(same[shelter]) for shelter in SHELTERS_IN_ORDER if shelter in same]


def by_evacuation(figures: Iterable[Figure]) -> dict[Evacuation | None, Figure]:
    """If a report does not state the kind of evacuation, the key is None."""
    evacuated = [figure for figure in figures if figure.mobility is Mobility.EVACUATION]
    return {kind: total(figure for figure in evacuated if figure.evacuation is kind) for kind in (*Evacuation, None)}


NOTHING = Figure(None, None, None, MovementScope.WITHIN, (Reason.NOT_REPORTED,), Mobility.DISPLACEMENT)


def total(figures: Iterable[Figure]) -> Figure:
    """Households and groups have separate totals.

    All figures must be of one category.
    """
    return summed([NOTHING, *figures])


def totals(figures: Iterable[Figure]) -> dict[FigureCategory, Figure]:
    """Totals of different categories must not be added."""
    return {of: total(same) for of, same in by_category(figures).items()}


def by_category(figures: Iterable[Figure]) -> dict[FigureCategory, list[Figure]]:
    """A category without figures has an empty list."""
    members: dict[FigureCategory, list[Figure]] = {of: [] for of in FigureCategory}
    for figure in figures:
        members[figure.category].append(figure)
    return members


def summed(figures: Sequence[Figure]) -> Figure:
    if len(figures) == 1:
        return figures[0]
    return replace(
        figures[0],
        households=sum(figure.households for figure in figures),
        cells=tuple(map(sum, zip(*(figure.cells for figure in figures if figure.cells), strict=True))),
        corrected=sum(figure.corrected for figure in figures),
        imprecise=sum(figure.imprecise for figure in figures),
        groups=sum(figure.groups for figure in figures),
        group_persons=sum(figure.group_persons for figure in figures),
        group_imprecise=sum(figure.group_imprecise for figure in figures),
        assessed=known_sum(figure.assessed for figure in figures),
        with_disability=known_sum(figure.with_disability for figure in figures),
    )


def known_sum(numbers: Iterable[int | None]) -> int | None:
    """None if one of the numbers is None."""
    total = 0
    for number in numbers:
        if number is None:
            return None
        total += number
    return total
