"""The registry's events about sites, which contain no personal data."""

import unicodedata
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import AfterValidator, Field, model_validator

from shared.events.envelope import EventData
from shared.events.fields import Data, Instant, Latitude, Line, Longitude, PCode, Persons
from shared.events.vocabulary import SiteNeed, SiteState, SiteType, Status


def is_written(name: str) -> str:
    """Raises ValueError for a name without letters and digits, or with invisible characters (category Cf)."""
    if not any(map(str.isalnum, name)) or any(unicodedata.category(letter) == "Cf" for letter in name):
        raise ValueError("a letter or digit is expected, and no invisible characters")
    return name


SiteName = Annotated[Line, Field(min_length=1), AfterValidator(is_written)]


def in_order(needs: tuple[SiteNeed, ...]) -> tuple[SiteNeed, ...]:
    """Return the needs in the order of the vocabulary, without duplicates."""
    return tuple(need for need in SiteNeed if need in needs)


SiteNeeds = Annotated[tuple[SiteNeed, ...], Field(max_length=len(SiteNeed)), AfterValidator(in_order)]


class SiteDescription(Data):
    """The description of a site, without the person in charge.

    A site has a name in at least one language. `locality` names the settlement, and `locality_pcode` is the
    settlement's code in the gazetteer.
    """

    name_ky: SiteName | None = None
    name_ru: SiteName | None = None
    name_en: SiteName | None = None
    type: SiteType
    state: SiteState = SiteState.OPEN
    pcode: PCode
    locality: SiteName | None = None
    locality_pcode: PCode | None = None
    lat: Latitude | None = None
    lon: Longitude | None = None
    capacity: Persons | None = None
    needs: SiteNeeds = ()

    @model_validator(mode="after")
    def is_named(self) -> "SiteDescription":
        if not any(self.names):
            raise ValueError("a name in at least one language is expected")
        if (self.lat is None) != (self.lon is None):
            raise ValueError("both `lat` and `lon` are expected, or neither")
        if self.locality_pcode and not self.locality:
            raise ValueError("`locality` is expected with `locality_pcode`")
        return self

    @property
    def names(self) -> tuple[str | None, ...]:
        """In Kyrgyz, Russian and English."""
        return self.name_ky, self.name_ru, self.name_en


class SiteChanged(SiteDescription, EventData):
    """The site after a change. A consumer ignores the event if it has stored the same or a higher `version`."""

    event_type: ClassVar[str] = "dayar.site.changed.v1"
    topic: ClassVar[str] = "sites"
    key_field: ClassVar[str] = "site_id"

    site_id: UUID
    version: int
    status: Status
    changed_at: Instant


class SiteResidentsChanged(EventData):
    """The number of registered displaced people at a site after a change.

    People are included if their report states the site. Counts of groups are not included. The number of households is
    rounded down to a multiple of five, because an exact number could show where a single household is. A consumer
    ignores the event if it has stored the same or a higher `sequence`.
    """

    event_type: ClassVar[str] = "dayar.site.residents_changed.v1"
    topic: ClassVar[str] = "sites"
    key_field: ClassVar[str] = "site_id"

    site_id: UUID
    sequence: int
    status: Status
    persons: Persons
    households: Persons
    changed_at: Instant
