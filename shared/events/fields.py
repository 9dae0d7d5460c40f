"""The field markers (Clear, Sealed) and field types of the events and requests."""

from datetime import UTC, date, datetime
from typing import Annotated, TypeVar
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from shared.country import COUNTRY

T = TypeVar("T")

CLEAR = "clear"
SEALED = "sealed"
Clear = Annotated[T, CLEAR]
Sealed = Annotated[T, SEALED]


class Body(BaseModel):
    """The base class of data from outside.

    Refuses unknown fields. Errors do not show values, which may be personal data.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Data(BaseModel):
    """The base class of event data. Ignores unknown fields, because a newer release may have added them."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


FIRST_YEAR, LAST_YEAR = 1900, 2199
FIRST_DAY, LAST_DAY = date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31)
RFC_VARIANT, RANDOM_VERSIONS = 0b10, (4, 7)  # numbers of RFC 9562


def random_uuid(value: UUID) -> UUID:
    # `value.version` would take five times as long
    if (value.int >> 62) & 0b11 != RFC_VARIANT or (value.int >> 76) & 0xF not in RANDOM_VERSIONS:
        raise ValueError("a random UUID (version 4 or 7) is expected")
    return value


RandomId = Annotated[UUID, AfterValidator(random_uuid)]


def utc(value: datetime) -> datetime:
    # Check the year before the conversion, because `astimezone` can fail in the years 1 and 9999. Check the year again
    # after the conversion, because the conversion can change the year.
    if FIRST_YEAR <= value.year <= LAST_YEAR:
        # times of events are already in UTC
        moment = value.astimezone(UTC) if value.utcoffset() else value
        if FIRST_YEAR <= moment.year <= LAST_YEAR:
            return moment
    raise ValueError(f"a time of the years {FIRST_YEAR} to {LAST_YEAR} is expected")


Instant = Annotated[AwareDatetime, AfterValidator(utc)]
Day = Annotated[date, Field(ge=FIRST_DAY, le=LAST_DAY)]
PCode = Annotated[str, StringConstraints(pattern=rf"^{COUNTRY}[0-9]{{11}}$")]
# The country is a code of ISO 3166-1 alpha-2, or ZZ for an unknown country (CLDR).
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=150, pattern=r"^[^\x00-\x1f\x7f]*$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4000, pattern=r"^[^\x00]*$")]
Name = Annotated[str, StringConstraints(strip_whitespace=True, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]
Phone = Annotated[str, StringConstraints(strip_whitespace=True, max_length=32, pattern=r"^[0-9+() .-]*$")]
MOST_PERSONS = 1_000_000
Persons = Annotated[int, Field(ge=0, le=MOST_PERSONS)]
Version = Annotated[int, Field(ge=1, le=32_767)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]


class UncorrectedTimes(Data):
    """The original times of a report whose times intake has corrected.

    The digest of the report uses the original times.
    """

    reported_at: Clear[Instant | None] = None

    @property
    def original(self) -> dict[str, datetime]:
        return {name: value for name, value in self if value is not None}


class Place(Body):
    """Either a P-code of Kyrgyzstan, or an ISO 3166-1 country code. `ZZ` means that the place is unknown."""

    pcode: Clear[PCode | None] = None
    country: Clear[Country | None] = None

    @model_validator(mode="after")
    def one_of_two(self) -> "Place":
        if (self.pcode is None) == (self.country is None):
            raise ValueError("either `pcode` or `country` is expected")
        return self


class Point(Body):
    """WGS 84 coordinates in degrees; accuracy in metres."""

    lat: Latitude
    lon: Longitude
    accuracy: Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False)] | None = None
