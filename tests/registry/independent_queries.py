"""Computes with pandas the rows that a query of figures selects. It uses no code of the registry."""

from dataclasses import dataclass

import pandas as pd

from tests.registry.independent_figures import ASSESSED, PROFILES, SEXES


@dataclass(frozen=True)
class Query:
    view: str = "destination"
    level: int = 2
    rank: str = "first"
    by: tuple[str, ...] = ()
    profile: str = "dtm"
    sex: tuple[str, ...] = ()
    age: tuple[str, ...] = ()
    reason: str = ""
    onset: tuple[str, ...] = ()
    hazard_type: tuple[str, ...] = ()
    shelter: tuple[str, ...] = ()
    area: str = ""  # the value is the P-code of an oblast
    mobility: tuple[str, ...] = ("displacement", "evacuation")
    scope: tuple[str, ...] = ("within",)

    @property
    def address(self) -> str:
        lists = ("by", "sex", "age", "mobility", "scope", "onset", "hazard_type", "shelter")
        terms = [f"{name}={value.replace('+', '%2B')}" for name in lists for value in getattr(self, name)]
        terms += [f"{name}={value}" for name in ("reason", "area") if (value := getattr(self, name))]
        return "&".join([*terms, f"view={self.view}&level={self.level}&rank={self.rank}&age_profile={self.profile}"])

    @property
    def dimensions(self) -> list[str]:
        return ["month", "country", "pcode", "scope", "reason", "mobility", *self.by]

    @property
    def cells(self) -> dict[str, tuple[str, str]]:
        """Maps each column of numbers to the sex and the age bracket that it counts."""
        return {
            f"{sex}_{age.replace('-', '_').replace('+', '_plus')}": (sex, age)
            for sex in SEXES
            for age in (*PROFILES[self.profile], "unknown")
        }

    @property
    def numbers(self) -> list[str]:
        assessed = () if self.sex or self.age else ASSESSED  # answers about functioning are not counted by sex and age
        return ["households", "corrected", "imprecise", "persons", *self.cells, *assessed, "groups", "group_persons"]

    def rows(self, people: pd.DataFrame) -> pd.DataFrame:
        """The figures. Each row has another combination of dimensions."""
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
        keys = {name: people[name] for name in self.dimensions}
        chosen = {name: numbers[name] for name in self.numbers}
        rows = pd.DataFrame({**keys, **chosen}).groupby(self.dimensions, observed=True).sum().astype(int)
        return rows.reset_index()

    def needs(self, people: pd.DataFrame) -> pd.DataFrame:
        """The people by need. All people of a household or group have its needs.

        The row with an empty `need` counts people with at least one need.
        """
        people = self.by_reason(self.selected(people))
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
            "scope": self.scope,
            "sex": self.sex,
            self.profile: self.age,
            "hazard_type": self.hazard_type,
            "shelter": self.shelter,
            f"{self.view}_1": (self.area,) if self.area else (),
        }
        for name, values in chosen.items():
            people = people[people[name].isin(values)] if values else people
        return people

    def by_reason(self, people: pd.DataFrame) -> pd.DataFrame:
        """The people, once for each reason that counts, with this reason's onset and the place at the query's level."""
        place = {"country": people[f"{self.view}_country"], "pcode": people[f"{self.view}_{self.level}"]}
        people = people.assign(**place)
        people = people[people["reason_1"] == ""] if self.rank == "only" else people
        each = [
            people.assign(reason=people[f"reason_{number}"], onset=people[f"onset_{number}"])
            for number in range(3 if self.rank == "any" else 1)
        ]
        people = pd.concat(each, ignore_index=True)
        people = people[people["onset"].isin(self.onset)] if self.onset else people
        people = people.assign(**{name: people[name].astype("category") for name in ("reason", "onset")})
        return people[(people["reason"] == self.reason) if self.reason else (people["reason"] != "")]
