"""A report as the registry processes it: decrypted, with the fields from intake, and with its outcome."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Generic, TypeVar

from services.registry.decisions import SITE, Claim, Name, Precedent
from shared.country import TIME_ZONE
from shared.crypto.randomness import random_id
from shared.events.displacements import GroupClear, HouseholdClear
from shared.events.movements import GroupMovementClear, HouseholdMovementClear, SiteMovementClear
from shared.events.vocabulary import (
    DISPLACED,
    AgeBracket,
    Flag,
    Mobility,
    Movement,
    OutcomeKind,
    Precision,
    ReportKind,
    Sex,
    Shelter,
    SubmissionChannel,
)

SEXES = tuple(Sex)
BRACKETS = tuple(AgeBracket)
CELLS = tuple((sex, age) for sex in SEXES for age in BRACKETS)  # the numbers in the column `sex_age` have this order
CELL_NAMES = tuple(f"{sex}_{age.replace('-', '_').replace('+', '_plus')}" for sex, age in CELLS)
CELL: dict[tuple[str, str], int] = {cell: index for index, cell in enumerate(CELLS)}
UNKNOWN = CELL[Sex.UNKNOWN, AgeBracket.UNKNOWN]
UNKNOWN_SEX = Sex.UNKNOWN.value

# `unable_to_move` is left out, because it is no move
MOVES = (*DISPLACED, Mobility.PLANNED_RELOCATION, Mobility.MIGRATION)
# with these movements, nobody leaves a site
STAYING = (Movement.CONFIRMED_HERE, Movement.INTENDS_TO_STAY)
REMOVALS = (Movement.DIED, Movement.LEFT_COUNTRY, Movement.SOLUTION_ASSESSED)
NEVER = datetime.max  # noqa: DTZ901 - asyncpg's value for PostgreSQL's infinity


# The sealed fields as JSON. Intake has validated the sealed fields. If somebody changes sealed fields later, their
# decryption fails. The registry does not validate the fields a second time, because the validation would slow the
# registry down by a third.
Content = dict[str, Any]


AnyMovementClear = HouseholdMovementClear | GroupMovementClear | SiteMovementClear
C = TypeVar("C", HouseholdClear | GroupClear, AnyMovementClear)


@dataclass(slots=True)
class FiledReport(Generic[C]):
    """`text` is canonical JSON of the unencrypted fields, without the fields that intake adds.

    `plain` are the sealed fields as they were received. The working set decides the outcome. If the batch is retried,
    the working set decides the outcome again. Ids are texts, because they are written into JSON, AADs and COPY rows.
    """

    report_id: str
    subject: Name
    clear: C
    sealed: Content
    text: str
    plain: bytes
    digest: bytes
    author: str
    team: str | None
    channel: SubmissionChannel
    received_at: datetime
    places_version: str | None
    flags: tuple[Flag, ...]
    registrar_areas: tuple[str, ...] = ()
    is_revoked: bool = False  # intake received the report after the credential was revoked
    outcome: OutcomeKind = OutcomeKind.NOTED
    outcome_id: str = field(default_factory=random_id)
    reason: str | None = None
    is_accepted: bool = False  # a person accepted the held report
    is_replacement: bool = False  # a person accepted the report in place of the household's current report
    is_expiry_lifted: bool = False  # a person decided to ignore that the sign-in of the phone had expired
    replaces: str | None = None  # if the report was a dead letter and is redriven, the id of its previous outcome
    first_reported_at: datetime | None = None  # if the report is a correction, the time of the first version
    # if the report is a correction, the time of the first version with the same site
    first_placed_at: datetime | None = None

    @property
    def claim(self) -> Claim:
        is_expired = Flag.EXPIRED_TOKEN in self.flags and not self.is_expiry_lifted
        claim = Claim(
            self.clear.version,
            self.subject,
            self.author,
            self.team,
            self.digest,
            is_expired,
            is_revoked=self.is_revoked,
        )
        return claim._replace(is_accepted=True) if self.is_accepted else claim

    @property
    def result(self) -> tuple[OutcomeKind, str | None]:
        return self.outcome, self.reason

    @property
    def known_at(self) -> datetime:
        """The time of the report's first version."""
        return self.first_reported_at or self.clear.reported_at

    @property
    def placed_at(self) -> datetime:
        """The time of the first version that places the household at the site."""
        return self.first_placed_at or self.clear.reported_at

    def correct(self, older: "FiledReport[Any]") -> None:
        self.first_reported_at = older.known_at
        if self.sealed.get("site_id") == older.sealed.get("site_id"):
            self.first_placed_at = older.placed_at

    @property
    def precedent(self) -> Precedent:
        return Precedent(
            self.clear.version, self.subject, self.digest, self.outcome, self.author, self.team, self.reason
        )


@dataclass(slots=True)
class Filed(FiledReport[HouseholdClear | GroupClear]):
    @property
    def shelter(self) -> str:
        """The kind of shelter is sealed in a report about a household, and unencrypted in a report about a group."""
        if isinstance(self.clear, GroupClear):
            return self.clear.shelter
        shelter: str = self.sealed.get("shelter", Shelter.UNKNOWN)
        return shelter

    @property
    def needs(self) -> list[str]:
        needs: list[str] = self.sealed.get("needs", [])
        return needs


@dataclass(slots=True)
class FiledMovement(FiledReport[AnyMovementClear]):
    """One version of a report about a movement: of a household, of a group, or of everybody at a site."""

    @property
    def site_id(self) -> str | None:
        return self.subject[1] if self.subject[0] == SITE else None

    @property
    def household_code(self) -> str | None:
        return self.sealed.get("household_code")

    @property
    def is_unidentified(self) -> bool:
        """While the household is unknown, the report's id stands for the household's id."""
        return self.household_code is not None and self.subject[1] == self.report_id

    def name_household(self, household_id: str | None) -> None:
        """Pass None if no household has the short code of the report."""
        self.subject = (ReportKind.HOUSEHOLD.value, household_id or self.report_id)

    @property
    def removes(self) -> bool:
        """Whether the movement takes people out of the stock of displaced people."""
        return self.clear.movement in REMOVALS and not self.clear.is_reversed

    @property
    def empties_site(self) -> bool:
        """Nobody leaves the site by a confirmation, by an intention to stay, or by a reversed report."""
        is_change = self.clear.movement not in STAYING and not self.clear.is_reversed
        return self.site_id is not None and is_change


AnyFiled = Filed | FiledMovement


def order(filed: Filed) -> tuple[datetime, datetime, str]:
    """Displacements are sorted by the time at which they happened, and not by the arrival of their reports."""
    return filed.clear.occurred_at, filed.clear.reported_at, filed.report_id


def movement_order(movement: FiledMovement) -> tuple[date, datetime, str]:
    """Movements are sorted by the time at which they happened."""
    return day(movement), movement.clear.reported_at, movement.report_id


def day(filed: AnyFiled) -> date:
    return filed.clear.occurred_at.astimezone(TIME_ZONE).date()


def days(filed: AnyFiled) -> tuple[date, date]:
    """The first and the last day on which the event can have happened, by the precision of the date."""
    return days_of(filed.clear)


def days_of(clear: HouseholdClear | GroupClear | AnyMovementClear) -> tuple[date, date]:
    reported, precision = clear.occurred_at.astimezone(TIME_ZONE).date(), clear.occurred_at_precision
    if precision is Precision.WEEK:
        return reported - timedelta(days=6), reported + timedelta(days=6)
    if precision is Precision.MONTH:
        first = reported.replace(day=1)
        return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    if precision is Precision.SEASON:
        return season(reported)
    if precision is Precision.YEAR:
        return date(reported.year, 1, 1), date(reported.year, 12, 31)
    return reported, reported


def moved_at(movement: FiledMovement) -> datetime:
    """Returns the end of the reported period, or the time of the first report if that came earlier."""
    clear = movement.clear
    if clear.occurred_at_precision is Precision.HOUR:
        return clear.occurred_at
    return latest_within(*days(movement), known_at=movement.known_at)


def latest_within(first: date, last: date, *, known_at: datetime) -> datetime:
    """Returns the end of the last day, or `known_at` if `known_at` is earlier.

    If `known_at` is before the first day, the result is the start of the first day.
    """
    ends_at = datetime.combine(last, time.max, TIME_ZONE)
    begins_at = datetime.combine(first, time(), TIME_ZONE)
    return max(begins_at, min(ends_at, known_at))


def season(reported: date) -> tuple[date, date]:
    """The first and the last day of the season that contains `reported`.

    The seasons begin in March, June, September and December.
    """
    month = reported.month % 12 // 3 * 3 or 12
    first = date(reported.year - (month > reported.month), month, 1)
    return first, (first + timedelta(days=92)).replace(day=1) - timedelta(days=1)


def superseded(displacements: Collection[Filed]) -> Iterator[tuple[Filed, datetime]]:
    """Yields each displacement of a household, with the time of the next move that has the same status."""
    if len(displacements) == 1:  # fast path: most households have only one displacement
        [filed] = displacements
        yield filed, NEVER
        return
    following: dict[str, datetime] = {}
    for filed in sorted(displacements, key=order, reverse=True):
        status = filed.clear.status
        yield filed, following.get(status, NEVER)
        if filed.clear.mobility in MOVES:
            following[status] = filed.clear.occurred_at
