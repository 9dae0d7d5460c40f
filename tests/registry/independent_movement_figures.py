"""Computes figures with pandas: the movements of people, and the duration of displacement.

The computation uses no code of the registry.

The classes of duration come from UNDRR's DELTA. Four events end a displacement: a return, a settlement elsewhere, a
departure from the country, or an assessed solution. A death does not. People whom nobody has seen for 24 hours
(evacuation) or for 30 days (all others) count as not confirmed.
"""

from dataclasses import dataclass
from datetime import date

import pandas as pd

from tests.registry.independent_figures import Figures, aged, described, during, units, with_ages
from tests.registry.independent_lives import GONE, SOLVED, in_parts
from tests.registry.independent_queries import Query

PLACES = ["origin_pcode", "origin_country", "destination_pcode", "destination_country"]
MOVEMENT = ["month", "movement", *PLACES]
DURATION = ["days", "has_ended"]
CLASSES = {"0-9": (0, 10), "10-29": (10, 30), "30-89": (30, 90), "90+": (90, 100_000)}
ENDINGS = ("in_return", "in_settlement", GONE, SOLVED)
KEPT = ("occurred", "new_movement", "new_day", "origin", "destination")


@dataclass(frozen=True)
class MovementQuery(Query):
    """The filters of the figures of movements, durations and confirmations.

    Figures of movements include people of all scopes.
    """

    movement: tuple[str, ...] = ()
    since: str = ""
    until: str = ""

    @property
    def address(self) -> str:
        single = [f"{name}={value}" for name in ("since", "until") if (value := getattr(self, name))]
        return "&".join([super().address, *(f"movement={kind}" for kind in self.movement), *single])

    @property
    def scopes(self) -> tuple[str, ...]:
        return ()

    def chosen(self, people: pd.DataFrame) -> pd.DataFrame:
        """The selected people.

        `is_household` marks one person per registered household, in the household's largest part.
        """
        people = self.by_reason(self.selected(people)).drop_duplicates("person")
        is_largest = people["is_largest"] & (people["kind"] == "household")
        return people.assign(is_household=is_largest & ~people.duplicated("part"))


def moved(figures: Figures) -> pd.DataFrame:
    people = passed(figures)
    return described(people.assign(origin=people["destination"], destination=people["to_destination"]), *KEPT)


def ended(figures: Figures) -> pd.DataFrame:
    people = passed(figures)
    return described(people[(people["sub_stock"] == "in_displacement") & people["to_sub_stock"].isin(ENDINGS)], *KEPT)


def passed(figures: Figures) -> pd.DataFrame:
    """Returns the people who changed their position.

    People who were forced onward get their ages on the day of the movement. All other people keep their ages in the
    stock.
    """
    of = figures.passages
    is_onward = of["new_movement"] == "displaced_again"
    onward, others = of[is_onward], of[~is_onward]
    people = pd.concat([aged(onward, onward["new_day"]), with_ages(others, others["new_day"])])
    return in_parts(people, "moving").assign(
        occurred=people["new_occurred"].fillna(people["new_day"]), month=people["new_month"], confirmation=""
    )


def movements(people: pd.DataFrame, query: MovementQuery) -> pd.DataFrame:
    people = query.chosen(people[during(people["occurred"], query.since, query.until)])
    people = people[people["new_movement"].isin(query.movement)] if query.movement else people
    is_group = people["kind"] == "group"
    rows = pd.DataFrame(
        {
            "month": people["month"].astype(str),
            "movement": people["new_movement"],
            "origin_pcode": pcodes(people["origin"], query.level),
            "origin_country": countries(people["origin"]),
            "destination_pcode": pcodes(people["destination"], query.level),
            "destination_country": countries(people["destination"]),
            "households": people["is_household"],
            "persons": people["number"].where(~is_group, 0),
            "group_persons": people["number"].where(is_group, 0),
        }
    )
    return rows.groupby(MOVEMENT).sum().astype(int).reset_index()


def durations(present: pd.DataFrame, people: pd.DataFrame, day: date, query: MovementQuery) -> pd.DataFrame:
    """Returns the people by class of duration. People of groups are never added to registered people.

    `present` are people in displacement on the day. `people` are people whose displacement has ended. A
    duration ends at the end of the displacement, or on the day of the figure if that is earlier.
    """
    on = pd.Timestamp(day)
    ongoing, completed = query.chosen(present), query.chosen(people[people["new_day"] <= on])
    spans = {
        False: (ongoing, on - ongoing["departed"]),
        True: (completed, completed["new_day"] - completed["departed"]),
    }
    rows = []
    for has_ended, (counted, span) in spans.items():
        for name, (least, most) in CLASSES.items():
            own = counted[(span.dt.days >= least) & (span.dt.days < most)]
            persons = [int(own.loc[own["kind"] == kind, "number"].sum()) for kind in ("household", "group")]
            rows.append((name, has_ended, int(own["is_household"].sum()), *persons))
    return pd.DataFrame(rows, columns=[*DURATION, "households", "persons", "group_persons"])


def confirmations(present: pd.DataFrame, query: MovementQuery) -> dict[str, int]:
    people = query.chosen(present)
    people = people[people["kind"] == "household"]
    chosen = {"unconfirmed": people[people["confirmation"] == "unconfirmed"], "presumed": people[people["is_presumed"]]}
    numbers = {"households": "is_household", "persons": "number"}
    return {
        f"{name}_{kind}": int(own[column].sum()) for name, own in chosen.items() for kind, column in numbers.items()
    }


def pcodes(places: pd.Series, level: int) -> pd.Series:
    """Returns the administrative unit of each place.

    At level 0, the unit is empty, because figures state only the country.
    """
    return units(places, level) if level else places.map(lambda _: "")


def countries(places: pd.Series) -> pd.Series:
    return places.where(~places.str.startswith("KG"), "KG")
