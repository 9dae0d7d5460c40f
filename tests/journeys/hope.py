"""Makes displacement reports from the families of a UNICEF HOPE import workbook, or from invented families.

`families(file)` reads `forms/hope-rdi_import_50_hh_50_ind.xlsx` with its 50 households and 208 persons. `families`
reads each person's household, relationship, sex, observed disability and pregnancy. `families` ignores `size_h_c`
(always 1), `age` (a random number), the country (AFG), names, phones and birth dates.

`reports(families, count, seed)` returns `count` reports. If there are fewer families, families are repeated. The same
seed gives the same reports, but their days depend on `now`.

Each report is about a household of its own, because all ids are random UUIDs.
Each person has a Kyrgyz given name and family name. Half of the persons have a patronymic. Every head has a phone.
Each person's age fits the relationship (`YEARS`): for example, a grandmother is older than the head.
The origin is a rayon of Batken or Osh. The destination is Kadamjai, Leilek or Osh city.
The displacement happened 0 to 29 days before `now`.
A report states a hazard, a reason, a shelter and needs. `persons` is the number of members.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import cycle, islice
from pathlib import Path
from typing import Any
from uuid import UUID

from openpyxl import load_workbook

from shared.events.vocabulary import Disability, Relationship, Sex

DESTINATIONS = ("KG05258000000", "KG05236000000", "KG21000000000")
ORIGINS = ("KG05258000000", "KG05236000000", "KG05214000000", "KG06226000000", "KG06207000000")

RELATIONSHIPS = {
    "HEAD": Relationship.HEAD,
    "WIFE_HUSBAND": Relationship.SPOUSE,
    "FREE_UNION": Relationship.SPOUSE,
    "SON_DAUGHTER": Relationship.CHILD,
    "FOSTER_CHILD": Relationship.CHILD,
    "MOTHER_FATHER": Relationship.PARENT,
    "BROTHER_SISTER": Relationship.SIBLING,
    "GRANDDAUGHER_GRANDSON": Relationship.GRANDCHILD,
    "GRANDMOTHER_GRANDFATHER": Relationship.GRANDPARENT,
    "NON_BENEFICIARY": Relationship.NOT_RELATED,
    "UNKNOWN": Relationship.UNKNOWN,
}
YEARS = {
    Relationship.HEAD: (30, 55),
    Relationship.SPOUSE: (28, 55),
    Relationship.CHILD: (0, 17),
    Relationship.PARENT: (56, 75),
    Relationship.SIBLING: (25, 58),
    Relationship.GRANDCHILD: (0, 10),
    Relationship.GRANDPARENT: (76, 92),
}
OTHERWISE = (1, 70)

MALE = ("Азамат", "Бакыт", "Нурлан", "Эрмек", "Талант", "Кубаныч", "Улан", "Жеңиш", "Мирлан", "Өмүрбек")
FEMALE = ("Айгүл", "Нургүл", "Жылдыз", "Бермет", "Чынара", "Гүлнара", "Айзада", "Мээрим", "Назгүл", "Үмүт")
FAMILY = ("Токтогулов", "Асанов", "Маматов", "Сыдыков", "Жолдошев", "Бекмуратов", "Ысаков", "Орозбеков", "Кадыров")
HAZARDS = (
    ("mudflow", "natural_disaster"),
    ("landslide", "natural_disaster"),
    ("river_flood", "natural_disaster"),
    ("water_scarcity", "environmental_degradation"),
    ("land_degradation", "environmental_degradation"),
)
SHELTERS = ("host_family", "rented", "tent", "collective_centre", "unknown")
NEEDS = ("shelter", "food", "water", "health", "non_food_items", "documents")


@dataclass(frozen=True, slots=True)
class Member:
    relationship: Relationship
    sex: Sex
    disability: Disability | None = None
    is_pregnant: bool = False


Family = Sequence[Member]


def families(file: Path) -> list[Family]:
    """Returns the families in the order of the file's households.

    In the file, a row below the headers describes the columns.
    """
    book = load_workbook(file, read_only=True)
    members: dict[Any, list[Member]] = {row["household_id"]: [] for row in rows(book["Households"])}
    for row in rows(book["Individuals"]):
        members[row["household_id"]].append(
            Member(
                RELATIONSHIPS.get(row["relationship_i_c"], Relationship.OTHER_RELATIVE),
                Sex(row["gender_i_c"].lower()),
                disability_of(row["observed_disability_i_c"]),
                is_true(row["pregnant_i_c"]),
            )
        )
    return list(members.values())


def rows(sheet: Any) -> Iterator[dict[str, Any]]:
    lines = sheet.iter_rows(values_only=True)
    names = next(lines)
    next(lines)
    for line in lines:
        if line[0] is not None:
            yield dict(zip(names, line, strict=True))


def is_true(value: object) -> bool:
    """True if the cell says so. The workbook writes booleans as formulas, for example `=TRUE()`."""
    return str(value).strip("=() ").upper().startswith("TRUE")


def disability_of(value: str | None) -> Disability | None:
    return None if value in (None, "", "NONE") else Disability(value.lower())


def own_families() -> list[Family]:
    others = (
        Member(Relationship.SPOUSE, Sex.FEMALE, is_pregnant=True),
        Member(Relationship.CHILD, Sex.FEMALE),
        Member(Relationship.CHILD, Sex.MALE),
        Member(Relationship.PARENT, Sex.FEMALE, Disability.WALKING),
        Member(Relationship.SIBLING, Sex.MALE),
        Member(Relationship.GRANDPARENT, Sex.FEMALE, Disability.SEEING),
    )
    return [[Member(Relationship.HEAD, Sex.MALE), *others[: number % 7]] for number in range(50)]


def reports(
    families: Sequence[Family], count: int, *, seed: int = 417, now: datetime | None = None
) -> list[dict[str, Any]]:
    """Returns bodies for `POST /intake/v1/displacements`."""
    draw = random.Random(seed)
    today = (now or datetime.now(UTC)).replace(microsecond=0)
    return [report(family, draw, today) for family in islice(cycle(families), count)]


def report(family: Family, draw: random.Random, now: datetime) -> dict[str, Any]:
    occurred = now - timedelta(days=draw.randrange(30), hours=draw.randrange(1, 24))
    destination = draw.choice(DESTINATIONS)
    hazard, reason = draw.choice(HAZARDS)
    name = draw.choice(FAMILY)
    members = [person(member, name, draw, occurred.date()) for member in family]
    return {
        "kind": "household",
        "report_id": new_id(draw),
        "household_id": new_id(draw),
        "occurred_at": occurred.isoformat(),
        "reported_at": now.isoformat(),
        "origin": {"pcode": draw.choice([pcode for pcode in ORIGINS if pcode != destination])},
        "destination": {"pcode": destination},
        "persons": len(members),
        "members": members,
        "reasons": [reason, "economic"] if draw.random() < 0.3 else [reason],
        "hazard_type": hazard,
        "shelter": draw.choice(SHELTERS),
        "needs": draw.sample(NEEDS, draw.randrange(4)),
        "phone": members[0]["phone"],
    }


def person(member: Member, family: str, draw: random.Random, on: date) -> dict[str, Any]:
    is_woman = member.sex is Sex.FEMALE
    youngest, oldest = YEARS.get(member.relationship, OTHERWISE)
    totals = {
        "member_id": new_id(draw),
        "relationship": member.relationship.value,
        "sex": member.sex.value,
        "birth_date": (on - timedelta(days=draw.randrange(youngest * 366, oldest * 365 + 360))).isoformat(),
        "given_name": draw.choice(FEMALE if is_woman else MALE),
        "family_name": family + ("а" if is_woman else ""),
    }
    if draw.random() < 0.5:
        totals["patronymic"] = f"{draw.choice(MALE)} {'кызы' if is_woman else 'уулу'}"
    if member.relationship is Relationship.HEAD:
        totals["phone"] = f"+996 {draw.choice(('500', '555', '700', '777'))} {draw.randrange(10**6):06}"
    details: dict[str, Any] = {"disabilities": [member.disability.value]} if member.disability else {}
    return {**totals, **details, **({"is_pregnant": True} if member.is_pregnant else {})}


def new_id(draw: random.Random) -> str:
    return str(UUID(int=draw.getrandbits(128), version=4))
