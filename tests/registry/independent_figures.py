"""Computes figures from reports with pandas, to compare them with the registry's figures.

The computation follows the definitions of displacement. The computation of the expected figures uses no code of the
registry. Sub-stocks are defined by IRIS. IDMC counts a forced onward movement as a new displacement. The age brackets
are DTM's, UNHCR's and DELTA's. People of a household with equal positions are one part of the household. A household
may have people in several sub-stocks. In each sub-stock, a household counts once, by its largest part. A report about
everybody at a site becomes a report about each household and each group there.
"""

from dataclasses import dataclass
from datetime import date
from math import nan
from typing import Any, Self

import numpy as np
import pandas as pd

from tests.registry.independent_group_lives import group_lives
from tests.registry.independent_lives import END, NOT_KNOWN, in_parts, is_unconfirmed, lives

Body = dict[str, Any]

TIME_ZONE = "Asia/Bishkek"
SUDDEN, SLOW = "natural_disaster", "pasture_degradation"
SLOW_REASONS = (
    *("water_scarcity_irrigation", "water_scarcity_drinking", "pasture_degradation", "soil_degradation"),
    *("salinization", "waterlogging", "drought", "heat", "permafrost_loss", "repeated_hazards", "fear_of_hazard"),
    "environmental_degradation",
)
SLOW_HAZARDS = (
    *("jut", "drought", "water_scarcity", "land_degradation", "salinization", "bank_erosion", "groundwater_rise"),
    *("permafrost_loss", "pests", "crop_disease"),
)
PROFILES = {
    "dtm": {"0-5": (0, 5), "6-11": (6, 11), "12-17": (12, 17), "18-59": (18, 59), "60+": (60, 200)},
    "unhcr": {"0-4": (0, 4), "5-11": (5, 11), "12-17": (12, 17), "18-59": (18, 59), "60+": (60, 200)},
    "delta": {"0-14": (0, 14), "15-64": (15, 64), "65+": (65, 200)},
}
LEILEK, KADAMJAI, BATKEN, OSH = "KG05236000000", "KG05258000000", "KG05214000000", "KG06226000000"
OBLASTS = {**dict.fromkeys((LEILEK, KADAMJAI, BATKEN), "KG05000000000"), OSH: "KG06000000000"}
ABROAD = {"RU": "RUS", "TJ": "TJK", "XX": "XXX", NOT_KNOWN: "ZZZ"}  # the codes of ISO 3166-1
EXACT = ("hour", "day")  # precisions that are at least as exact as a day
WITHOUT_MONTH = ("season", "year")
SEXES = ("female", "male", "unknown")
ASSESSED = ("assessed", "with_disability")
# the Washington Group's degrees of difficulty
MILD, GRAVE = ("no_difficulty", "some_difficulty"), ("a_lot_of_difficulty", "cannot_do_at_all")


@dataclass(frozen=True)
class Figures:
    """The people of all reports, in three data frames.

    `starts` has the people's displacements. `positions` has the people's positions, each with its first and last day.
    `passages` has the people's changes of position.
    """

    starts: pd.DataFrame
    positions: pd.DataFrame
    passages: pd.DataFrame

    @classmethod
    def of(cls, bodies: list[Body]) -> Self:
        reports = newest(bodies)
        found = displacements(reports)
        people = persons(found).merge(found.drop(columns=["persons", "members", "sex_age"]), on="report_id")
        starts = people[(people["kind"] == "household") | (people["measure"] == "flow")]
        moves = reports[reports["movement"].notna() & ~reports["is_reversed"].astype(bool)]
        is_household, is_stock = people["kind"] == "household", people["measure"] == "stock"
        both = lives(people[is_household], moves), group_lives(people[is_stock], moves)
        positions, passages = (pd.concat(own, ignore_index=True) for own in zip(*both, strict=True))
        return cls(starts, positions, passages)

    def stock(self, day: date, sub_stock: str) -> pd.DataFrame:
        on, of = pd.Timestamp(day), self.positions
        present = of[(of["sub_stock"] == sub_stock) & (of["begins"] <= on) & (on < of["ends"])]
        aged = with_ages(present, pd.Series(on, index=present.index)).assign(month="")
        states = is_unconfirmed(present, on).map({True: "unconfirmed", False: "confirmed"})
        states = states.where(present["kind"] == "household", "")
        return described(in_parts(aged.assign(confirmation=states), "report_id"))

    def flows(self, since: str = "", until: str = "") -> pd.DataFrame:
        """Returns the displacements from the month `since` to the month `until`, for example 2025-03.

        If registered people are forced onward, their passage is a displacement too.
        """
        is_onward = (self.passages["new_movement"] == "displaced_again") & (self.passages["kind"] == "household")
        onward = self.passages[is_onward]
        starts = in_parts(with_ages(self.starts, self.starts["day"]), "report_id")
        parts = in_parts(aged(onward, onward["new_day"]), "moving")
        parts = parts.assign(
            day=parts["new_day"],
            month=parts["new_month"],
            is_corrected=parts["new_version"] > 1,
            is_imprecise=parts["new_is_imprecise"].astype(bool),
            origin=parts["destination"],
            destination=parts["to_destination"],
            shelter=parts["to_shelter"],
            part=parts["part"] + len(starts),
        )
        people = pd.concat([starts, parts], ignore_index=True).assign(confirmation="")
        return described(people[during(people["day"], since, until)])


def during(days: pd.Series, since: str, until: str) -> pd.Series:
    """Returns for each day whether it is in the months `since` to `until`. An empty text means no limit."""
    months = days.dt.strftime("%Y-%m")
    return (months >= since) & (months <= (until or "9999"))


def newest(bodies: list[Body]) -> pd.DataFrame:
    usual = {"version": 1, "occurred_at_precision": "day", "is_reversed": False, "status": "Actual"}
    reports = pd.DataFrame(bodies).fillna(usual)
    reports = reports[reports["status"] == "Actual"]
    reports = reports.sort_values("version").drop_duplicates("report_id", keep="last")
    reports["subject"] = reports["household_id"].fillna(reports["group_id"])
    reports["moment"] = moments(reports["occurred_at"])
    reports["reported"] = moments(reports["reported_at"])
    reports["day"] = reports["moment"].dt.floor("D")
    reports["latest"] = latest_days(reports)
    reports["is_imprecise"] = ~reports["occurred_at_precision"].isin(EXACT)
    reports["month"] = months(reports)
    for side in ("origin", "destination"):
        reports[side] = [code(place) for place in reports[side]]
    return reports


def moments(texts: pd.Series) -> pd.Series:
    return pd.to_datetime(texts, utc=True, format="ISO8601").dt.tz_convert(TIME_ZONE).dt.tz_localize(None)


def latest_days(reports: pd.DataFrame) -> pd.Series:
    """Returns the latest possible day of each event.

    The latest day is the last day of the stated period, or the day of the report if it is earlier.
    """
    day, precision = reports["day"], reports["occurred_at_precision"]
    periods = {"month": "M", "season": "Q-NOV", "year": "Y"}  # the year's last season ends in November
    latest = day.mask(precision == "week", day + pd.Timedelta(days=6))
    for name, period in periods.items():
        latest = latest.mask(precision == name, day.dt.to_period(period).dt.end_time)
    return latest.where(latest < reports["reported"], reports["reported"]).dt.floor("D")


def months(reports: pd.DataFrame) -> pd.Series:
    """Returns the month of each event. If only the season or year is known, returns the year."""
    is_vague = reports["occurred_at_precision"].isin(WITHOUT_MONTH)
    return reports["day"].dt.strftime("%Y-%m").mask(is_vague, reports["day"].dt.strftime("%Y"))


def code(place: Any) -> str | None:
    return place.get("pcode") or place["country"] if isinstance(place, dict) else None


def displacements(reports: pd.DataFrame) -> pd.DataFrame:
    """Returns the displacements of households, and the counts of groups.

    A displacement is valid until the household's next displacement, and a count until the group's next count.
    """
    found = reports[reports["kind"].isin(["household", "group"]) & (reports["mobility"] != "unable_to_move")].copy()
    counted = moments(found["counted_at"]).fillna(found["reported"])
    found["begins"] = found["day"].where(found["kind"] == "household", counted.dt.floor("D"))
    found = found.sort_values("begins")
    found["ends"] = found.groupby("subject")["begins"].shift(-1).fillna(END)
    found["is_corrected"] = found["version"] > 1
    found["shelter"] = found["shelter"].fillna("unknown")
    found["needs"] = [needs if isinstance(needs, list) else [] for needs in found["needs"]]
    started = {"departed": found["day"], "confirmed": found["reported"], "movement": "", "sub_stock": "in_displacement"}
    return found.assign(**started, is_presumed=False, intends_to_stay=False, lost=END)


def persons(found: pd.DataFrame) -> pd.DataFrame:
    """Returns one row for each named person.

    Unnamed persons with the same report, sex and age bracket share a row, which has their number.
    """
    lists = found[["report_id", "members", "is_whole_household"]].explode("members").dropna(subset="members")
    named = pd.DataFrame(list(lists["members"])).assign(report_id=list(lists["report_id"]), number=1)
    stays_behind = named["is_displaced"].eq(False) & ~lists["is_whole_household"].to_numpy(dtype=bool)
    named = named[~stays_behind]
    is_counted = found["members"].str.len().fillna(0) == 0
    lists = found.loc[is_counted, ["report_id", "sex_age"]].explode("sex_age").dropna()
    counted = pd.DataFrame(list(lists["sex_age"])).assign(report_id=list(lists["report_id"]))
    counted[["youngest", "oldest"]] = [PROFILES["dtm"].get(age, (nan, nan)) for age in counted["age"]]
    counted = counted.rename(columns={"count": "number"}).drop(columns="age")
    totals = found[is_counted].set_index("report_id")["persons"]
    rest = totals.sub(counted.groupby("report_id")["number"].sum(), fill_value=0).rename("number").reset_index()
    people = pd.concat([named, counted, rest[rest["number"] > 0].assign(sex="unknown")], ignore_index=True)
    people["number"] = people["number"].astype(int)
    answers = [set(told.values()) if isinstance(told, dict) else set() for told in people["functioning"]]
    people["assessed"] = [not own.isdisjoint((*MILD, *GRAVE)) for own in answers]
    people["with_disability"] = [not own.isdisjoint(GRAVE) for own in answers]
    return people.assign(born=pd.to_datetime(people["birth_date"]), told_on=pd.to_datetime(people["age_reported_on"]))


def with_ages(people: pd.DataFrame, on: pd.Series) -> pd.DataFrame:
    return aged(people, people["day"].where(on.dt.year == people["day"].dt.year, on.dt.to_period("Y").dt.start_time))


def aged(people: pd.DataFrame, at: pd.Series) -> pd.DataFrame:
    years = completed(people["born"], at)
    years = years.fillna(at.dt.year - people["birth_year"])
    years = years.fillna(people["age"] + completed(people["told_on"], at))
    return people.assign(youngest=people["youngest"].fillna(years), oldest=people["oldest"].fillna(years))


def completed(since: pd.Series, until: pd.Series) -> pd.Series:
    is_before = 100 * until.dt.month + until.dt.day < 100 * since.dt.month + since.dt.day
    return until.dt.year - since.dt.year - is_before


def described(people: pd.DataFrame, *more: str) -> pd.DataFrame:
    """Returns the people with all dimensions and brackets, and with the columns `more`.

    pandas groups columns of the type `category` much faster than texts.
    """
    reasons = [people["reasons"].str[number] for number in range(3)]
    is_slow = people["hazard_type"].isin(SLOW_HAZARDS)
    views = ("origin", "destination")
    scope = scopes(people)
    dimensions = {
        "scope": scope,
        "category": categories(people, scope),
        "seen_in": people["destination"].where(people["destination"].isin(OBLASTS), people["origin"]).map(OBLASTS),
        **{name: brackets(people, name) for name in PROFILES},
        **{f"{view}_{level}": units(people[view], level) for view in views for level in range(3)},
        **{f"{view}_country": people[view].map(lambda place: ABROAD.get(place, "KGZ")) for view in views},
        **{f"reason_{number}": reasons[number] for number in range(3)},
        **{f"onset_{number}": onset(reasons[number], is_slow) for number in range(3)},
    }
    texts = ["month", "kind", "sex", "mobility", "hazard_type", "shelter", "evacuation", "confirmation", *dimensions]
    coded = people.assign(**dimensions)[texts].astype(object).fillna("").astype("category")
    numbers = ["part", "number", "is_largest", "is_corrected", "is_imprecise", *ASSESSED]
    return coded.join(people[[*numbers, "needs", "departed", "is_presumed", *more]])


def onset(reason: pd.Series, has_slow_hazard: pd.Series) -> np.ndarray[Any, Any]:
    is_slow = reason.isin(SLOW_REASONS) | ((reason == SUDDEN) & has_slow_hazard)
    return np.select([is_slow, reason == SUDDEN], ["slow", "sudden"], "")


def units(places: pd.Series, level: int) -> pd.Series:
    """Returns the administrative unit of each place, at the level.

    The unit is empty for other countries and for unknown districts.
    """
    unit = (lambda place: "KG", OBLASTS.get, lambda place: place if place in OBLASTS else "")[level]
    return places.map({place: unit(place) or "" if place.startswith("KG") else "" for place in places.unique()})


def brackets(people: pd.DataFrame, profile: str) -> np.ndarray[Any, Any]:
    spans = PROFILES[profile].values()
    fits = [(people["youngest"] >= youngest) & (people["oldest"] <= oldest) for youngest, oldest in spans]
    return np.select(fits, list(PROFILES[profile]), "unknown")


def scopes(people: pd.DataFrame) -> np.ndarray[Any, Any]:
    origin, destination = people["origin"], people["destination"]
    conditions = [
        destination == NOT_KNOWN,
        ~destination.str.startswith("KG"),
        origin == NOT_KNOWN,
        ~origin.str.startswith("KG"),
    ]
    return np.select(conditions, ["unknown", "abroad", "origin_unknown", "from_abroad"], "within")


def categories(people: pd.DataFrame, scope: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Returns the category of each person: numbers of different categories are never added."""
    is_displaced = people["mobility"].isin(["displacement", "evacuation"])
    is_here = np.isin(scope, ["within", "origin_unknown"])
    return np.select([~is_displaced, is_here], [people["mobility"], "displaced"], scope)
