"""Draws several hundred displacements. Copies them into the registry's tables."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from services.registry.count_rows import COUNTS
from services.registry.figures.sums import sum_some
from services.registry.movement_rows import EPISODES
from shared.postgres import database
from tests.registry.conftest import Office
from tests.registry.factories import BATKEN, KADAMJAI, LEILEK, OSH

PLACES = (LEILEK, KADAMJAI, BATKEN, OSH, None)  # None is a place abroad
OBLASTS = {LEILEK: "KG05000000000", KADAMJAI: "KG05000000000", BATKEN: "KG05000000000", OSH: "KG06000000000"}
REASONS, MOVES = (
    ("natural_disaster", "economic", "conflict", "pasture_degradation"),
    ("displacement", "evacuation", "migration", "unable_to_move"),
)
HAZARDS, SHELTERS, NEEDS = (
    (None, "mudflow", "drought"),
    ("tent", "school", "unknown", None),  # None is in rows that an earlier release of Dayar stored
    ("food", "water", "documents"),
)
EVACUATIONS = (None, "pre_emptive", "reactive", "spontaneous")
SEXES, AGES = ("female", "male", "unknown"), ("0-5", "6-11", "12-17", "18-59", "60+", "unknown")
FIRST = datetime(2025, 1, 1, tzinfo=UTC)


class Move(NamedTuple):
    """One displacement of a `subject`.

    `report` gives displacements at the same time an order. `cells` contains a number of persons for each sex
    and age.
    """

    subject: UUID
    report: UUID
    status: str
    at: datetime
    mobility: str
    origin: str | None
    destination: str | None
    reasons: tuple[str, ...]
    hazard: str | None
    shelter: str | None
    evacuation: str | None
    needs: tuple[str, ...]
    cells: dict[tuple[str, str], int]
    measure: str | None

    def onset(self, reason: str) -> str | None:
        if reason == "natural_disaster":
            return "slow" if self.hazard == "drought" else "sudden"
        return "slow" if reason == "pasture_degradation" else None

    @property
    def persons(self) -> int:
        return sum(self.cells.values())

    @property
    def month(self) -> str:
        return f"{self.at + timedelta(hours=6):%Y-%m}"  # in Bishkek's time zone

    @property
    def scope(self) -> str:
        if self.destination is None:
            return "abroad"
        return "from_abroad" if self.origin is None else "within"


def moves() -> Iterator[Move]:
    draw = Random(1)
    for measure in (None, "stock", "flow"):
        subjects = [uuid4() for _ in range(40)]
        for _ in range(120 if measure is None else 60):
            cells = {(draw.choice(SEXES), draw.choice(AGES)): draw.randint(1, 4) for _ in range(3)}
            status = "Actual" if draw.random() < 0.9 else "Exercise"
            at = FIRST + timedelta(hours=draw.randrange(600 * 24))
            origin, destination = draw.choice(PLACES), draw.choice(PLACES)
            reasons, mobility = tuple(draw.choices(REASONS, k=draw.randint(1, 3))), draw.choice(MOVES)
            hazard, shelter = draw.choice(HAZARDS), draw.choice(SHELTERS)
            needs = tuple(draw.choices(NEEDS, k=draw.randint(0, 3)))
            yield Move(
                draw.choice(subjects),
                uuid4(),
                status,
                at,
                mobility,
                origin,
                destination,
                reasons,
                hazard,
                shelter,
                draw.choice(EVACUATIONS) if mobility == "evacuation" else None,
                needs,
                cells,
                measure,
            )


MANY = list(moves())


def following() -> dict[UUID, datetime]:
    """Maps each count of displaced people to the time of the next count of these people."""
    counts = [move for move in MANY if move.measure == "stock" and move.mobility != "unable_to_move"]
    same: defaultdict[tuple[UUID, str], list[Move]] = defaultdict(list)
    for move in sorted(counts, key=lambda count: count.at):
        same[move.subject, move.status].append(move)
    return {move.report: later.at for moves in same.values() for move, later in pairwise(moves)}


FOLLOWING = following()


async def copied(office: Office, *, summed: int = 0) -> None:
    """Copies the displacements into the tables. The first `summed` changes are added to the sums.

    Changes after the first `summed` are not added yet.
    """
    async with office.app.state.sessions.begin() as session:
        connection = await database.driver(session)
        for table, columns, measures in (
            ("episodes", EPISODES.columns, (None,)),
            ("counts", COUNTS.columns, ("stock", "flow")),
        ):
            rows = [row(move) for move in MANY if move.measure in measures]
            records = [tuple(each[column] for column in columns) for each in rows]
            await connection.copy_records_to_table(table, records=records, columns=columns)
    if summed:
        await sum_some(office.app.state.sessions, at_once=summed)


def row(move: Move) -> dict[str, Any]:
    persons = sum(move.cells.values())
    return {
        "report_id": move.report,
        "household_id": move.subject,
        "group_id": move.subject,
        "version": 1,
        "status": move.status,
        "occurred_at": move.at,
        "occurred_at_precision": "day",
        "reported_at": move.at,
        "mobility": move.mobility,
        "origin_pcode": move.origin,
        "origin_country": "KG" if move.origin else "TJ",
        "left_pcode": None,
        "left_country": None,
        "left_sub_stock": None,
        "destination_pcode": move.destination,
        "destination_country": "KG" if move.destination else "RU",
        "persons": persons,
        "displaced": persons,
        "quantifier": "exact",
        "measure": move.measure,
        "sex_age": [move.cells.get((sex, age), 0) for sex in SEXES for age in AGES],
        "ages": [],
        "assessed": 0,
        "with_disability": 0,
        "reasons": list(move.reasons),
        "hazard_type": move.hazard,
        "shelter": move.shelter,
        "evacuation": move.evacuation,
        "needs": list(move.needs) if move.shelter else None,
        "hazard_id": None,
        "persons_estimated": False,
        "counted_at": move.at,
        "counted_at_precision": "hour",
        "population": None,
        "stock_id": move.report if move.measure == "flow" or move.mobility == "unable_to_move" else move.subject,
        "superseded_at": FOLLOWING.get(move.report, datetime.max) if move.measure else None,  # noqa: DTZ901
        "superseded_by": None,
        "sub_stock": "in_displacement",
        "movement_id": None,
        "confirmed_at": move.at,
        "is_return_presumed": False,
        "changed_at": None,
        "returned": 0,
        "settled": 0,
        "site_id": None,
        "covers_site": False,
        "fingerprint": None,
    }
