"""Areas of hazards: polygons and circles."""

from typing import Annotated

from pydantic import FailFast, Field, model_validator

from shared.events.fields import Body, Latitude, Line, Longitude, PCode, Point

Ring = Annotated[tuple[tuple[Longitude, Latitude], ...], Field(min_length=4, max_length=2000), FailFast()]


class Circle(Body):
    lat: Latitude
    lon: Longitude
    radius_km: Annotated[float, Field(gt=0, le=5000)]


class Area(Body):
    """The affected area as P-codes, rings of (longitude, latitude) as in GeoJSON, circles, a point, or words only."""

    pcodes: Annotated[tuple[PCode, ...], Field(max_length=1000), FailFast()] = ()
    polygons: Annotated[tuple[Ring, ...], Field(max_length=50), FailFast()] = ()
    circles: Annotated[tuple[Circle, ...], Field(max_length=50), FailFast()] = ()
    point: Point | None = None
    description: Line | None = None

    @model_validator(mode="after")
    def somewhere(self) -> "Area":
        if not (self.pcodes or self.polygons or self.circles or self.point or self.description):
            raise ValueError("one of `pcodes`, `polygons`, `circles`, `point` or `description` is expected")
        return self

    @property
    def is_drawn(self) -> bool:
        return bool(self.polygons or self.circles or self.point)


class ReportedArea(Area):
    """The area as the author reports the area.

    Intake later adds P-codes: the districts of villages, and the units that the drawn area touches.
    """

    pcodes: Annotated[tuple[PCode, ...], Field(max_length=200), FailFast()] = ()
