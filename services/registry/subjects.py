"""A household, group or site with all its reports, and the state that the registry publishes in events. No I/O."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import NamedTuple, TypeVar

from services.registry.decisions import RECORDED, SITE, Name, Owner, ReportDecision
from services.registry.groups import movements as group_movements
from services.registry.households.courses import Courses, HouseholdStanding, Onward, courses, onward, standing
from services.registry.reports import AnyFiled, Filed, FiledMovement, order
from shared.events.displacements import GroupClear
from shared.events.short_codes import drawn_code
from shared.events.vocabulary import Mobility, ReportKind, Status

F = TypeVar("F", Filed, FiledMovement)


class PlaceNow(NamedTuple):
    """A place abroad has no P-code."""

    pcode: str | None
    country: str | None


@dataclass(slots=True)
class Subject:
    """`displacements` has the valid report about each displacement or count.

    A site is a subject that has only movements as reports, and no owner. `is_code_new` is true until the new short code
    of the household is stored. `former_codes` are the short codes of duplicate reports about the household.
    """

    name: Name
    owner: Owner
    registered_at: datetime
    displacements: dict[str, Filed] = field(default_factory=dict)
    movements: dict[str, FiledMovement] = field(default_factory=dict)
    sequence: int = 0
    row_version: int = 0
    sites: Mapping[str, "Subject"] = field(default_factory=dict)
    drawn_code: str | None = None
    is_code_new: bool = False
    former_codes: set[str] = field(default_factory=set)
    _courses: Courses | None = None

    def look_at(self, sites: Mapping[str, "Subject"]) -> None:
        self.sites, self._courses = sites, None

    def add(self, filed: AnyFiled) -> None:
        self._courses = None
        if isinstance(filed, FiledMovement):
            put(filed, self.movements)
        else:
            put(filed, self.displacements)

    def remove(self, filed: AnyFiled) -> None:
        self._courses = None
        if isinstance(filed, FiledMovement):
            del self.movements[filed.report_id]
        else:
            del self.displacements[filed.report_id]

    def valid(self, report_id: str) -> AnyFiled | None:
        return self.displacements.get(report_id) or self.movements.get(report_id)

    def set_aside(self, displacement: Filed) -> None:
        self._courses = None
        del self.displacements[displacement.report_id]
        self.keep_code(displacement)
        if not self.drawn_code and (code := displacement.sealed.get("short_code")):
            self.drawn_code, self.is_code_new = code, True

    def keep_code(self, duplicate: Filed) -> None:
        if code := duplicate.sealed.get("short_code"):
            self.former_codes.add(code)

    @property
    def reports(self) -> Iterator[AnyFiled]:
        yield from self.displacements.values()
        yield from self.movements.values()

    @property
    def is_new(self) -> bool:
        return self.row_version == 0

    @property
    def short_codes(self) -> set[str]:
        given = {code for filed in self.displacements.values() if (code := filed.sealed.get("short_code"))}
        codes = given | self.former_codes
        return codes | {self.drawn_code} if self.drawn_code else codes

    def draw_code(self) -> None:
        if not self.short_codes:
            self.drawn_code, self.is_code_new = drawn_code(), True

    @property
    def is_actual(self) -> bool:
        return any(filed.clear.status is Status.ACTUAL for filed in self.displacements.values())

    @property
    def current(self) -> Filed:
        """Exercise and Test reports are ignored if there is an Actual report."""
        return latest(self._reported)

    @property
    def published(self) -> Filed:
        """Returns the displacement that events publish: the latest move, or the latest report if there was no move.

        If a later report says that a household is unable to move, the household is still displaced by its latest move.
        """
        reported = self._reported
        if len(reported) == 1:  # fast path: most households have one report
            return latest(reported)
        moves = [filed for filed in reported if filed.clear.mobility is not Mobility.UNABLE_TO_MOVE]
        return latest(moves or reported)

    @property
    def courses(self) -> Courses:
        """The courses are cached until the reports change, because computing many movements takes long."""
        if not self.has_movements:
            return Courses()
        if self._courses is None:
            movements = [*self.movements.values(), *self.site_movements]
            self._courses = courses(self.displacements.values(), movements)
        return self._courses

    @property
    def has_movements(self) -> bool:
        return self.name[0] == ReportKind.HOUSEHOLD and bool(self.movements or (self.sites and self.site_movements))

    @property
    def site_movements(self) -> list[FiledMovement]:
        known = (self.sites[site_id] for site_id in self.site_ids if site_id in self.sites)
        return [movement for site in known for movement in site.movements.values()]

    @property
    def site_ids(self) -> set[str]:
        """Sites to which everybody at a named site moved are included."""
        known = named_sites((*self.displacements.values(), *self.movements.values()))
        new = known if self.sites else None
        while new:
            movements = (self.sites[site_id].movements.values() for site_id in new if site_id in self.sites)
            new = named_sites(chain.from_iterable(movements)) - known
            known |= new
        return known

    @property
    def named_sites(self) -> set[str]:
        if self.name[0] == ReportKind.HOUSEHOLD:
            return named_sites(self.displacements.values())
        counted = [filed.clear for filed in self.displacements.values()]
        return {str(clear.site_id) for clear in counted if isinstance(clear, GroupClear) and clear.site_id}

    @property
    def decisions(self) -> Mapping[str, ReportDecision]:
        """Each decision depends on all reports of the subject."""
        if self.name[0] == ReportKind.GROUP:
            return group_movements.decisions(self.displacements.values(), self.movements.values())
        if self.name[0] == SITE:
            return dict.fromkeys(self.movements, RECORDED)
        return self.courses.decisions

    @property
    def standing(self) -> HouseholdStanding | None:
        """Return None if no movement followed the current displacement."""
        return self.standing_since(self.published) if self.has_movements else None

    @property
    def place(self) -> PlaceNow:
        """If people are still displaced, returns the place of most of the displaced people."""
        current, standing = self.current, self.standing
        if standing is None or (self._was_found_later(current) and standing.confirmed_at < current.clear.occurred_at):
            return PlaceNow(current.clear.destination.pcode, current.clear.destination.country)
        return PlaceNow(standing.pcode, standing.country)

    def _was_found_later(self, current: Filed) -> bool:
        return current is not self.published

    def standing_since(self, departure: Filed) -> HouseholdStanding | None:
        return standing(self.courses.by_departure.get(departure.report_id))

    @property
    def onward(self) -> dict[str, Onward]:
        return onward(self.displacements, self.courses)

    @property
    def _reported(self) -> Collection[Filed]:
        reported = self.displacements.values()
        return reported if len(reported) == 1 else actual(reported)


def put(filed: F, known: dict[str, F]) -> None:
    older = known.get(filed.report_id)
    if older and older.clear.version < filed.clear.version:
        filed.correct(older)
    known[filed.report_id] = filed


def named_sites(reports: Iterable[AnyFiled]) -> set[str]:
    return {site_id for report in reports for site_id in sites_of(report)}


def reached(sites: Iterable[Subject]) -> set[str]:
    return {site_id for site in sites for site_id in named_sites(site.movements.values())}


def sites_of(filed: AnyFiled) -> Iterator[str]:
    if filed.subject[0] != ReportKind.GROUP:
        yield from filter(None, (filed.sealed.get("site_id"), filed.sealed.get("destination_site_id")))


def actual(displacements: Collection[Filed]) -> Collection[Filed]:
    """Exercise and Test reports are left out if there is an Actual report."""
    return [filed for filed in displacements if filed.clear.status is Status.ACTUAL] or displacements


def latest(displacements: Collection[Filed]) -> Filed:
    if len(displacements) == 1:
        return next(iter(displacements))
    return max(displacements, key=order)


class SubjectChange(NamedTuple):
    """`current` is the latest move. `latest` is a later report that the household is unable to move, or None."""

    subject: Name
    sequence: int
    current: Filed
    changed: Filed
    is_correction: bool
    latest: Filed
    standing: HouseholdStanding | None = None
    is_movement: bool = False
    onward: Onward | None = None
