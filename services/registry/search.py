"""The criteria of a search for households, and the persons of a found household who match them. No I/O."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, model_validator

from services.registry.figure_queries import day_after, midnight
from services.registry.names import folded, telephone
from services.registry.search_keys import Field as KeyField
from services.registry.search_keys import Term, terms, values_of_person
from shared.events.fields import Body, Day, Line, PCode, Phone

LONGEST_NAME = 8  # parts


class HouseholdSearch(Body):
    """The criteria of a search. A household matches if it meets all criteria. At least one criterion is required.

    `name` has parts of the names of members, in any order and script. `birth_year` is the birth year of a member.
    `code` has the last characters of a report's id, which the field form shows. `area` is the area where the household
    is now, and `origin` the area that it left. `since` and `until` limit the day of displacement.
    """

    name: Line | None = None
    phone: Phone | None = None
    personal_number: Annotated[str, Field(pattern=r"^[0-9]{14}$")] | None = None
    birth_year: Annotated[int, Field(ge=1900, le=2100)] | None = None
    code: Annotated[str, Field(pattern=r"^[0-9A-Fa-f]{4}$")] | None = None
    locality: Line | None = None
    site_id: UUID | None = None
    area: PCode | None = None
    origin: PCode | None = None
    since: Day | None = None
    until: Day | None = None
    cursor: Annotated[str, Field(max_length=200)] | None = None
    limit: Annotated[int, Field(ge=1, le=50)] = 25

    @model_validator(mode="after")
    def looks_for_something(self) -> "HouseholdSearch":
        criteria = self.model_dump(exclude={"cursor", "limit"}, exclude_none=True)
        if not criteria or "" in criteria.values():
            raise ValueError("at least one criterion is expected, and none of them empty")
        if self.name is not None and not 0 < len(folded(self.name)) <= LONGEST_NAME:
            raise ValueError(f"1 to {LONGEST_NAME} parts of a name are expected")
        if self.phone is not None and not telephone(self.phone):
            raise ValueError("a telephone number is expected")
        return self

    @property
    def terms(self) -> list[Term]:
        """The terms whose keys the household's search keys must contain."""
        values = {
            KeyField.NAME: self.name,
            KeyField.PHONE: self.phone,
            KeyField.PERSONAL_NUMBER: self.personal_number,
            KeyField.CODE: self.code,
            KeyField.LOCALITY: self.locality,
        }
        return [term for field, value in values.items() for term in terms(field, value)]

    @property
    def began(self) -> datetime | None:
        return midnight(self.since)

    @property
    def ended(self) -> datetime | None:
        return midnight(day_after(self.until)) if self.until else None


def meant(members: Sequence[dict[str, Any]], wanted: Iterable[Term]) -> list[dict[str, Any]]:
    """The members who match a search: the members with the most of its terms, or the first member if nobody has any."""
    wanted = set(wanted)
    fitting = [len(wanted.intersection(terms_of_person(member))) for member in members]
    most = max(fitting, default=0)
    return [member for member, fits in zip(members, fitting, strict=True) if fits == most] if most else [*members[:1]]


def terms_of_person(member: dict[str, Any]) -> list[Term]:
    return [term for field, value in values_of_person(member) for term in terms(field, value)]
