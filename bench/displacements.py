"""Makes displacements for the benchmark of figures, as rows of the registry's tables.

Four in five displacements are in the three southern oblasts. Most displacements are caused by natural disaster. One
household in ten was displaced twice. `bench.movements` makes the later movements of these households.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from bench.movements import Row, moved
from services.registry.households.ages import described, person_code
from services.registry.movement_rows import DISAGGREGATED, EPISODES, PASSAGES, STAYS
from services.registry.reports import NEVER, SEXES
from services.registry.row_readers import RowReader
from shared.displacement_reasons import REASONS
from shared.events.vocabulary import DISPLACED, Evacuation, HazardType, Mobility, Need, Reason, Shelter
from shared.places import Places
from shared.postgres.bulk_copy import Copy

SOUTH = ("KG03", "KG05", "KG06")  # the oblasts Jalal-Abad, Batken and Osh
BROADER = [reason for reason in Reason if REASONS[reason].broader is reason]
HAZARD_TYPES = (*[HazardType.MUDFLOW] * 6, HazardType.EARTHQUAKE, HazardType.LANDSLIDE, HazardType.FLASH_FLOOD)
SHELTERS = (Shelter.TENT, Shelter.SCHOOL, Shelter.MOSQUE, Shelter.HOST_RELATIVES, Shelter.HOST_OTHERS, Shelter.UNKNOWN)
MOVES = (*[Mobility.DISPLACEMENT] * 6, *DISPLACED, Mobility.MIGRATION)
TWICE = 10  # of every ten displacements, the first two belong to the same household


class Displacements:
    def __init__(self, numbers: range, now: datetime) -> None:
        self.episodes: list[Row] = []
        self.stays: list[Row] = []
        self.passages: list[Row] = []
        self._now, self._southern = now, [pcode for pcode in units() if pcode.startswith(SOUTH)]
        following: dict[UUID, Row] = {}
        for episode in sorted(episodes(numbers, now), key=lambda row: row["occurred_at"], reverse=True):
            again = following.get(episode["household_id"])
            self._add(episode, again["occurred_at"] if again else NEVER)
            following[episode["household_id"]] = episode

    def _add(self, episode: Row, ends_at: datetime) -> None:
        episode["superseded_at"] = ends_at
        self.episodes.append(episode)
        if ends_at is NEVER:
            stays, passages = moved(episode, self._now, self._southern)
            self.stays += stays
            self.passages += passages

    def copies(self) -> Iterator[Copy]:
        yield copy_of(EPISODES, self.episodes)
        yield copy_of(STAYS, self.stays)
        yield copy_of(PASSAGES, self.passages)


def copy_of(reader: RowReader, rows: Iterable[Row]) -> Copy:
    return reader.copy(tuple(row[column] for column in reader.columns) for row in rows)


def episodes(numbers: range, now: datetime) -> Iterator[Row]:
    districts = units()
    southern = [pcode for pcode in districts if pcode.startswith(SOUTH)]
    for number in numbers:
        draw = Random(number)
        moment = now - timedelta(minutes=draw.randrange(3 * 365 * 24 * 60))
        origin, destination = (draw.choice(southern if draw.random() < 0.8 else districts) for _ in range(2))
        reason = Reason.NATURAL_DISASTER if draw.random() < 0.8 else draw.choice(BROADER)
        persons = draw.randint(1, 8)
        is_abroad = draw.random() < 0.1
        codes = [person_code(member(draw), moment.year, f"{moment:%m-%d}") for _ in range(persons)]
        mobility = draw.choice(MOVES)
        yield {
            "report_id": UUID(int=number + 1),
            "household_id": UUID(int=number - number % TWICE if number % TWICE < 2 else number, version=4),
            "version": 1,
            "status": "Actual",
            "occurred_at": moment,
            "occurred_at_precision": "day",
            "reported_at": moment,
            "mobility": mobility.value,
            "origin_pcode": origin,
            "origin_country": "KG",
            "destination_pcode": None if is_abroad else destination,
            "destination_country": "RU" if is_abroad else "KG",
            "persons": persons,
            "displaced": persons,
            **dict(zip(DISAGGREGATED, described(codes), strict=True)),
            "codes": codes,
            "reasons": reasons_of(reason, draw),
            "hazard_type": draw.choice(HAZARD_TYPES).value if reason is Reason.NATURAL_DISASTER else None,
            "hazard_id": None,
            "shelter": draw.choice(SHELTERS).value,
            "evacuation": draw.choice(list(Evacuation)).value if mobility is Mobility.EVACUATION else None,
            "needs": [need.value for need in draw.sample(list(Need), draw.randint(0, 3))],
        }


def units() -> list[str]:
    return [unit.pcode for unit in Places.load().units() if unit.level == 2]


def member(draw: Random) -> dict[str, Any]:
    born = date(1940, 1, 1) + timedelta(days=draw.randrange(83 * 365))
    known = draw.choice(({"birth_date": f"{born}"}, {"birth_year": born.year}, {"age": 2023 - born.year}))
    return {"sex": draw.choice(SEXES).value, **(known if draw.random() < 0.9 else {})}


def reasons_of(reason: Reason, draw: Random) -> list[str]:
    others = [draw.choice(BROADER)] if draw.random() < 0.2 else []
    return list(dict.fromkeys(each.value for each in (reason, *others)))
