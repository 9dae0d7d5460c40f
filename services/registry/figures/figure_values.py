"""A figure of displaced persons, with its dimensions and numbers."""

from collections.abc import Iterable, Iterator

import msgspec

from services.registry.figures.queries import FigureCategory, MovementScope, category_of
from services.registry.reports import SEXES
from shared.confirmations import ConfirmationState
from shared.events.vocabulary import Evacuation, HazardType, Mobility, Reason, Sex, Shelter
from shared.hazard_definitions import Onset


# a Struct is created faster than a dataclass, and the garbage collector does not visit Structs with `gc=False`
class Figure(msgspec.Struct, gc=False):
    """`period` is a month, or a year if the month is unknown. A stock has no `period`.

    If `pcode` is None, the figure is about a whole country. `country` is an alpha-2 code, as in reports. If the rank is
    `any`, `reasons` has every reason of the displacements. If the rank is not `any`, `reasons` has at most one reason.
    `cells` has the numbers of persons by sex and age bracket, in the brackets of the query's age profile. `imprecise`
    is the number of households without an exactly known day of arrival. `assessed` is the number of registered persons
    who answered the questions about functioning. `with_disability` is the number of persons with disability among the
    assessed persons. `assessed` and `with_disability` are None if the query selects sexes or ages.
    """

    period: str | None
    pcode: str | None
    country: str | None
    scope: MovementScope
    reasons: tuple[Reason, ...]
    mobility: Mobility
    households: int = 0
    cells: tuple[int, ...] = ()
    corrected: int = 0
    imprecise: int = 0
    groups: int = 0
    group_persons: int = 0
    group_imprecise: int = 0
    hazard_type: HazardType | None = None
    onset: Onset | None = None
    shelter: Shelter | None = None
    evacuation: Evacuation | None = None
    confirmation: ConfirmationState | None = None
    assessed: int | None = 0
    with_disability: int | None = 0
    persons: int = 0

    def __post_init__(self) -> None:
        self.persons = sum(self.cells)  # the page of figures reads the sum several times

    @property
    def undescribed(self) -> int:
        return self.cells[-1]

    @property
    def name(self) -> str:
        """A text, because Python compares a text much faster than a tuple of all dimensions."""
        place = self.pcode or "~", self.country or "", self.scope
        sheltered = self.shelter or "", self.evacuation or "", self.confirmation or ""
        requested = self.hazard_type or "", self.onset or "", *sheltered
        return "\0".join((self.period or "", *place, "\1".join(self.reasons), self.mobility, *requested))

    @property
    def category(self) -> FigureCategory:
        return category_of(self.mobility, self.scope)

    @property
    def reason(self) -> Reason:
        return self.reasons[0]

    @property
    def by_sex(self) -> Iterator[tuple[Sex, tuple[int, ...]]]:
        brackets = len(self.cells) // len(SEXES)
        for position, sex in enumerate(SEXES):
            yield sex, self.cells[position * brackets : (position + 1) * brackets]

    def of(self, sex: Sex) -> int:
        return sum(sum(counts) for of, counts in self.by_sex if of == sex)

    def aged(self, brackets: Iterable[int]) -> int:
        """`brackets` are indexes in the profile."""
        return sum(counts[bracket] for _, counts in self.by_sex for bracket in brackets)
