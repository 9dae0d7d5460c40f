"""Makes the exercise's scenario of rain, a mudflow in Kadamjai, forty reports, and an earthquake at the shelters.

All persons are invented: the family names are words such as "example" and "fairy tale".
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from shared.events import derived_id

SOURCE = "cmc"
KADAMJAI, BATKEN = "KG05258000000", "KG05214000000"
KYZYL_KIA, BATKEN_CITY, OSH_CITY = "KG05430000010", "KG05410000010", "KG21000000000"
HOUSEHOLDS, REPEATS = 36, 3
# The school where the group stays. The id is fixed, so that a second run names the same site.
SITE_ID = UUID("5d0c6f0e-93a4-4f6b-8a54-1b7c3e2f9d08")
SITE = {
    "version": 1,
    "name_ky": "Мектеп № 3 (окуу машыгуусу)",
    "name_ru": "Школа № 3 (учения)",
    "name_en": "School No. 3 (exercise)",
    "type": "school",
    "pcode": KYZYL_KIA,
    "lat": 40.2571,
    "lon": 72.1279,
    "capacity": 150,
    "needs": ["water", "beds"],
    "person_in_charge": {"name": "Мисалбеков Санжар"},
}

FAMILIES = (
    "Үлгүбеков",
    "Машыгуев",
    "Мисалбеков",
    "Сынаков",
    "Жомокбаев",
    "Ойдонбеков",
    "Элесов",
    "Тамашаев",
    "Көрсөтмөев",
)
MEN = ("Азамат", "Бакыт", "Эмил", "Нурлан", "Тилек", "Санжар", "Уланбек")
WOMEN = ("Айгүл", "Бермет", "Гүлзат", "Жылдыз", "Назгүл", "Сайкал", "Чынара")
SHELTERS = ("host_family", "host_family", "collective_centre", "rented", "tent")
NEEDS = (("shelter", "food"), ("food", "water", "health"), ("non_food_items",), ("documents", "food"), ("shelter",))
REFUGES = (KYZYL_KIA, KYZYL_KIA, KYZYL_KIA, BATKEN_CITY, OSH_CITY)


class Sender(StrEnum):
    OPERATOR = "operator"
    FIELD = "field"


@dataclass(frozen=True, slots=True)
class Step:
    """`at` is a time from 0 (start) to 1 (end)."""

    at: float
    sender: Sender
    body: dict[str, Any]
    says: str

    @property
    def path(self) -> str:
        return "/intake/v1/hazards" if "source" in self.body else "/intake/v1/displacements"


def steps(now: datetime, *, seed: int = 1) -> list[Step]:
    """Every run uses new ids, so that the scenario can be played again."""
    chance = random.Random(seed)  # noqa: S311 - a story, not a secret
    run = uuid4().hex[:8]
    mudflow = f"mudflow-{run}"
    steps = [
        Step(0.0, Sender.OPERATOR, rain(now, f"rain-{run}"), "a warning of heavy rain over Batken and Kadamjai"),
        Step(0.08, Sender.OPERATOR, mudflow_hazard(now, mudflow), "a mudflow in Kadamjai, told by telephone"),
        *reports(now, mudflow, chance),
        Step(
            0.6, Sender.OPERATOR, quake(now, f"quake-{run}"), "a quake of 4.8 near Kyzyl-Kia, where many took shelter"
        ),
        Step(1.0, Sender.FIELD, group(now, mudflow), "a group of about 120 people in the school of Kyzyl-Kia"),
    ]
    return sorted(steps, key=lambda step: step.at)


def reports(now: datetime, mudflow: str, chance: random.Random) -> Iterator[Step]:
    bodies = [household(now, mudflow, number, chance) for number in range(HOUSEHOLDS)]
    sent = [(body, f"household {number + 1}: {family(body)}") for number, body in enumerate(bodies)]
    for number in range(REPEATS):
        again = bodies[5 * (number + 1)]
        sent.insert(10 * (number + 1), (again, f"{family(again)} again: the phone had not heard the answer"))
    sent.insert(22, (contradiction(now, mudflow, chance), "a report of seven people that lists three"))
    for number, (body, says) in enumerate(sent):
        yield Step(0.12 + 0.85 * number / len(sent), Sender.FIELD, body, says)


def family(body: dict[str, Any]) -> str:
    head = body["members"][0]
    return f"{head['family_name']} {head['given_name']}, {body['persons']} people"


def household(now: datetime, mudflow: str, number: int, chance: random.Random) -> dict[str, Any]:
    members = family_of(chance, FAMILIES[number % len(FAMILIES)], chance.randint(2, 7))
    body = {
        **moved(now, mudflow, chance),
        "kind": "household",
        "household_id": str(uuid4()),
        "persons": len(members),
        "members": members,
        "destination": {"pcode": chance.choice(REFUGES)},
        "shelter": chance.choice(SHELTERS),
        "needs": list(chance.choice(NEEDS)),
        "intention": "return",
        "legal_basis": "vital_interest",
    }
    is_in_school = body["destination"] == {"pcode": KYZYL_KIA} and body["shelter"] == "collective_centre"
    return {**body, "site_id": str(SITE_ID)} if is_in_school else body


def moved(now: datetime, mudflow: str, chance: random.Random) -> dict[str, Any]:
    return {
        "report_id": str(uuid4()),
        "status": "Exercise",
        "occurred_at": instant(now - timedelta(minutes=chance.randint(5, 60))),
        "reported_at": instant(now),
        "mobility": "evacuation",
        "origin": {"pcode": KADAMJAI},
        "reasons": ["natural_disaster"],
        "hazard_type": "mudflow",
        "hazard_id": str(derived_id("hazard", SOURCE, mudflow)),
    }


def family_of(chance: random.Random, name: str, size: int) -> list[dict[str, Any]]:
    relationships = ["head", "spouse", *["child"] * 5][:size]
    return [member(chance, name, relationship) for relationship in relationships]


def member(chance: random.Random, name: str, relationship: str) -> dict[str, Any]:
    sex = {"head": "male", "spouse": "female"}.get(relationship) or chance.choice(("female", "male"))
    years = (2008, 2026) if relationship == "child" else (1955, 1998)
    return {
        "member_id": str(uuid4()),
        "relationship": relationship,
        "sex": sex,
        "birth_year": chance.randint(*years),
        "given_name": chance.choice(WOMEN if sex == "female" else MEN),
        "family_name": name + ("а" if sex == "female" else ""),
    }


def contradiction(now: datetime, mudflow: str, chance: random.Random) -> dict[str, Any]:
    return {**household(now, mudflow, 0, chance), "members": family_of(chance, FAMILIES[0], 3), "persons": 7}


def group(now: datetime, mudflow: str) -> dict[str, Any]:
    return {
        **moved(now, mudflow, random.Random(0)),  # noqa: S311 - a story, not a secret
        "kind": "group",
        "group_id": str(uuid4()),
        "persons": 120,
        "quantifier": "approximately",
        "measure": "stock",
        "households": 24,
        "households_quantifier": "approximately",
        "source_type": "local_authority",
        "counted_at": instant(now),
        "destination": {"pcode": KYZYL_KIA},
        "site_id": str(SITE_ID),
        "shelter": "collective_centre",
        "needs": ["food", "water", "non_food_items"],
    }


def hazard(now: datetime, source_id: str, **fields: Any) -> dict[str, Any]:
    return {
        "report_id": str(uuid4()),
        "status": "Exercise",
        "source": SOURCE,
        "source_id": source_id,
        "onset": instant(now),
        "reported_at": instant(now),
        **fields,
    }


def rain(now: datetime, source_id: str) -> dict[str, Any]:
    text = {
        "ky": {"headline": "ОКУУ МАШЫГУУСУ: Баткен менен Кадамжай райондорунда нөшөрлөгөн жаан"},
        "ru": {"headline": "УЧЕНИЯ: сильный дождь в Баткенском и Кадамжайском районах"},
        "en": {"headline": "EXERCISE: heavy rain in Batken and Kadamjai"},
    }
    return hazard(
        now,
        source_id,
        type="heavy_rain",
        urgency="Expected",
        severity="Moderate",
        certainty="Likely",
        text=text,
        expires=instant(now + timedelta(hours=12)),
        area={"pcodes": [BATKEN, KADAMJAI]},
    )


def mudflow_hazard(now: datetime, source_id: str) -> dict[str, Any]:
    text = {
        "ky": {"headline": "ОКУУ МАШЫГУУСУ: Кадамжай районунда сел жүрдү, үйлөр суу астында"},
        "ru": {"headline": "УЧЕНИЯ: сель в Кадамжайском районе, подтоплены дома"},
        "en": {"headline": "EXERCISE: mudflow in Kadamjai, houses under water"},
    }
    return hazard(
        now,
        source_id,
        type="mudflow",
        urgency="Immediate",
        severity="Severe",
        certainty="Observed",
        text=text,
        area={"pcodes": [KADAMJAI]},
    )


def quake(now: datetime, source_id: str) -> dict[str, Any]:
    text = {
        "ky": {"headline": "ОКУУ МАШЫГУУСУ: Кызыл-Кыя шаарынын жанында жер титирөө, магнитудасы 4,8"},
        "ru": {"headline": "УЧЕНИЯ: землетрясение магнитудой 4,8 близ Кызыл-Кии"},
        "en": {"headline": "EXERCISE: earthquake of magnitude 4.8 near Kyzyl-Kia"},
    }
    return hazard(
        now,
        source_id,
        type="earthquake",
        urgency="Past",
        severity="Moderate",
        certainty="Observed",
        text=text,
        magnitude=4.8,
        depth_km=12,
        area={"pcodes": [KYZYL_KIA], "point": {"lat": 40.2, "lon": 72.1}},
    )


def instant(moment: datetime) -> str:
    return moment.isoformat()
