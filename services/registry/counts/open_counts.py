"""The counts in effect whose people are displaced at a named place, and the open sites. No I/O."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from services.registry.places.same_places import PlaceKey, site_key
from shared.places.localities import StatedLocality, joined


class Side(StrEnum):
    ORIGIN = "origin"
    DESTINATION = "destination"


class TypedPlace(NamedTuple):
    """`pcode` is the unit, and `locality_pcode` the locality's code in the gazetteer."""

    pcode: str | None
    country: str | None
    locality: str | None
    locality_pcode: str | None

    @property
    def key(self) -> PlaceKey:
        return StatedLocality.of(self.locality, self.locality_pcode).key(self.pcode or self.country)

    @property
    def is_named(self) -> bool:
        return bool(self.pcode and joined(self.locality))


@dataclass(frozen=True, slots=True)
class OpenCount:
    """The report of the count names the present place of the people."""

    report_id: UUID
    group_id: UUID
    persons: int
    households: int | None
    household_unit: str | None
    is_full_recount: bool
    counted_at: datetime
    counted_at_precision: str
    received_at: datetime
    author: UUID
    hazard_id: UUID | None
    hazard_type: str | None
    population: UUID
    stock_id: UUID
    occurred_at: datetime
    mobility: str
    shelter: str | None
    site_id: UUID | None
    origin: TypedPlace
    destination: TypedPlace

    @property
    def present_key(self) -> PlaceKey:
        return site_key(self.site_id) if self.site_id else self.destination.key

    @property
    def identity(self) -> tuple[object, ...]:
        """Two counts with an equal value are counts of the same people."""
        return self.mobility, None if self.site_id else self.shelter


class OpenSite(NamedTuple):
    site_id: UUID
    pcode: str
    names: Sequence[str]
