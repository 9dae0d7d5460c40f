"""Makes the reports about an invented mudflow in Kadamjai.

The reports cover five days, from the first call to the last return. Every family has five persons, so that readers can
check all figures without a computer. The same seed gives the same reports. The seed decides ids, names and ages. The
seed also decides which families are reported in the full form.

- Day 1: a mudflow comes. Families flee to the sites A, B, C and D. Before any family is listed, a caller reports 60
  people at A.
- Day 2: the district evacuates families to E and F before a second mudflow. E and F are in the next district.
- Day 3: some people move from A to C, and others flee from E to Leilek. Three people die at B. Some people leave D for
  Tajikistan.
- Day 4: the evacuation to F is lifted. Everybody at D and some people at B return home. Five families at C cannot be
  reached any more.
- Day 5: some people at E settle in Osh city, and all other people return home.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from shared.country import TIME_ZONE
from shared.events.vocabulary import Relationship, Sex
from tests.journeys import hope

KADAMJAI, BATKEN, LEILEK, OSH = "KG05258000000", "KG05214000000", "KG05236000000", "KG21000000000"
FAMILY = (
    hope.Member(Relationship.HEAD, Sex.MALE),
    hope.Member(Relationship.SPOUSE, Sex.FEMALE),
    hope.Member(Relationship.CHILD, Sex.FEMALE),
    hope.Member(Relationship.CHILD, Sex.MALE),
    hope.Member(Relationship.GRANDPARENT, Sex.FEMALE),
)
FULL_FORM = 0.25  # the share of families that are reported in the full form, with their members
Report = dict[str, Any]


@dataclass(frozen=True, slots=True)
class SitePlan:
    """`families` is the number of families that are registered one by one.

    `counted` is the number of people that a team counts at the site as a group.
    """

    name: str
    type: str
    shelter: str
    pcode: str
    families: int
    counted: int
    day: int = 1

    @property
    def mobility(self) -> dict[str, str]:
        return {} if self.day == 1 else {"mobility": "evacuation", "evacuation": "pre_emptive"}


SITES = {
    "A": SitePlan("Школа № 1", "school", "school", KADAMJAI, 100, 480),
    "B": SitePlan("Мечеть", "mosque", "mosque", KADAMJAI, 80, 420),
    "C": SitePlan("Палаточный лагерь", "tent_camp", "tent", KADAMJAI, 140, 650),
    "D": SitePlan("Клуб", "public_building", "public_building", KADAMJAI, 60, 300),
    "E": SitePlan("Пункт эвакуации", "evacuation_point", "evacuation_point", BATKEN, 120, 600, day=2),
    "F": SitePlan("Лагерь у реки", "tent_camp", "tent", BATKEN, 100, 520, day=2),
}


@dataclass
class Mudflow:
    """The reports of all five days.

    `first` is the date of day 1. Each method `day_…` returns the batches of one day.
    """

    first: date
    seed: int = 2022
    sites: dict[str, str] = field(init=False)  # maps the letter of each site to its id
    groups: dict[str, str] = field(init=False)  # the id of the group that a team counts at each site
    families: dict[str, list[Report]] = field(init=False)

    def __post_init__(self) -> None:
        self._draw = random.Random(self.seed)
        self.sites, self.groups = ({letter: hope.new_id(self._draw) for letter in SITES} for _ in range(2))
        self.families = {letter: [self._family(letter) for _ in range(plan.families)] for letter, plan in SITES.items()}

    def date_of(self, day: int) -> date:
        return self.first + timedelta(days=day - 1)

    @property
    def days(self) -> Sequence[Sequence[Sequence[Report]]]:
        return self.day_1(), self.day_2(), self.day_3(), self.day_4(), self.day_5()

    def day_1(self) -> list[list[Report]]:
        """With each batch, the number of displaced people reaches at most one more threshold of the alert."""
        counts = [self._count(letter) for letter in "ABCD"]
        return [
            [self._first_call()],
            self.families["D"],
            self.families["B"],
            [*self.families["C"], *self.families["A"], *counts],
        ]

    def day_2(self) -> list[list[Report]]:
        return [[*self.families["E"], *self.families["F"], *(self._count(letter) for letter in "EF")]]

    def day_3(self) -> list[list[Report]]:
        to_c: Report = {"destination": {"pcode": KADAMJAI}, "destination_site_id": self.sites["C"], "shelter": "tent"}
        to_leilek: Report = {"destination": {"pcode": LEILEK}, "shelter": "host_family"}
        to_tajikistan: Report = {"destination": {"country": "TJ"}}
        deaths = [
            self._of_family(family, "died", 3, member_ids=[family["members"][-1]["member_id"]])
            for family in self.families["B"][:3]
        ]
        return [
            [
                *(self._of_family(family, "transferred", 3, **to_c) for family in self.families["A"][:20]),
                self._of_group("A", "transferred", 3, persons=80, **to_c),
                *(self._of_family(family, "displaced_again", 3, **to_leilek) for family in self.families["E"][:8]),
                self._of_group("E", "displaced_again", 3, persons=35, **to_leilek),
                *deaths,
                *(self._of_family(family, "left_country", 3, **to_tajikistan) for family in self.families["D"][:4]),
                self._of_group("D", "left_country", 3, persons=25, **to_tajikistan),
            ]
        ]

    def day_4(self) -> list[list[Report]]:
        return [
            [
                self._of_site("F", "evacuation_lifted", 4),
                self._of_site("D", "returned", 4),
                *(self._of_family(family, "returned", 4) for family in self.families["B"][:30]),
                self._of_group("B", "returned", 4, persons=150),
                *(self._of_family(family, "contact_lost", 4) for family in self.families["C"][:5]),
            ]
        ]

    def day_5(self) -> list[list[Report]]:
        in_osh, home = {"destination": {"pcode": OSH}, "shelter": "rented"}, {"destination": {"pcode": KADAMJAI}}
        return [
            [
                *(self._of_family(family, "settled_elsewhere", 5, 9, **in_osh) for family in self.families["E"][8:20]),
                self._of_group("E", "settled_elsewhere", 5, 9, persons=65, **in_osh),
                *(self._of_site(letter, "returned", 5) for letter in "ABCEF"),
                *(self._of_family(family, "returned", 5, 15) for family in self.families["E"][:8]),
                # the last people of the group return from Leilek
                self._of_group("E", "returned", 5, 15, **home),
            ]
        ]

    def _family(self, letter: str) -> Report:
        plan = SITES[letter]
        report = {
            "kind": "household",
            "household_id": hope.new_id(self._draw),
            **self._displaced(letter, reported_at=self._at(plan.day, 21)),
            **plan.mobility,
            "persons": len(FAMILY),
        }
        # a report of a death at B names a member, so families at B are reported with their members
        if letter != "B" and self._draw.random() >= FULL_FORM:
            return report
        name = self._draw.choice(hope.FAMILY)
        members = [hope.person(member, name, self._draw, self.date_of(plan.day)) for member in FAMILY]
        return {**report, "members": members, "phone": members[0]["phone"]}

    def _first_call(self) -> Report:
        """A caller reports a number of people at A. At 22:00, the team's full recount replaces this count."""
        report = self._group("A", 60, hope.new_id(self._draw), hour=19)
        return {**report, "quantifier": "approximately", "is_full_recount": False}

    def _count(self, letter: str) -> Report:
        return self._group(letter, SITES[letter].counted, self.groups[letter], hour=22)

    def _group(self, letter: str, persons: int, group_id: str, *, hour: int) -> Report:
        counted_at = self._at(SITES[letter].day, hour)
        return {
            "kind": "group",
            "group_id": group_id,
            **self._displaced(letter, reported_at=counted_at),
            **SITES[letter].mobility,
            "persons": persons,
            "households": persons // len(FAMILY),
            "measure": "stock",
            "quantifier": "exact",
            "counted_at": counted_at,
            "is_full_recount": True,
        }

    def _displaced(self, letter: str, *, reported_at: str) -> Report:
        plan = SITES[letter]
        return {
            "report_id": hope.new_id(self._draw),
            "occurred_at": self._at(plan.day, 18),
            "reported_at": reported_at,
            "origin": {"pcode": KADAMJAI},
            "destination": {"pcode": plan.pcode},
            "site_id": self.sites[letter],
            "shelter": plan.shelter,
            "reasons": ["natural_disaster"],
            "hazard_type": "mudflow",
        }

    def _of_family(self, family: Report, movement: str, day: int, hour: int = 12, **more: Any) -> Report:
        return self._movement("household", family["household_id"], movement, self._at(day, hour), more)

    def _of_group(self, letter: str, movement: str, day: int, hour: int = 12, **more: Any) -> Report:
        return self._movement("group", self.groups[letter], movement, self._at(day, hour), more)

    def _of_site(self, letter: str, movement: str, day: int) -> Report:
        return self._movement("site", self.sites[letter], movement, self._at(day, 12), {})

    def _movement(self, subject: str, subject_id: str, movement: str, at: str, more: Report) -> Report:
        return {
            "kind": f"{subject}_movement",
            f"{subject}_id": subject_id,
            "report_id": hope.new_id(self._draw),
            "movement": movement,
            "occurred_at": at,
            "reported_at": at,
            **more,
        }

    def _at(self, day: int, hour: int) -> str:
        return datetime.combine(self.date_of(day), time(hour), TIME_ZONE).isoformat()


def site_bodies(mudflow: Mudflow) -> Iterator[tuple[str, Report]]:
    for letter, plan in SITES.items():
        body = {"version": 1, "name_ru": plan.name, "type": plan.type, "pcode": plan.pcode}
        yield mudflow.sites[letter], body
