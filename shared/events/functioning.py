"""The Washington Group's short set on functioning: six questions about a person aged 5 and over."""

from datetime import date
from typing import Protocol

from pydantic import model_validator

from shared.events.fields import Body, Sealed
from shared.events.vocabulary import Difficulty, Disability

YOUNGEST = 5  # for younger children, the Washington Group has other questions


class Functioning(Body):
    """A person's difficulty in each domain. A domain is None if nobody asked the question."""

    seeing: Sealed[Difficulty | None] = None
    hearing: Sealed[Difficulty | None] = None
    walking: Sealed[Difficulty | None] = None
    memory: Sealed[Difficulty | None] = None
    self_care: Sealed[Difficulty | None] = None
    communicating: Sealed[Difficulty | None] = None

    @model_validator(mode="after")
    def has_an_answer(self) -> "Functioning":
        if all(getattr(self, domain) is None for domain in Disability):
            raise ValueError("an answer in at least one domain is expected, or no `functioning` if nobody asked")
        return self


class Aged(Protocol):
    @property
    def birth_date(self) -> date | None: ...
    @property
    def birth_year(self) -> int | None: ...
    @property
    def age(self) -> int | None: ...
    @property
    def age_reported_on(self) -> date | None: ...


def is_too_young(person: Aged, day: date) -> bool:
    """True if the person is known to be younger than YOUNGEST.

    If only the birth year is known, the person counts as one year older on each 1 January.
    """
    if person.birth_date is not None:
        return years(person.birth_date, day) < YOUNGEST
    if person.birth_year is not None:
        return day.year - person.birth_year < YOUNGEST
    if person.age is None:
        return False
    return person.age + (years(person.age_reported_on, day) if person.age_reported_on else 0) < YOUNGEST


def years(since: date, until: date) -> int:
    return until.year - since.year - ((until.month, until.day) < (since.month, since.day))
