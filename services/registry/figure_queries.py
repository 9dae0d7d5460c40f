"""What a figure is asked for: the status, the place, the period and the filters."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Literal

from services.registry.reports import CELLS
from shared.country import TIME_ZONE
from shared.events.vocabulary import DISPLACED, AgeBracket, Mobility, Movement, Reason, Sex, Status, SubStock


class View(StrEnum):
    """Which place a figure is about: the people's origin or the people's destination."""

    ORIGIN = "origin"
    DESTINATION = "destination"


Kind = Literal["stock", "flows"]


class MovementScope(StrEnum):
    WITHIN = "within"
    ABROAD = "abroad"
    FROM_ABROAD = "from_abroad"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class FigureQuery:
    """A query. If `pcodes` or `visible` is None, all places count. `known` has all P-codes of the country."""

    status: Status
    known: Sequence[str]
    visible: Sequence[str] | None = None
    pcodes: Sequence[str] | None = None
    view: View = View.DESTINATION
    level: int = 2
    since: date | None = None
    until: date | None = None  # the first day that is not included
    reasons: Sequence[Reason] = ()
    scopes: Sequence[MovementScope] = ()
    mobilities: Sequence[Mobility] = DISPLACED
    sexes: Sequence[Sex] = ()
    ages: Sequence[AgeBracket] = ()
    sub_stocks: Sequence[SubStock] = (SubStock.IN_DISPLACEMENT,)
    movements: Sequence[Movement] = ()

    @property
    def chosen(self) -> list[int]:
        """Indexes of the selected cells of sex and age."""
        return [
            index
            for index, (sex, age) in enumerate(CELLS)
            if (not self.sexes or sex in self.sexes) and (not self.ages or age in self.ages)
        ]

    @property
    def is_whole(self) -> bool:
        return len(self.chosen) == len(CELLS)

    def parameters(self) -> dict[str, Any]:
        return {
            "status": self.status.value,
            "visible": self.visible,
            "pcodes": self.pcodes,
            "known": self.known,
            "reasons": [reason.value for reason in self.reasons] or None,
            "scopes": [scope.value for scope in self.scopes] or None,
            "sub_stocks": [sub_stock.value for sub_stock in self.sub_stocks],
            "movements": [movement.value for movement in self.movements] or None,
            "mobilities": [mobility.value for mobility in self.mobilities],
            "since": midnight(self.since),
            "until": midnight(self.until),
        }


def midnight(day: date | None) -> datetime | None:
    """The start of the day in Bishkek."""
    return None if day is None else datetime.combine(day, time(), TIME_ZONE)


def day_after(day: date) -> date:
    return day + timedelta(days=1)


def today(now: datetime) -> date:
    return now.astimezone(TIME_ZONE).date()
