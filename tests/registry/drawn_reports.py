"""Draws single reports of displacements, and the kinds and destinations of movements."""

from datetime import datetime
from random import Random

from tests.registry.drawn_people import members
from tests.registry.factories import household
from tests.registry.independent_figures import OBLASTS, PROFILES, SEXES, SLOW, SUDDEN, Body

PLACES = tuple(OBLASTS)
OF_SITES = (
    *("returned", "transferred", "displaced_again", "settled_elsewhere", "relocated", "left_country"),
    *("confirmed_here", "contact_lost", "evacuation_lifted"),
)
MOVEMENTS = (*OF_SITES, "entered_country", "intends_to_stay", "died", "solution_assessed")
WITH_DESTINATION = ("transferred", "displaced_again", "relocated", "entered_country")
BEFORE = {"entered_country": "left_country", "displaced_again": "solution_assessed"}
NEEDS = ("shelter", "water", "food", "health")


def displacement(draw: Random, at: datetime, *, is_moving: bool = False) -> Body:
    """A report of a household. Households that move later are displaced within the country, and name their members."""
    origin, destination = draw.sample((*PLACES, None), 2) if not is_moving else draw.sample(PLACES, 2)
    persons: Body = {"members": (people := members(draw, at.date())), "persons": len(people)}
    if not is_moving and draw.random() < 0.15:
        ages = draw.sample(list(PROFILES["dtm"]), 2)
        counts = [{"sex": draw.choice(SEXES), "age": age, "count": draw.randint(1, 2)} for age in ages]
        persons = {"members": [], "sex_age": counts, "persons": 5}
    return household(
        **persons,
        **reasons(draw),
        occurred_at=at.isoformat(),
        occurred_at_precision="day" if is_moving else draw.choice(("day", "day", "month", "week")),
        reported_at=at.isoformat(),
        origin={"pcode": origin} if origin else {"country": "TJ"},
        destination={"pcode": destination} if destination else {"country": "RU"},
    )


def reasons(draw: Random) -> Body:
    mobility = draw.choice(("displacement", "displacement", "evacuation", "migration", "planned_relocation"))
    return {
        "mobility": mobility,
        "evacuation": draw.choice((None, "pre_emptive", "reactive")) if mobility == "evacuation" else None,
        "reasons": draw.choice(([SUDDEN], [SUDDEN, "economic"], [SLOW], ["conflict", SLOW, SUDDEN])),
        "hazard_type": draw.choice(("mudflow", "drought")),
        "shelter": draw.choice(("tent", "school", "host_relatives")),
        "needs": draw.sample(NEEDS, draw.randint(0, 3)),
    }


def following(draw: Random, previous: str) -> str:
    """The kind of the next movement.

    Some movements happen twice. Half of the people who left the country, or have a solution, move once more.
    """
    if previous and draw.random() < 0.1:
        return previous
    likely = [kind for kind, before in BEFORE.items() if before == previous]
    return draw.choice(likely if likely and draw.random() < 0.5 else MOVEMENTS)


def leads_to(draw: Random, kind: str, pcode: str) -> Body:
    if kind == "left_country" and draw.random() < 0.5:
        return {"destination": {"country": "RU"}}
    has_destination = kind in WITH_DESTINATION or (kind == "settled_elsewhere" and draw.random() < 0.5)
    return {"destination": {"pcode": pcode}, "shelter": "tent"} if has_destination else {}
