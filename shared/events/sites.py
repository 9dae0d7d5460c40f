"""The registry's events about sites, which contain no personal data."""

import unicodedata
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import AfterValidator, Field, model_validator

from shared.events.envelope import EventData
from shared.events.fields import Data, Instant, Latitude, Line, Longitude, PCode, Persons
from shared.events.vocabulary import SiteNeed, SiteState, SiteType, Status


def is_written(name: str) -> str:
    """Refuse names without a letter or digit, and names with invisible characters (Unicode category Cf)."""
    if not any(map(str.isalnum, name)) or any(unicodedata.category(letter) == "Cf" for letter in name):
        raise ValueError("a letter or digit is expected, and no invisible characters")
    return name


SiteName = Annotated[Line, Field(min_length=1), AfterValidator(is_written)]


def in_order(needs: tuple[SiteNeed, ...]) -> tuple[SiteNeed, ...]:
    """The needs are without duplicates, in the order of the vocabulary."""
    return tuple(need for need in SiteNeed if need in needs)


SiteNeeds = Annotated[tuple[SiteNeed, ...], Field(max_length=len(SiteNeed)), AfterValidator(in_order)]


class SiteDescription(Data):
    """What is known about a site, without the person in charge. A site has a name in at least one language.

    `locality_pcode` is the code of the settlement in the gazetteer that `locality` names.
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
    """The site after this event.

    Consumers ignore an event whose `version` is not higher than the `version` that they have stored.
    """

    event_type: ClassVar[str] = "dayar.site.changed.v1"
    topic: ClassVar[str] = "sites"
    key_field: ClassVar[str] = "site_id"

    site_id: UUID
    version: int
    status: Status
    changed_at: Instant


class SiteResidentsChanged(EventData):
    """The registered displaced people at a site after this event.

    Only people whose reports state the site are included.

    The number of households is rounded down to a multiple of five. An exact number could show where a single household
    is. Consumers ignore an event whose `sequence` is not higher than the `sequence` that they have stored. People in
    counts of groups are not included.
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
