"""Draws the members of households."""

from datetime import date, timedelta
from random import Random
from uuid import UUID

from tests.registry.independent_figures import GRAVE, MILD, SEXES, Body

DOMAINS = ("seeing", "hearing", "walking", "memory", "self_care", "communicating")
WITHOUT_DEGREE = ("refused", "dont_know")


def members(draw: Random, on: date) -> list[Body]:
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
    """Whether the person may be younger than 5, so that a report must not have answers about functioning."""
    born = person.get("birth_year") or int(person.get("birth_date", "1900")[:4])
    return born > on.year - 6 or person.get("age", 5) < 5


def born(draw: Random, on: date) -> Body:
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
