"""Draws reports of displacements, kinds of movements, and destinations of movements."""

from datetime import datetime, timedelta
from typing import Any

from shared.events.vocabulary import Evacuation, HazardType, Need, Precision, Reason, Shelter
from tests.registry.drawn_people import persons
from tests.registry.factories import household
from tests.registry.independent_figures import OBLASTS, SLOW, SUDDEN, Body
from tests.registry.seeded_randomness import Draw, codes

PLACES = tuple(OBLASTS)
UNKNOWN_DISTRICT = "KG"  # the district is unknown, but the people are in the country
ORIGINS = (*PLACES, *PLACES, "TJ", "XX", "ZZ", UNKNOWN_DISTRICT)
DESTINATIONS = (*PLACES, *PLACES, "RU", "XX", "ZZ", UNKNOWN_DISTRICT)
OF_SITES = (
    *("returned", "transferred", "displaced_again", "settled_elsewhere", "relocated", "left_country"),
    *("confirmed_here", "contact_lost", "evacuation_lifted", "intends_to_stay"),
)
MOVEMENTS = (*OF_SITES, "entered_country", "died", "solution_assessed")
WITH_DESTINATION = ("transferred", "displaced_again", "relocated", "entered_country")
BEFORE = {"entered_country": "left_country", "displaced_again": "solution_assessed"}
MOBILITIES = ("displacement", "displacement", "evacuation", "migration", "planned_relocation")
PRECISIONS, SHELTERS = codes(Precision), codes(Shelter)


def displacement(draw: Draw, at: datetime, **changed: Any) -> Body:
    origin = draw.choice(ORIGINS)
    return household(
        **persons(draw, at.date()),
        **circumstances(draw),
        occurred_at=at.isoformat(),
        occurred_at_precision=precision(draw),
        reported_at=at.isoformat(),
        origin=place(origin),
        destination=place(draw.choice([code for code in DESTINATIONS if code != origin])),
        **changed,
    )


def place(code: str) -> Body:
    return {"pcode": code} if code in PLACES else {"country": code}


def precision(draw: Draw) -> str:
    return draw.choice(("day", draw.deal(PRECISIONS)))


def circumstances(draw: Draw, *, rare: float = 0.2) -> Body:
    """Most reports have common reasons, hazards and shelters. With rarer ones, figures would have too many rows.

    `rare` is the share of reports with rarer reasons, hazards and shelters.
    """
    mobility = draw.choice(MOBILITIES)
    is_rare = draw.random() < rare
    usual = ([SUDDEN], [SUDDEN, "economic"], [SLOW], ["conflict", SLOW, SUDDEN])
    return {
        "mobility": mobility,
        "evacuation": draw.choice((None, draw.deal(codes(Evacuation)))) if mobility == "evacuation" else None,
        "reasons": rare_reasons(draw) if is_rare else draw.choice(usual),
        "hazard_type": draw.deal(codes(HazardType)) if is_rare else draw.choice((None, "mudflow", "drought")),
        "shelter": draw.deal(SHELTERS) if is_rare else draw.choice(("tent", "school", "host_relatives")),
        "needs": draw.sample(codes(Need), draw.randint(0, 3)),
    }


def rare_reasons(draw: Draw) -> list[str]:
    first, others = draw.deal(codes(Reason)), draw.sample(codes(Reason), draw.randint(0, 2))
    return [first, *(reason for reason in others if reason != first)]


def times(draw: Draw, at: datetime, *, is_vague: bool = True) -> Body:
    stated = precision(draw) if is_vague else draw.choice(("hour", "day"))
    reported_at = at if stated in ("hour", "day") else at + timedelta(days=draw.randint(0, 12))
    return {"occurred_at": at.isoformat(), "occurred_at_precision": stated, "reported_at": reported_at.isoformat()}


def following(draw: Draw, previous: str) -> str:
    """Draws the kind of the next movement.

    A movement may be followed by a movement of the same kind. Half of the people with a solution move once more. So do
    half of the people who left the country.
    """
    if previous and draw.random() < 0.1:
        return previous
    likely = [kind for kind, before in BEFORE.items() if before == previous]
    return draw.choice(likely) if likely and draw.random() < 0.5 else draw.deal(MOVEMENTS)


def leads_to(draw: Draw, kind: str, code: str) -> Body:
    if kind == "left_country" and draw.random() < 0.6:
        return {"destination": place(draw.choice(("RU", "XX", "ZZ")))}
    may_have_destination = kind in ("settled_elsewhere", "returned") and draw.random() < 0.4
    if not may_have_destination and kind not in WITH_DESTINATION:
        return {}
    stated = {} if draw.random() < 0.2 else {"shelter": draw.choice(("tent", draw.deal(SHELTERS)))}
    return {"destination": place(code), **stated}


def next_place(draw: Draw, kind: str, others: tuple[str, ...] = PLACES) -> str:
    unknown = (UNKNOWN_DISTRICT,) if kind == "entered_country" else (UNKNOWN_DISTRICT, "ZZ")
    return draw.choice(unknown) if draw.random() < 0.1 else draw.choice(others)
