"""Computes from reports of movements where the people of counted groups are.

The computation uses no code of the registry.

The people of a group who moved are a part of the group, with a new place. A movement may state only a number of people.
Nobody then knows which people moved. The sexes and ages of the people who moved and of the people who stayed are
therefore unknown. If the day of a movement is not known, the latest possible day counts.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from math import nan
from typing import Any

import pandas as pd

from tests.registry.independent_lives import END, GONE, NOT_KNOWN, PLACE, SOLVED, TO_SUB_STOCK, of_subjects

Row = dict[str, Any]
NOBODY_KNOWS = {"sex": "unknown", "youngest": nan, "oldest": nan}


class GroupPart:
    """People of one group with one position.

    `rows` has the people who are at the position now. `past` has the rows of earlier days.
    """

    def __init__(self, rows: list[Row]) -> None:
        self.rows, self.past, self.since, self.ends = rows, list[Row](), rows[0]["begins"], rows[0]["ends"]

    @property
    def count(self) -> int:
        return sum(row["number"] for row in self.rows)

    @property
    def sub_stock(self) -> Any:
        return self.rows[0]["sub_stock"]

    @property
    def is_abroad(self) -> bool:
        place = self.rows[0]["destination"]
        return self.sub_stock == "in_displacement" and place != NOT_KNOWN and not place.startswith("KG")

    def take(self, number: int, day: pd.Timestamp) -> list[Row]:
        """Takes `number` people out of the part, or everybody if the part has fewer people."""
        moving, left = self.rows, list[Row]()
        if number < self.count:
            nobody = {**self.rows[0], **NOBODY_KNOWS}
            moving, left = [{**nobody, "number": number}], [{**nobody, "number": self.count - number}]
        self.past += [{**row, "ends": day} for row in self.rows]
        self.rows = [{**row, "begins": day} for row in left]
        return moving


def group_lives(people: pd.DataFrame, movements: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Returns two tables about the people of groups.

    The first table has the people's positions with the first and last days. The second table has the people's changes
    of position.
    """
    positions, passages = list[Row](), list[Row]()
    moves = by(of_subjects(movements, people).sort_values("latest").to_dict("records"), "subject")
    for group_id, counted in by(people.sort_values("begins").to_dict("records"), "subject").items():
        parts = [GroupPart(rows) for rows in by(counted, "report_id").values()]
        for movement in moves.get(group_id, ()):
            for moving in list(moved(parts, movement)):
                rows = [passage(row, movement) for row in moving]
                passages += rows
                parts.append(GroupPart([arrived(row) for row in rows]))
        positions += [row for part in parts for row in (*part.past, *part.rows)]
    return pd.DataFrame(positions)[people.columns], pd.DataFrame(passages)


def by(rows: Iterable[Row], name: str) -> dict[Any, list[Row]]:
    found = defaultdict[Any, list[Row]](list)
    for row in rows:
        found[row[name]].append(row)
    return found


def moved(parts: Iterable[GroupPart], movement: Row) -> Iterator[list[Row]]:
    """Takes people out of their parts for a movement, beginning with the oldest part.

    A movement without a number takes everybody whom the first matching condition of `kinds` selects.
    """
    day, left = movement["latest"], movement["persons"]
    present = sorted((part for part in parts if part.since <= day < part.ends), key=lambda part: part.since)
    for is_concerned in kinds(movement["movement"]):
        possible = [part for part in present if part.rows and is_concerned(part)]
        for part in possible:
            number = part.count if pd.isna(left) else min(int(left), part.count)
            left -= number
            if number:
                yield part.take(number, day)
        if pd.isna(left) and possible:
            return


def kinds(movement: str) -> list[Any]:
    """Returns conditions that select the people of a movement. People who match an earlier condition move first."""
    if movement not in TO_SUB_STOCK:
        return []
    if movement == "entered_country":
        return [lambda part: part.sub_stock == GONE, lambda part: part.is_abroad]
    elsewhere = {"in_return", "in_settlement"} - {TO_SUB_STOCK[movement]}
    in_stock = [lambda part: part.sub_stock == "in_displacement", lambda part: part.sub_stock in elsewhere]
    return [*in_stock, lambda part: part.sub_stock == SOLVED] if movement == "displaced_again" else in_stock


def passage(row: Row, movement: Row) -> Row:
    kind = movement["movement"]
    usual = {"returned": (row["origin"], "unknown"), "left_country": (NOT_KNOWN, "unknown")}
    place, shelter = usual.get(kind, (row["destination"], row["shelter"]))
    if not pd.isna(movement["destination"]):
        place, shelter = movement["destination"], "unknown" if pd.isna(movement["shelter"]) else movement["shelter"]
    reported = {f"new_{name}": movement[name] for name in ("report_id", "movement", "month")}
    reported |= {"new_day": movement["latest"], "new_occurred": movement["day"]}
    to = dict(zip(PLACE, (TO_SUB_STOCK[kind], place, shelter), strict=True))
    moving = f"{movement['report_id']} {row['report_id']}"
    return {**row, **reported, **{f"to_{name}": value for name, value in to.items()}, "moving": moving}


def arrived(row: Row) -> Row:
    """Returns the person at the new place, with the movement's day.

    People who are forced onward have a new displacement: from the place that they left, on the movement's stated day.
    """
    is_onward = row["new_movement"] == "displaced_again"
    onward = {"origin": row["destination"], "departed": row["new_occurred"]} if is_onward else {}
    place = {name: row[f"to_{name}"] for name in PLACE}
    since = {"begins": row["new_day"], "ends": END, "report_id": row["moving"], "movement": row["new_movement"]}
    return {**row, **place, **onward, **since}
