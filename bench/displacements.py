"""Makes displacements, and rows of the registry's tables with them, for the benchmark of figures.

Four in five displacements are in the three southern oblasts. Most displacements are caused by natural disaster. One
household in ten was displaced twice.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from services.registry.households.ages import described, person_code
from services.registry.reports import NEVER, SEXES
from shared.displacement_reasons import REASONS
from shared.events.vocabulary import DISPLACED, Evacuation, HazardType, Mobility, Need, Reason, Shelter
from shared.places import Places

COLUMNS = (
    "report_id",
    "household_id",
    "version",
    "status",
    "occurred_at",
    "occurred_at_precision",
    "reported_at",
    "mobility",
    "origin_pcode",
    "origin_country",
    "destination_pcode",
    "destination_country",
    "persons",
    "displaced",
    "sex_age",
    "ages",
    "assessed",
    "with_disability",
    "reasons",
    "hazard_type",
    "hazard_id",
    "shelter",
    "evacuation",
    "needs",
    "superseded_at",
)
SOUTH = ("KG03", "KG05", "KG06")  # these are the oblasts Jalal-Abad, Batken and Osh
BROADER = [reason for reason in Reason if REASONS[reason].broader is reason]
HAZARD_TYPES = (*[HazardType.MUDFLOW] * 6, HazardType.EARTHQUAKE, HazardType.LANDSLIDE, HazardType.FLASH_FLOOD)
SHELTERS = (Shelter.TENT, Shelter.SCHOOL, Shelter.MOSQUE, Shelter.HOST_RELATIVES, Shelter.HOST_OTHERS, Shelter.UNKNOWN)
MOVES = (*[Mobility.DISPLACEMENT] * 6, *DISPLACED, Mobility.MIGRATION)


def episodes(numbers: range, now: datetime) -> Iterator[tuple[Any, ...]]:
    """Yields one row for each number. A row depends only on its number and on `now`."""
    units = [unit.pcode for unit in Places.load().units() if unit.level == 2]
    southern = [pcode for pcode in units if pcode.startswith(SOUTH)]
    for number in numbers:
        draw = Random(number)
        moment = now - timedelta(minutes=draw.randrange(3 * 365 * 24 * 60))
        origin, destination = (draw.choice(southern if draw.random() < 0.8 else units) for _ in range(2))
        reason = Reason.NATURAL_DISASTER if draw.random() < 0.8 else draw.choice(BROADER)
        persons = draw.randint(1, 8)
        is_abroad = draw.random() < 0.1
        people = described(person_code(member(draw), moment.year, f"{moment:%m-%d}") for _ in range(persons))
        mobility = draw.choice(MOVES)
        yield (
            UUID(int=number + 1),
            UUID(int=number - number % 10 if number % 10 < 2 else number, version=4),
            1,
            "Actual",
            moment,
            "day",
            moment,
            mobility.value,
            origin,
            "KG",
            None if is_abroad else destination,
            "RU" if is_abroad else "KG",
            persons,
            persons,
            *people,
            reasons_of(reason, draw),
            draw.choice(HAZARD_TYPES).value if reason is Reason.NATURAL_DISASTER else None,
            None,
            draw.choice(SHELTERS).value,
            draw.choice(list(Evacuation)).value if mobility is Mobility.EVACUATION else None,
            [need.value for need in draw.sample(list(Need), draw.randint(0, 3))],
        )


def member(draw: Random) -> dict[str, Any]:
    """A person of any age, whose birth date, birth year or age is known. One person in ten has no known age."""
    born = date(1940, 1, 1) + timedelta(days=draw.randrange(83 * 365))
    known = draw.choice(({"birth_date": f"{born}"}, {"birth_year": born.year}, {"age": 2023 - born.year}))
    return {"sex": draw.choice(SEXES).value, **(known if draw.random() < 0.9 else {})}


def reasons_of(reason: Reason, draw: Random) -> list[str]:
    """One displacement in five has a second reason."""
    others = [draw.choice(BROADER)] if draw.random() < 0.2 else []
    return list(dict.fromkeys(each.value for each in (reason, *others)))


def superseded(rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """Adds to each row the time of the household's next displacement, as the registry does."""
    following: dict[UUID, datetime] = {}
    household, moment = COLUMNS.index("household_id"), COLUMNS.index("occurred_at")
    for row in sorted(rows, key=lambda row: (row[moment], row[0]), reverse=True):
        yield *row, following.get(row[household], NEVER)
        following[row[household]] = row[moment]
