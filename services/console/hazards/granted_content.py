"""The fields of a restricted hazard that another system with a grant may read.

All other fields are left out: they contain ids of accounts, or free text in which people may be named.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from shared.events import Point
from shared.events.hazards import SourceShaking
from shared.events.vocabulary import Certainty, HazardType, MsgType, Scope, Severity, Status, Urgency

GRANTED_AREA = ("pcodes", "polygons", "circles", "point")


class GrantedArea(BaseModel):
    """The place of a hazard. If the hazard has a circle but no point, `point` is the centre of the circle."""

    pcodes: tuple[str, ...]
    point: Point | None


class GrantedHazard(BaseModel):
    """The newest revision of a restricted hazard.

    The hazard's texts, its author and the description of its place are left out.
    """

    hazard_id: UUID
    revision: int
    scope: Scope
    status: Status
    source: str
    msg_type: MsgType
    type: HazardType
    urgency: Urgency
    severity: Severity
    certainty: Certainty
    magnitude: float | None
    magnitude_type: str | None
    depth_km: float | None
    shaking: SourceShaking | None
    area: GrantedArea
    onset: datetime
    expires: datetime | None
    received_at: datetime


GRANTED_FIELDS = tuple(name for name in GrantedHazard.model_fields if name != "area")


def granted_content(data: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a restricted hazard for the stream, with the polygons and circles of its area."""
    area = {name: data["area"][name] for name in GRANTED_AREA if name in data["area"]}
    return {**{name: data[name] for name in GRANTED_FIELDS if name in data}, "area": area}
