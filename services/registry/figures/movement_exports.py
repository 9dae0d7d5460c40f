"""Exports the figures of movements and of duration as rows of a CSV file with an HXL row."""

from collections.abc import Iterable

from services.registry.figures import exports
from services.registry.figures.durations import DurationFigure
from services.registry.figures.exports import Row
from services.registry.figures.movement_figures import MovementFigure
from shared.places import Places

PEOPLE = ("households", "persons", "group_persons")
MOVEMENT_NAMES = (
    "month",
    "status",
    "movement",
    *(f"{side}_{name}" for side in ("origin", "destination") for name in ("country", "pcode", "soate", "name")),
    *PEOPLE,
)
DURATION_NAMES = ("date", "status", "days", "state", *PEOPLE)
PEOPLE_TAGS = ("#affected+hh+registered", "#affected+ind+registered", "#affected+ind+counted")
DURATION_TAGS = ("#date+reported", "#status", "#meta+duration+days", "#meta+state", *PEOPLE_TAGS)
ONGOING, COMPLETED = "ongoing", "completed"


def movement_rows(
    figures: Iterable[MovementFigure], places: Places, *, status: str, level: int, language: str
) -> list[Row]:
    return [
        (
            figure.month,
            status,
            figure.movement,
            *exports.place(figure.origin_pcode, figure.origin_country, places, level, language),
            *exports.place(figure.destination_pcode, figure.destination_country, places, level, language),
            figure.households,
            figure.persons,
            figure.group_persons,
        )
        for figure in figures
    ]


def movement_tags(level: int) -> list[str]:
    """The HXL row is the second row, below the column names."""
    at = "#country" if level == 0 else f"#adm{level}"
    sides = (
        tag
        for side in ("+origin", "+dest")
        for tag in (
            f"#country+code+v_iso3{side}",
            f"{at}+code+v_pcode{side}",
            f"{at}+code+v_soate{side}",
            f"{at}+name{side}",
        )
    )
    return ["#date+month", "#status", "#event+type+movement", *sides, *PEOPLE_TAGS]


def duration_rows(figures: Iterable[DurationFigure], *, status: str, date: str) -> list[Row]:
    """Ongoing and completed displacements are in separate rows, and are never added."""
    return [
        (
            date,
            status,
            figure.days,
            COMPLETED if figure.has_ended else ONGOING,
            figure.households,
            figure.persons,
            figure.group_persons,
        )
        for figure in figures
    ]
