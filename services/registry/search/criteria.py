"""The criteria of a search for households, and the members of a found household who match the criteria. No I/O."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, ValidationInfo, field_validator, model_validator

from services.registry.figures.queries import day_after, midnight
from services.registry.households.ages import born_between
from services.registry.search.keys import LONGEST_NAME, Term, terms, values_of_person
from services.registry.search.keys import Field as KeyField
from shared.events.fields import Body, Day, Line, PCode, Phone
from shared.events.short_codes import folded_code, is_valid
from shared.places import Places

KEY_FIELDS = {
    "name": KeyField.NAME,
    "phone": KeyField.PHONE,
    "personal_number": KeyField.PERSONAL_NUMBER,
    "locality": KeyField.LOCALITY,
    "short_code": KeyField.SHORT_CODE,
}


class HouseholdSearch(Body):
    """The criteria of a search. A household must meet all criteria. At least one criterion is required.

    `name` has whole names of members or of the contact person, in any order and script. `birth_year` is the birth year
    of a member. If a report states only the age of a member, all possible birth years match. `birth_year` is allowed
    only together with another criterion. `code` is the end of a report's id, and `short_code` is the short code of the
    household. The field form shows both codes. `area` is the household's present area, and `origin` the area of its
    origin. `site_id` is a site at which a report places the household, now or earlier. `hazard_id` is the hazard that
    the household's current displacement names. The day of the current displacement is between the days `since` and
    `until`.
    """

    name: Line | None = None
    phone: Phone | None = None
    personal_number: Annotated[str, Field(pattern=r"^[0-9]{14}$")] | None = None
    birth_year: Annotated[int, Field(ge=1900, le=2100)] | None = None
    code: Annotated[str, Field(pattern=r"^[0-9A-Fa-f]{4}$")] | None = None
    short_code: Annotated[str, Field(max_length=20)] | None = None
    locality: Line | None = None
    site_id: UUID | None = None
    hazard_id: UUID | None = None
    area: PCode | None = None
    origin: PCode | None = None
    since: Day | None = None
    until: Day | None = None
    cursor: Annotated[str, Field(max_length=200)] | None = None
    limit: Annotated[int, Field(ge=1, le=50)] = 25

    @field_validator(*KEY_FIELDS)
    @classmethod
    def has_terms(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None:
            return None
        field = KEY_FIELDS[info.field_name or ""]
        if field is KeyField.SHORT_CODE and not is_valid(folded_code(value)):
            raise ValueError("8 letters or digits and the right check character are expected")
        if not (terms_of_value := terms(field, value)):
            raise ValueError("letters or digits are expected")
        if field is KeyField.NAME and len(terms_of_value) > LONGEST_NAME:
            raise ValueError(f"1 to {LONGEST_NAME} parts of a name are expected")
        return value

    @model_validator(mode="after")
    def looks_for_something(self) -> "HouseholdSearch":
        criteria = self.model_dump(exclude={"cursor", "limit"}, exclude_none=True)
        if not criteria.keys() - {"birth_year"}:
            raise ValueError("at least one criterion is expected, and a year of birth needs another one")
        return self

    @property
    def terms(self) -> list[Term]:
        return [term for name, field in KEY_FIELDS.items() for term in terms(field, getattr(self, name))]

    def terms_in(self, places: Places) -> list[Term]:
        """The other names of a settlement are added as spellings of the typed name."""
        known = places.gazetteer.synonyms(self.locality)
        return [
            term._replace(spellings=term.spellings | known) if term.field is KeyField.LOCALITY else term
            for term in self.terms
        ]

    @property
    def begins_at(self) -> datetime | None:
        return midnight(self.since)

    @property
    def ends_at(self) -> datetime | None:
        return midnight(day_after(self.until)) if self.until else None

    def members_meant(self, members: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Returns the first member if no member matches."""
        matches = [self._matches(member) for member in members]
        most = max(matches, default=0)
        if not most:
            return [*members[:1]]
        return [member for member, count in zip(members, matches, strict=True) if count == most]

    def _matches(self, member: Mapping[str, Any]) -> int:
        own = list(terms_of_person(member))
        shared = [term for term in self.terms if any(is_same(term, other) for other in own)]
        return len(shared) + self._may_be_born(member)

    def _may_be_born(self, member: Mapping[str, Any]) -> bool:
        between = born_between(dict(member))
        if self.birth_year is None or between is None:
            return False
        first, last = between
        return first.year <= self.birth_year <= last.year


def terms_of_person(member: Mapping[str, Any]) -> Iterable[Term]:
    for field, value in values_of_person(dict(member)):
        yield from terms(field, value)


def is_same(term: Term, other: Term) -> bool:
    return term.field == other.field and not term.spellings.isdisjoint(other.spellings)
