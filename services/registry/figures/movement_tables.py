"""Sums the figures of movements for the tables of the page. No I/O."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeVar

from services.registry.figures import charts
from services.registry.figures.movement_figures import MovementFigure
from shared.events.vocabulary import Movement

MOVEMENTS = tuple(Movement)
# these movements lead to a place that is not the origin
ONWARD = (
    Movement.TRANSFERRED,
    Movement.DISPLACED_AGAIN,
    Movement.SETTLED_ELSEWHERE,
    Movement.RELOCATED,
    Movement.LEFT_COUNTRY,
)
Key = TypeVar("Key")


class MovedPersons(NamedTuple):
    """Registered persons are never added to persons of counted groups."""

    persons: int
    group_persons: int


@dataclass(frozen=True, slots=True)
class MonthOfMoves:
    period: str
    returned: MovedPersons
    onward: MovedPersons


def by_month(figures: Iterable[MovementFigure]) -> dict[str, dict[Movement, MovementFigure]]:
    """The period is a year if the month of a movement is not known."""
    months = defaultdict[str, dict[Movement, list[MovementFigure]]](lambda: defaultdict(list))
    for figure in figures:
        months[figure.month or ""][figure.movement].append(figure)
    return {month: summed_by(months[month]) for month in sorted(months)}


def monthly(months: Mapping[str, Mapping[Movement, MovementFigure]]) -> list[MonthOfMoves]:
    """Each of the last months has a row, even a month without movements.

    The result is empty if nobody returned, and nobody moved on.
    """
    rows = [
        MonthOfMoves(period, moved(by_kind, (Movement.RETURNED,)), moved(by_kind, ONWARD))
        for period, by_kind in charts.filled(months).items()
    ]
    return rows if any((*row.returned, *row.onward) != (0,) * 4 for row in rows) else []


def moved(by_kind: Mapping[Movement, MovementFigure], movements: Iterable[Movement]) -> MovedPersons:
    figures = [by_kind[movement] for movement in movements if movement in by_kind]
    return MovedPersons(sum(figure.persons for figure in figures), sum(figure.group_persons for figure in figures))


def by_route(figures: Iterable[MovementFigure]) -> list[MovementFigure]:
    """The largest numbers come first."""
    routes = defaultdict[tuple[str | None, ...], list[MovementFigure]](list)
    for figure in figures:
        to = figure.destination_pcode, figure.destination_country
        routes[figure.movement, figure.origin_pcode, figure.origin_country, *to].append(figure)
    return sorted(summed_by(routes).values(), key=largest_first)


def kinds(months: Mapping[str, Mapping[Movement, MovementFigure]]) -> list[Movement]:
    movements = {movement for month in months.values() for movement in month}
    return sorted(movements, key=MOVEMENTS.index)


def summed_by(figures: Mapping[Key, Sequence[MovementFigure]]) -> dict[Key, MovementFigure]:
    return {key: summed(same) for key, same in figures.items()}


def summed(figures: Sequence[MovementFigure]) -> MovementFigure:
    """The sum gets the places of the first figure.

    Registered people and counted people are never added.
    """
    return replace(
        figures[0],
        month=None,
        households=sum(figure.households for figure in figures),
        persons=sum(figure.persons for figure in figures),
        group_persons=sum(figure.group_persons for figure in figures),
    )


def largest_first(figure: MovementFigure) -> tuple[int, int, str, str]:
    origin = figure.origin_pcode or figure.origin_country or ""
    destination = figure.destination_pcode or figure.destination_country or ""
    return -max(figure.persons, figure.group_persons), MOVEMENTS.index(figure.movement), origin, destination
