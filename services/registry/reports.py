"""A report as the registry holds it: opened, stamped, and with what became of it."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.registry.decisions import Claim, Name, Precedent
from shared.events import GroupSealed, HouseholdSealed
from shared.events.displacements import GroupClear, HouseholdClear
from shared.events.vocabulary import AgeBracket, Flag, OutcomeKind, Road, Sex

SEXES = tuple(Sex)
BRACKETS = tuple(AgeBracket)
CELLS = tuple((sex, age) for sex in SEXES for age in BRACKETS)  # the order of every `sex_age` column
CELL = {cell: index for index, cell in enumerate(CELLS)}
UNKNOWN = CELL[Sex.UNKNOWN, AgeBracket.UNKNOWN]


@dataclass(slots=True)
class Filed:
    """One version of a report. `text` is what it says in clear, canonical JSON; `plain` what came sealed, as it came."""

    clear: HouseholdClear | GroupClear
    sealed: HouseholdSealed | GroupSealed
    text: str
    plain: bytes
    digest: bytes
    author: UUID
    team: UUID | None
    road: Road
    received_at: datetime
    places_version: str | None
    flags: tuple[Flag, ...]
    outcome: OutcomeKind
    outcome_id: UUID
    reason: str | None = None

    @property
    def subject(self) -> Name:
        clear = self.clear
        return (clear.kind, clear.household_id if isinstance(clear, HouseholdClear) else clear.group_id)

    @property
    def claim(self) -> Claim:
        return Claim(
            self.clear.version, self.subject, self.author, self.team, self.digest,
            is_expired=Flag.EXPIRED_TOKEN in self.flags,
        )  # fmt: skip

    @property
    def precedent(self) -> Precedent:
        return Precedent(self.clear.version, self.subject, self.digest, self.outcome)


def sex_age(filed: Filed) -> list[int]:
    """How many of the displaced are of which sex and age; who is not described is of unknown sex and age."""
    sealed = filed.sealed
    if isinstance(sealed, HouseholdSealed) and sealed.members:
        return members_cells(sealed, filed.clear.occurred_at.date())
    cells = [0] * len(CELLS)
    for count in sealed.sex_age:
        cells[CELL[count.sex, count.age]] += count.count
    cells[UNKNOWN] += max(0, filed.clear.persons - sum(cells))
    return cells


def members_cells(sealed: HouseholdSealed, on: date) -> list[int]:
    cells = [0] * len(CELLS)
    for member in sealed.members:
        if sealed.is_whole_household or member.is_displaced:
            cells[CELL[member.sex, bracket(age(member.birth_date, member.birth_year, on))]] += 1
    return cells


def age(birth_date: date | None, birth_year: int | None, on: date) -> int | None:
    """Completed years; where only the year of birth is known, the years between."""
    if birth_date is not None:
        return on.year - birth_date.year - ((on.month, on.day) < (birth_date.month, birth_date.day))
    return None if birth_year is None else on.year - birth_year


def bracket(years: int | None) -> AgeBracket:
    if years is None or years < 0:
        return AgeBracket.UNKNOWN
    return next((bracket for last, bracket in UNTIL if years <= last), AgeBracket.AGE_60_PLUS)


UNTIL = (
    (5, AgeBracket.AGE_0_5), (11, AgeBracket.AGE_6_11), (17, AgeBracket.AGE_12_17), (59, AgeBracket.AGE_18_59),
)  # fmt: skip
