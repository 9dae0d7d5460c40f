"""Computes the figures of movements and of the duration of displacement with pandas. It uses no code of the registry.

The classes of duration are those of UNDRR's DELTA. A displacement ends by a return, a settlement elsewhere, a departure
from the country or an assessed solution, and not by a death. People are not confirmed if nobody has seen them for 24
hours (evacuation) or for 30 days (all others).
"""

from datetime import date

import pandas as pd

from tests.registry.independent_figures import Figures, units
from tests.registry.independent_lives import GONE, SOLVED, in_parts

DISPLACED = ("displacement", "evacuation")
PLACES = ["origin_pcode", "origin_country", "destination_pcode", "destination_country"]
MOVEMENT = ["month", "movement", *PLACES]
DURATION = ["days", "has_ended"]
CLASSES = {"0-9": (0, 10), "10-29": (10, 30), "30-89": (30, 90), "90+": (90, 100_000)}
ENDINGS = ("in_return", "in_settlement", GONE, SOLVED)


def movements(figures: Figures, level: int, mobility: tuple[str, ...] = DISPLACED) -> pd.DataFrame:
    """The people who changed their position, by month, kind of movement, former place and new place."""
    people = moving(figures, mobility)
    is_group = people["kind"] == "group"
    rows = pd.DataFrame(
        {
            "month": people["new_day"].dt.strftime("%Y-%m"),
            "movement": people["new_movement"],
            "origin_pcode": pcodes(people["destination"], level),
            "origin_country": countries(people["destination"]),
            "destination_pcode": pcodes(people["to_destination"], level),
            "destination_country": countries(people["to_destination"]),
            "households": people["is_household"],
            "persons": people["number"].where(~is_group, 0),
            "group_persons": people["number"].where(is_group, 0),
        }
    )
    return rows.groupby(MOVEMENT).sum().astype(int).reset_index()


def durations(figures: Figures, day: date, mobility: tuple[str, ...] = DISPLACED) -> pd.DataFrame:
    """The people by class of duration. People of groups are not added to registered people.

    A duration ends on the day of the figure or, if this is earlier, with the displacement.
    """
    on = pd.Timestamp(day)
    ongoing = displaced(figures, on, mobility)
    ended = moving(figures, mobility)
    ended = ended[(ended["sub_stock"] == "in_displacement") & ended["to_sub_stock"].isin(ENDINGS)]
    ended = ended[ended["new_day"] <= on]
    spans = {False: (ongoing, on - ongoing["departed"]), True: (ended, ended["new_day"] - ended["departed"])}
    rows = []
    for has_ended, (people, span) in spans.items():
        for name, (least, most) in CLASSES.items():
            own = people[(span.dt.days >= least) & (span.dt.days < most)]
            persons = [int(own.loc[own["kind"] == kind, "number"].sum()) for kind in ("household", "group")]
            rows.append((name, has_ended, int(own["is_household"].sum()), *persons))
    return pd.DataFrame(rows, columns=[*DURATION, "households", "persons", "group_persons"])


def confirmations(figures: Figures, day: date, mobility: tuple[str, ...] = DISPLACED) -> dict[str, int]:
    """The displaced registered people whose last confirmation is too old, and those whose return is presumed."""
    on = pd.Timestamp(day)
    people = displaced(figures, on, mobility)
    people = people[people["kind"] == "household"]
    limit = (people["mobility"] == "evacuation").map({True: pd.Timedelta(hours=24), False: pd.Timedelta(days=30)})
    is_unconfirmed = people["confirmed"] < on + pd.Timedelta(days=1) - limit
    chosen = {"unconfirmed": people[is_unconfirmed], "presumed": people[people["is_presumed"]]}
    numbers = {"households": "is_household", "persons": "number"}
    return {
        f"{name}_{kind}": int(own[column].sum()) for name, own in chosen.items() for kind, column in numbers.items()
    }


def displaced(figures: Figures, on: pd.Timestamp, mobility: tuple[str, ...]) -> pd.DataFrame:
    """The people who are in location of displacement on the day, in any place."""
    of = figures.positions
    is_there = (of["sub_stock"] == "in_displacement") & (of["begins"] <= on) & (on < of["ends"])
    return counted(of[is_there & of["mobility"].isin(mobility)], "report_id")


def moving(figures: Figures, mobility: tuple[str, ...]) -> pd.DataFrame:
    return counted(figures.passages[figures.passages["mobility"].isin(mobility)], "moving")


def counted(people: pd.DataFrame, whole: str) -> pd.DataFrame:
    """The people. `is_household` is true for one person of the largest part of each registered household."""
    people = in_parts(people, whole)
    is_largest = people["is_largest"] & (people["kind"] == "household")
    return people.assign(is_household=is_largest & ~people.duplicated("part"))


def pcodes(places: pd.Series, level: int) -> pd.Series:
    """The unit of each place. If `level` is the level of the country, the unit is the country."""
    return units(places, level) if level else places.map(lambda _: "")


def countries(places: pd.Series) -> pd.Series:
    return places.where(~places.str.startswith("KG"), "KG")
