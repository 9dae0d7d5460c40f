"""Computes the positions of households' members from reports of movements. A position's first day is computed too.

The computation uses pandas, and no code of the registry. The data frames of people have the columns in `POSITION`. The
column `begins` is the first day of a position.
"""

from math import nan

import pandas as pd

END = pd.Timestamp("2200-01-01")
NOT_KNOWN = "ZZ"  # the unknown place of people who have left the country
STOCK, GONE = ("in_displacement", "in_return", "in_settlement"), "left_country"
SOLVED = "durable_solution"
REACHED_ONCE = ("in_return", GONE)  # nobody enters the sub-stock of returns or the sub-stock of departures twice
TO_SUB_STOCK = {
    "transferred": "in_displacement",
    "displaced_again": "in_displacement",
    "returned": "in_return",
    "settled_elsewhere": "in_settlement",
    "relocated": "in_settlement",
    "entered_country": "in_displacement",
    "left_country": "left_country",
    "died": "died",
    "solution_assessed": SOLVED,
}
UNSEEN = ("contact_lost", "evacuation_lifted")  # after one of these reports, people count as not confirmed
PLACE = ["sub_stock", "destination", "shelter"]
NOTED = ["departed", "confirmed", "movement", "is_presumed", "intends_to_stay", "lost", "is_imprecise"]
POSITION = [*PLACE, *NOTED]
# the columns of a movement
REPORTED = [
    *("report_id", "version", "movement", "day", "month", "is_imprecise", "moment"),
    *("destination", "shelter", "member_ids", "persons"),
]
# the values of people whom a report only counts
UNKNOWN = {"member_id": "", "sex": "unknown", "youngest": nan, "oldest": nan, "assessed": False}
NOBODY_KNOWS = {**UNKNOWN, "with_disability": False, "born": pd.NaT, "birth_year": nan, "age": nan, "told_on": pd.NaT}


def lives(people: pd.DataFrame, movements: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Returns two tables about the members of households.

    The first table has the members' positions with the first and last days. The second table has the members' changes
    of position.
    """
    positions, passages = [], []
    movements = of_subjects(movements, people).sort_values("day")
    for _, moves in movements.groupby(movements.groupby("subject").cumcount()):
        reported = moves[["subject", *REPORTED]].add_prefix("new_")
        joined = people.merge(reported, how="left", left_on="subject", right_on="new_subject")
        is_counted = joined["new_persons"].notna() & concerned(joined)
        positions.append(joined[is_counted].assign(ends=joined["new_day"]))
        joined = pd.concat([joined[~is_counted], *divided(joined[is_counted])], ignore_index=True)
        is_concerned = concerned(joined)
        after = moved(joined)
        has_moved = is_concerned & (joined[PLACE] != after[PLACE]).any(axis=1)
        after = after.assign(**noted(joined, has_moved))
        moving = (joined["new_report_id"] + " " + joined["subject"]).rename("moving")
        positions.append(joined[is_concerned].assign(ends=joined["new_day"]))
        is_same = joined["sub_stock"] == after["sub_stock"]
        is_passage = has_moved & ~(is_same & joined["sub_stock"].isin(REACHED_ONCE))
        passages.append(pd.concat([joined, after[PLACE].add_prefix("to_"), moving], axis=1)[is_passage])
        changed = [*POSITION, "begins"]
        joined.loc[is_concerned, changed] = after.loc[is_concerned, changed]
        people = joined[people.columns]
    return pd.concat([*positions, people], ignore_index=True), pd.concat(passages, ignore_index=True)


def divided(people: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A movement may state only a number of people. Divides each household into that number of people and the rest.

    Nobody knows who moved. The sex, age and name of the divided people therefore become unknown.
    """
    households = people.drop_duplicates("subject").assign(**NOBODY_KNOWS, begins=lambda own: own["new_day"])
    number = households["new_persons"].astype(int)
    total = households["subject"].map(people.groupby("subject")["number"].sum())
    return households.assign(number=number), households.assign(number=total - number, new_day=pd.NaT)


def of_subjects(movements: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    """Returns the movements of households and groups.

    A movement of everybody at a site is returned as a movement of each household and each group there.
    """
    is_of_site = movements["kind"] == "site_movement"
    there = people[["site_id", "subject"]].dropna().drop_duplicates()
    at_sites = movements[is_of_site].drop(columns="subject").merge(there, on="site_id")
    return pd.concat([movements[~is_of_site], at_sites], ignore_index=True)


def concerned(joined: pd.DataFrame) -> pd.Series:
    """Returns for each person whether the movement concerns the person.

    A movement that names people concerns these people, if it is possible for them. A movement without names
    concerns the people in the stock. If nobody is in the stock, it concerns the people who left the country. Three
    kinds of movement have a condition: only people abroad can enter the country, only displaced people were evacuated,
    and a solution is assessed only for people in the stock. For people with a solution, only a new displacement is
    possible. A movement belongs to the displacement that is valid on its day.
    """
    is_following = (joined["begins"] <= joined["new_day"]) & (joined["new_day"] < joined["ends"])
    kind, in_stock, has_left = joined["new_movement"], joined["sub_stock"].isin(STOCK), joined["sub_stock"] == GONE
    is_abroad = in_stock & ~joined["destination"].str.startswith("KG") & (joined["destination"] != NOT_KNOWN)
    is_entry, is_lifted = kind == "entered_country", kind == "evacuation_lifted"
    first = in_stock.mask(is_entry, has_left).mask(is_lifted, joined["sub_stock"] == "in_displacement")
    second = has_left.mask(is_entry, is_abroad) & ~kind.isin(["evacuation_lifted", "solution_assessed"])
    third = (joined["sub_stock"] == SOLVED) & (kind == "displaced_again")
    first, second, third = (some & is_following for some in (first, second, third))
    are_named = joined["new_member_ids"].map(lambda ids: isinstance(ids, list))
    ids = zip(joined["new_member_ids"], joined["member_id"], strict=True)
    is_named = pd.Series([isinstance(named, list) and id in named for named, id in ids], index=joined.index)
    is_any_first, is_any_second = (some.groupby(joined["subject"]).transform("any") for some in (first, second))
    unnamed = first | (second & ~is_any_first) | (third & ~is_any_first & ~is_any_second)
    return unnamed.where(~are_named, (first | second | third) & is_named)


def moved(joined: pd.DataFrame) -> pd.DataFrame:
    """Returns where the people are after the movement.

    The last stated country is the country of people who have left. A report may lead people to the place where they
    already are. If such a report states no shelter, the people's shelter stays the same. A return never changes the
    shelter.
    """
    kind = joined["new_movement"]
    is_leaving = (kind == "left_country") & (joined["sub_stock"] != GONE)
    is_without_shelter = (kind == "returned") | is_leaving
    usual = joined["destination"].mask(kind == "returned", joined["origin"]).mask(is_leaving, NOT_KNOWN)
    place = joined["new_destination"].fillna(usual)
    sub_stock = kind.map(TO_SUB_STOCK).fillna(joined["sub_stock"])
    stated = joined["new_shelter"].fillna("unknown")
    shelter = stated.where(joined["new_destination"].notna(), joined["shelter"].mask(is_without_shelter, "unknown"))
    is_same_place = (sub_stock == joined["sub_stock"]) & (place == joined["destination"])
    keeps_shelter = is_same_place & ((shelter == "unknown") | (sub_stock == "in_return"))
    is_new = (kind == "displaced_again") & (joined["sub_stock"] != "in_displacement")
    return joined.assign(
        sub_stock=sub_stock,
        destination=place,
        shelter=shelter.mask(keeps_shelter, joined["shelter"]),
        departed=joined["new_day"].where(is_new, joined["departed"]),
        begins=joined["new_day"],
    )


def noted(joined: pd.DataFrame, has_moved: pd.Series) -> dict[str, pd.Series]:
    """Returns what is known about the people after the movement.

    If the people already were at this place, the report confirms their position, and their date keeps its precision.
    """
    kind, at = joined["new_movement"], joined["new_moment"]
    is_seen = ~kind.isin(UNSEEN)
    is_later = is_seen & (at > joined["confirmed"])
    return {
        "movement": kind.where(has_moved, joined["movement"]),
        "confirmed": at.where(is_later, joined["confirmed"]),
        "is_presumed": (joined["is_presumed"] & ~is_seen) | (kind == "evacuation_lifted"),
        "intends_to_stay": (joined["intends_to_stay"] & ~has_moved) | (kind == "intends_to_stay"),
        "lost": joined["lost"].mask(is_seen, END).mask(kind == "contact_lost", at),
        "is_imprecise": joined["new_is_imprecise"].where(has_moved, joined["is_imprecise"]).astype(bool),
    }


def is_unconfirmed(people: pd.DataFrame, on: pd.Timestamp) -> pd.Series:
    """True for people whom nobody has seen at the end of the day for 24 hours (evacuation) or 30 days (all others)."""
    limit = (people["mobility"] == "evacuation").map({True: pd.Timedelta(hours=24), False: pd.Timedelta(days=30)})
    return people["confirmed"] < on + pd.Timedelta(days=1) - limit


def in_parts(people: pd.DataFrame, whole: str) -> pd.DataFrame:
    """Adds two columns: the number of each row's part, and whether this part is the largest of its `whole`.

    A part is people of one `whole` with the same position; a `whole` is, for example, a household.
    """
    keys = people.groupby([whole, *POSITION])
    size = keys["number"].transform("sum")
    return people.assign(part=keys.ngroup(), is_largest=size == size.groupby(people[whole]).transform("max"))
