"""Figures: who is displaced on a day, and who was newly displaced in each month, by place, reason, scope, mobility, sex and age.

Registered households and counted groups stand side by side in each figure and are never added: the same people may be in both.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.reports import BISHKEK, CELLS, UNKNOWN
from services.registry.sight import is_within
from shared.events.vocabulary import DISPLACED, AgeBracket, Mobility, Reason, Sex, Status
from shared.places import Places
from shared.places.places import COUNTRY


class View(StrEnum):
    """Whose figures: those of the place people came from, or of the one they came to."""

    ORIGIN = "origin"
    DESTINATION = "destination"


class Scope(StrEnum):
    WITHIN = "within"
    ABROAD = "abroad"
    FROM_ABROAD = "from_abroad"
    UNKNOWN = "unknown"


MOVES = (*DISPLACED, Mobility.MIGRATION)


@dataclass(frozen=True, slots=True)
class Asked:
    """`pcodes` and `sight` None = the whole country; `known` as in `Sight`; empty filters leave nothing out."""

    status: Status
    known: Sequence[str]
    sight: Sequence[str] | None = None
    pcodes: Sequence[str] | None = None
    view: View = View.DESTINATION
    level: int = 2
    since: date | None = None
    until: date | None = None  # the first day that does not count any more
    reasons: Sequence[Reason] = ()
    scopes: Sequence[Scope] = ()
    mobilities: Sequence[Mobility] = DISPLACED
    sexes: Sequence[Sex] = ()
    ages: Sequence[AgeBracket] = ()

    @property
    def chosen(self) -> list[int]:
        """The cells of sex and age that are asked for."""
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
            "status": self.status.value, "sight": self.sight, "pcodes": self.pcodes, "known": self.known,
            "reasons": [reason.value for reason in self.reasons] or None,
            "scopes": [scope.value for scope in self.scopes] or None,
            "mobilities": [mobility.value for mobility in self.mobilities], "moves": [move.value for move in MOVES],
            "since": midnight(self.since), "until": midnight(self.until),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Figure:
    """`period` is a month, a year where no more is known, or None for a stock. What it rests on stands with it.

    Without a `pcode` it is of a whole country; `country` is alpha-2, as reports say it.
    """

    period: str | None
    pcode: str | None
    country: str | None
    scope: Scope
    reason: Reason
    mobility: Mobility
    households: int = 0
    cells: tuple[int, ...] = field(default=(0,) * len(CELLS))
    corrected: int = 0
    imprecise: int = 0
    groups: int = 0
    group_persons: int = 0
    group_imprecise: int = 0

    @property
    def persons(self) -> int:
        return sum(self.cells)

    @property
    def undescribed(self) -> int:
        """Persons of whom neither sex nor age is known."""
        return self.cells[UNKNOWN]

    @property
    def name(self) -> tuple[Any, ...]:
        return self.period or "", self.pcode or "~", self.country or "", self.scope, self.reason, self.mobility

    def of(self, sex: str, age: str | None = None) -> int:
        return sum(
            count for cell, count in zip(CELLS, self.cells, strict=True) if cell[0] == sex and age in (None, cell[1])
        )

    def ages(self, *ages: str) -> int:
        return sum(count for cell, count in zip(CELLS, self.cells, strict=True) if cell[1] in ages)

    def __add__(self, other: "Figure") -> "Figure":
        return replace(
            self,
            households=self.households + other.households,
            cells=tuple(mine + theirs for mine, theirs in zip(self.cells, other.cells, strict=True)),
            corrected=self.corrected + other.corrected,
            imprecise=self.imprecise + other.imprecise,
            groups=self.groups + other.groups,
            group_persons=self.group_persons + other.group_persons,
            group_imprecise=self.group_imprecise + other.group_imprecise,
        )


# Whoever could not move is where they were. What somebody else asks of the moves is asked after the latest was found:
# a family that was displaced and then migrated is abroad, and no longer displaced in the place between.
MOVED = "{row}.status = :status AND {row}.mobility = ANY(:moves)"
LATER = "({row}.occurred_at, {row}.reported_at, {row}.report_id)"
# On a day a household is where its latest displacement before that day's end brought it; a group counts as last counted.
# Asked for what has nothing later, not for the first of a sorted whole: a sort of all rows took most of the time.
LATEST = """NOT EXISTS (
    SELECT FROM {table} AS later WHERE later.{subject} = one.{subject} AND {moved} AND {after} > {this}
)"""
SUBJECTS = {"episodes": "household_id", "counts": "group_id"}
MEASURES = {"stock": "one.measure = 'stock'", "flows": "one.measure = 'flow'"}
PERIODS = {
    "stock": "NULL",
    "flows": "to_char(occurred_at AT TIME ZONE 'Asia/Bishkek',"
    " CASE occurred_at_precision WHEN 'year' THEN 'YYYY' ELSE 'YYYY-MM' END)",
}
SCOPE = """CASE
    WHEN destination_country = 'ZZ' OR origin_country = 'ZZ' THEN 'unknown'
    WHEN destination_country <> 'KG' THEN 'abroad'
    WHEN origin_country <> 'KG' THEN 'from_abroad'
    ELSE 'within'
END"""
IN_SIGHT = is_within("coalesce(destination_pcode, origin_pcode)", "sight")
# An array as it lies on disk is copied for each of its cells that is read; joined to an empty one, once. OFFSET keeps it so.
FIGURES = """
SELECT period, pcode, country, scope, reason, mobility, count(*) AS number,
    count(*) FILTER (WHERE is_imprecise) AS imprecise, count(*) FILTER (WHERE version > 1) AS corrected,
    ARRAY[{cells}] AS cells, sum(chosen) AS persons
FROM (
    SELECT {period} AS period, {view}_pcode AS pcode, {view}_country AS country, {scope} AS scope,
        reasons[1] AS reason, mobility, version, {imprecise} AS is_imprecise, {chosen} AS chosen,
        sex_age || '{{}}'::integer[] AS sex_age
    FROM {table} AS one WHERE {conditions} OFFSET 0
) AS moved
GROUP BY period, pcode, country, scope, reason, mobility
"""
IMPRECISE = {"episodes": "occurred_at_precision <> 'day'", "counts": "quantifier <> 'exact'"}
ALL_CELLS = {"episodes": "displaced", "counts": "persons"}  # what all cells of `sex_age` add up to


async def stock(session: AsyncSession, asked: Asked, places: Places) -> list[Figure]:
    """Where the displaced are at the end of the last day before `until`."""
    return await figures(session, asked, places, "stock")


async def flows(session: AsyncSession, asked: Asked, places: Places) -> list[Figure]:
    """Displacements that began in each month; a household displaced twice counts twice."""
    return await figures(session, asked, places, "flows")


async def figures(session: AsyncSession, asked: Asked, places: Places, kind: str) -> list[Figure]:
    found: list[Figure] = []
    for table in SUBJECTS:
        rows = (await session.execute(text(statement(asked, kind, table)), asked.parameters())).mappings()
        found += [registered(row) if table == "episodes" else counted(row) for row in rows]
    return rolled_up(found, asked.level, places)


def statement(asked: Asked, kind: str, table: str) -> str:
    """Only what is asked stands in it, so that an index can leave out the rest."""
    return FIGURES.format(
        table=table, period=PERIODS[kind], scope=SCOPE, view=asked.view.value, imprecise=IMPRECISE[table],
        chosen=chosen(asked, table), conditions=" AND ".join(conditions(asked, kind, table)),
        cells=", ".join(f"sum(sex_age[{index + 1}])" if index in asked.chosen else "0" for index in range(len(CELLS))),
    )  # fmt: skip


def conditions(asked: Asked, kind: str, table: str) -> Iterator[str]:
    yield MOVED.format(row="one")
    yield from (MEASURES[kind],) if table == "counts" else ()
    yield from ("one.occurred_at < :until",) if asked.until else ()
    yield from ("one.occurred_at >= :since",) if asked.since and kind == "flows" else ()
    yield from (latest(asked, table),) if kind == "stock" else ()
    yield from (IN_SIGHT,) if asked.sight is not None else ()
    yield from (is_within(f"one.{asked.view.value}_pcode", "pcodes"),) if asked.pcodes is not None else ()
    yield "one.mobility = ANY(:mobilities)"
    yield from ("reasons[1] = ANY(:reasons)",) if asked.reasons else ()
    yield from (f"({SCOPE}) = ANY(:scopes)",) if asked.scopes else ()
    yield f"{chosen(asked, table)} > 0"


def chosen(asked: Asked, table: str) -> str:
    """The persons of the sexes and ages that are asked for."""
    cells = " + ".join(f"sex_age[{index + 1}]" for index in asked.chosen)
    return ALL_CELLS[table] if asked.is_whole else f"({cells or 0})"


def latest(asked: Asked, table: str) -> str:
    moved = MOVED.format(row="later")
    moved += " AND later.occurred_at < :until" if asked.until else ""
    moved += " AND later.measure = 'stock'" if table == "counts" else ""
    after, this = LATER.format(row="later"), LATER.format(row="one")
    return LATEST.format(table=table, subject=SUBJECTS[table], moved=moved, after=after, this=this)


def registered(row: RowMapping) -> Figure:
    cells = tuple(int(count) for count in row["cells"])
    return replace(
        bare(row), households=row["number"], cells=cells, corrected=row["corrected"], imprecise=row["imprecise"]
    )


def counted(row: RowMapping) -> Figure:
    return replace(bare(row), groups=row["number"], group_persons=int(row["persons"]), group_imprecise=row["imprecise"])


def bare(row: RowMapping) -> Figure:
    return Figure(
        row["period"], row["pcode"], row["country"], Scope(row["scope"]), Reason(row["reason"]), Mobility(row["mobility"])
    )  # fmt: skip


def rolled_up(figures: Iterable[Figure], level: int, places: Places) -> list[Figure]:
    """At the level asked for; a city that has no unit of that level stands for itself, a village for its district.

    Whoever reported the country and no place in it is of the country, as all are at level 0.
    """
    found: dict[tuple[Any, ...], Figure] = {}
    for figure in figures:
        country = COUNTRY if figure.pcode else figure.country
        one = replace(figure, pcode=unit_at(figure.pcode, level, places), country=country)
        name = one.name
        found[name] = found[name] + one if name in found else one
    return [found[name] for name in sorted(found)]


def unit_at(pcode: str | None, level: int, places: Places) -> str | None:
    if pcode is None or level == 0:
        return None
    return places.oblast(pcode) if level == 1 else places.district(pcode)


def total(figures: Iterable[Figure]) -> Figure:
    """Of households, and beside them of groups."""
    return sum(figures, start=Figure(None, None, None, Scope.WITHIN, Reason.NOT_REPORTED, Mobility.DISPLACEMENT))


def midnight(day: date | None) -> datetime | None:
    """Where a day begins in Bishkek."""
    return None if day is None else datetime.combine(day, time(), BISHKEK)


def day_after(day: date) -> date:
    return day + timedelta(days=1)


def today(now: datetime) -> date:
    return now.astimezone(BISHKEK).date()
