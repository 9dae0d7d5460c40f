"""Draws the persons in reports: members of households, or numbers of persons by sex and age bracket."""

from datetime import date, timedelta
from uuid import UUID

from tests.registry.independent_figures import GRAVE, MILD, PROFILES, SEXES, Body
from tests.registry.seeded_randomness import Draw

DOMAINS = ("seeing", "hearing", "walking", "memory", "self_care", "communicating")
WITHOUT_DEGREE = ("refused", "dont_know")
BRACKETS = (*PROFILES["dtm"], "unknown")


def persons(draw: Draw, on: date) -> Body:
    """Draws a household's persons: named members, or numbers of persons.

    In some households, not all members are displaced.
    """
    if draw.random() < 0.15:
        return {"members": [], "sex_age": by_bracket(draw, most=2), "persons": 5}
    people = members(draw, on)
    if draw.random() < 0.2:
        for person in people[1:]:
            person["is_displaced"] = draw.random() < 0.5
    return {"members": people, "persons": len(people), "is_whole_household": draw.random() < 0.5}


def by_bracket(draw: Draw, *, most: int) -> list[Body]:
    ages = draw.sample(BRACKETS, 2)
    return [{"sex": draw.choice(SEXES), "age": age, "count": draw.randint(1, most)} for age in ages]


def displaced(body: Body) -> list[Body]:
    return [person for person in body["members"] if body["is_whole_household"] or person.get("is_displaced", True)]


def members(draw: Draw, on: date) -> list[Body]:
    people: list[Body] = [
        {"member_id": str(UUID(int=draw.getrandbits(128), version=4)), "sex": draw.choice(SEXES), **born(draw, on)}
        for _ in range(draw.randint(1, 6))
    ]
    for person in people:
        if draw.random() < 0.4 and not may_be_too_young(person, on):
            answers = draw.choice((MILD, (*MILD, *GRAVE), (*WITHOUT_DEGREE, *MILD), WITHOUT_DEGREE))
            asked = draw.sample(DOMAINS, draw.randint(1, 3))
            person["functioning"] = {domain: draw.choice(answers) for domain in asked}
    return people


def may_be_too_young(person: Body, on: date) -> bool:
    """Whether the person may be younger than 5. About children under 5, reports have no answers about functioning."""
    born = person.get("birth_year") or int(person.get("birth_date", "1900")[:4])
    return born > on.year - 6 or person.get("age", 5) < 5


def born(draw: Draw, on: date) -> Body:
    day_of_birth = date(1940, 1, 1) + timedelta(days=draw.randrange((on - date(1940, 1, 1)).days))
    reported_on = on - timedelta(days=draw.randrange(500))
    return draw.choice(
        (
            {"birth_date": day_of_birth.isoformat()},
            {"birth_year": day_of_birth.year},
            {"age": draw.randint(2, 90), "age_reported_on": reported_on.isoformat()},
            {},
        )
    )
