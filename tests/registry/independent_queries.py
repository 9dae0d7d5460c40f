"""Computes with pandas the rows that a query of figures must return. The computation uses no code of the registry."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from tests.registry.independent_figures import ASSESSED, OBLASTS, PROFILES, SEXES

LISTS = ("by", "sex", "age", "mobility", "scope", "reason", "onset", "hazard_type", "shelter")
SINGLE = ("view", "level", "rank", "area")
TOTALS = ("households", "persons", *ASSESSED, "groups", "group_persons")
CATEGORIES = ("displaced", "abroad", "from_abroad", "unknown", "planned_relocation", "migration")


@dataclass(frozen=True)
class Query:
    """The filters and dimensions of figures. A filter without a value selects everything.

    If no `scope` is given, displaced people count only within the country.
    """

    view: str = "destination"
    level: int = 2
    rank: str = "first"
    by: tuple[str, ...] = ()
    profile: str = "dtm"
    sex: tuple[str, ...] = ()
    age: tuple[str, ...] = ()
    reason: tuple[str, ...] = ()
    onset: tuple[str, ...] = ()
    hazard_type: tuple[str, ...] = ()
    shelter: tuple[str, ...] = ()
    area: str = ""  # P-code of an oblast or district
    mobility: tuple[str, ...] = ("displacement", "evacuation")
    scope: tuple[str, ...] = ()
    seen: str = ""  # a caller whose area is this oblast sees the people there, and people abroad who came from there

    @property
    def address(self) -> str:
        lists = [f"{name}={value.replace('+', '%2B')}" for name in LISTS for value in getattr(self, name)]
        single = [f"{name}={value}" for name in SINGLE if (value := getattr(self, name)) != ""]
        return "&".join([*lists, *single, f"age_profile={self.profile}"])

    @property
    def scopes(self) -> tuple[str, ...]:
        are_displaced = {*self.mobility} <= {"displacement", "evacuation"}
        return self.scope or (("within", "origin_unknown") if are_displaced else ())

    @property
    def dimensions(self) -> list[str]:
        return ["month", "country", "pcode", "scope", "reason", "mobility", *self.by]

    @property
    def cells(self) -> dict[str, tuple[str, str]]:
        return {
            f"{sex}_{age.replace('-', '_').replace('+', '_plus')}": (sex, age)
            for sex in SEXES
            for age in (*PROFILES[self.profile], "unknown")
        }

    @property
    def numbers(self) -> list[str]:
        assessed = () if self.sex or self.age else ASSESSED  # answers about functioning are not counted by sex and age
        return ["households", "corrected", "imprecise", "persons", *self.cells, *assessed, "groups", "group_persons"]

    def rows(self, people: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, dict[str, Any]]]:
        people = self.by_reason(self.selected(people))
        is_first = ~people.duplicated(["part", "reason"])
        is_group = people["kind"] == "group"
        counts = is_first & people["is_largest"] & ~is_group
        registered = people["number"].where(~is_group, 0)
        cells = people["sex"].astype(str) + " " + people[self.profile].astype(str)
        numbers = {
            "households": counts,
            "corrected": counts & people["is_corrected"],
            "imprecise": counts & people["is_imprecise"],
            "persons": registered,
            **{name: registered.where(cells == f"{sex} {age}", 0) for name, (sex, age) in self.cells.items()},
            **{name: people[name].astype(int) for name in ASSESSED},
            "groups": is_first & is_group,
            "group_persons": people["number"].where(is_group, 0),
        }
        chosen = pd.DataFrame({name: numbers[name] for name in self.numbers}).astype(int)
        rows = people[self.dimensions].join(chosen).groupby(self.dimensions, observed=True).sum()
        return rows.reset_index(), self.totals(people[["person", "category"]].join(chosen))

    def totals(self, people: pd.DataFrame) -> dict[str, dict[str, Any]]:
        """Returns the totals of each category. A person with several reasons counts once."""
        names = [name for name in TOTALS if name in people]
        found = people.drop_duplicates("person").groupby("category", observed=True)[names].sum().to_dict("index")
        nothing = {name: 0 if name in names else None for name in TOTALS}
        return {category: nothing | found.get(category, {}) for category in CATEGORIES}

    def needs(self, people: pd.DataFrame) -> pd.DataFrame:
        """Returns the number of people for each need.

        The needs of a household or group are the needs of all its people.

        In the row with an empty `need`, each person with at least one need counts once.
        """
        people = self.by_reason(self.selected(people)).drop_duplicates("person")
        people = people.assign(is_first=~people.duplicated("part"), is_group=people["kind"] == "group")
        people = people[people["needs"].str.len() > 0]
        people = pd.concat([people.assign(need=""), people.assign(need=people["needs"]).explode("need")])
        numbers = {
            "households": people["is_first"] & people["is_largest"] & ~people["is_group"],
            "persons": people["number"].where(~people["is_group"], 0),
            "groups": people["is_first"] & people["is_group"],
            "group_persons": people["number"].where(people["is_group"], 0),
        }
        return people[["need"]].assign(**numbers).groupby("need").sum().astype(int).reset_index()

    def selected(self, people: pd.DataFrame) -> pd.DataFrame:
        chosen = {
            "mobility": self.mobility,
            "scope": self.scopes,
            "sex": self.sex,
            self.profile: self.age,
            "hazard_type": self.hazard_type,
            "shelter": self.shelter,
            f"{self.view}_{2 if self.area in OBLASTS else 1}": (self.area,) if self.area else (),
            "seen_in": (self.seen,) if self.seen else (),
        }
        for name, values in chosen.items():
            people = people[people[name].isin(values)] if values else people
        return people

    def by_reason(self, people: pd.DataFrame) -> pd.DataFrame:
        """Returns one row per person and counted reason.

        Each row has the reason's onset, and the place at the query's level.
        """
        place = {"country": people[f"{self.view}_country"], "pcode": people[f"{self.view}_{self.level}"]}
        people = people.assign(**place, person=people.index)
        people = people[people["reason_1"] == ""] if self.rank == "only" else people
        each = [
            people.assign(reason=people[f"reason_{number}"], onset=people[f"onset_{number}"])
            for number in range(3 if self.rank == "any" else 1)
        ]
        people = pd.concat(each, ignore_index=True)
        people = people[people["onset"].isin(self.onset)] if self.onset else people
        people = people.assign(**{name: people[name].astype("category") for name in ("reason", "onset")})
        return people[people["reason"].isin(self.reason) if self.reason else (people["reason"] != "")]
