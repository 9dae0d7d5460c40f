"""Parses the GeoJSON of the USGS: summary feeds, search results and single events. Pure."""

import json
from collections.abc import Iterable
from typing import Annotated, Any, TypeVar
from urllib.parse import urljoin

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic_core import from_json

from services.intake.feeds.infos import HazardInfo
from services.intake.feeds.items import (
    KEPT_CHARACTERS,
    BadDocument,
    Cancellation,
    Entry,
    Item,
    Source,
    Unreadable,
    instant,
    one_line,
)
from shared.events import Area, HazardReported, HazardText, Point, pointer
from shared.events.fields import Latitude, Longitude
from shared.events.hazards import FeltReports, MagnitudeType, Mmi, SourceId, SourceShaking, Web
from shared.events.vocabulary import Certainty, HazardType, ImpactLevel, Severity, Urgency
from shared.places import Places
from shared.places.areas import distance_km

SITE = "https://earthquake.usgs.gov"
# The first feed contains the earthquakes of the last day, without deletions. The second feed contains the earthquakes
# of the last month in the region, with deletions. The region reaches 500 km beyond the districts, because alerts use
# strong earthquakes up to this distance.
FEEDS = (
    f"{SITE}/earthquakes/feed/v1.0/summary/2.5_day.geojson",
    f"{SITE}/fdsnws/event/1/query?format=geojson&includedeleted=true"
    + "&minlatitude=35&maxlatitude=47.5&minlongitude=63.5&maxlongitude=85.5",
)

# Intake ignores all types that are not listed, such as quarry blast, explosion or sonic boom.
TYPES = {
    "earthquake": HazardType.EARTHQUAKE,
    "induced or triggered event": HazardType.EARTHQUAKE,
    "landslide": HazardType.LANDSLIDE,
    "snow avalanche": HazardType.AVALANCHE,
}

MMI_CHANGE = 0.5

# the years 1900 to 2199, as in `Instant`
Milliseconds = Annotated[int, Field(ge=-2_208_988_800_000, le=7_258_118_399_999)]
Number = Annotated[float, Field(allow_inf_nan=False)]

_source_id: TypeAdapter[str] = TypeAdapter(SourceId)
_web: TypeAdapter[str] = TypeAdapter(Web)


Value = TypeVar("Value")


def valid_or_none(value: Any, validate: ValidatorFunctionWrapHandler) -> Any:
    try:
        return validate(value)
    except ValidationError:
        return None


# In a less important field, an invalid value becomes None. One invalid field must not lose the whole earthquake.
Lenient = Annotated[Value | None, WrapValidator(valid_or_none)]


class Loose(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Identity(Loose):
    """The fields that all events have, including deleted events.

    `ids` has outer commas, as in `,us20005gsg,gcmt20160410102858,`.
    """

    ids: str | None = None
    status: str = ""
    updated: Annotated[Milliseconds, Field(ge=0)]


class Properties(Identity):
    time: Milliseconds
    type: str
    mag: Annotated[Number, Field(ge=-5, le=12)] | None = None
    mag_type: Lenient[MagnitudeType] = Field(default=None, alias="magType")
    mmi: Lenient[Mmi] = None
    cdi: Lenient[Mmi] = None
    felt: Lenient[FeltReports] = None
    alert: Lenient[ImpactLevel] = None
    title: str | None = None
    place: str | None = None
    url: str | None = None


class Geometry(Loose):
    coordinates: (
        tuple[Longitude, Latitude] | tuple[Longitude, Latitude, Annotated[Number, Field(ge=-10, le=1000)] | None]
    )


class DeletedFeature(Loose):
    id: SourceId
    properties: Identity


class Feature(Loose):
    id: SourceId
    properties: Properties
    geometry: Geometry


def read(document: bytes) -> list[Entry]:
    """All entries of the document, in order; `metadata.count` is ignored. Raises BadDocument."""
    try:
        whole = from_json(document)
    except ValueError:
        raise BadDocument("not JSON") from None
    if not isinstance(whole, dict):
        raise BadDocument("not an object")
    if whole.get("type") == "Feature":
        return [entry(whole, 0)]
    if whole.get("type") != "FeatureCollection":
        raise BadDocument("neither a FeatureCollection nor a Feature")
    features = whole.get("features", [])
    if not isinstance(features, list):
        raise BadDocument("`features` is not a list")
    return [entry(feature, index) for index, feature in enumerate(features)]


def entry(feature: Any, index: int) -> Entry:
    """Read a feature.

    An invalid feature becomes Unreadable, so that one feature does not stop the reading of all others.
    """
    try:
        if is_deleted(feature):
            return cancellation(DeletedFeature.model_validate(feature))
        return item(Feature.model_validate(feature))
    except ValidationError as error:
        where = pointer(error, (Feature, Properties, Geometry))
        return Unreadable(name_of(feature, index), "unreadable", where, content_of(feature))


def is_deleted(feature: Any) -> bool:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    status = properties.get("status") if isinstance(properties, dict) else None
    return isinstance(status, str) and status.lower() == "deleted"


def cancellation(feature: DeletedFeature) -> Cancellation:
    return Cancellation(ids_of(feature.id, feature.properties.ids), feature.properties.updated)


def item(feature: Feature) -> Item:
    properties = feature.properties
    type = TYPES.get(properties.type.lower().replace("_", " "))
    hazard = None if type is None else info(type, feature)
    return Item(ids_of(feature.id, properties.ids), properties.updated, hazard)


def info(type: HazardType, feature: Feature) -> "MeasuredHazard":
    properties, (lon, lat, *depth) = feature.properties, feature.geometry.coordinates
    title = one_line(properties.title or properties.place or "")
    return MeasuredHazard(
        type=type,
        urgency=Urgency.PAST,  # the USGS states this urgency in its CAP messages
        severity=Severity.UNKNOWN,  # the USGS states no severity; the alert rules use the shaking
        certainty=Certainty.OBSERVED if properties.status.lower() == "reviewed" else Certainty.LIKELY,
        magnitude=properties.mag,
        magnitude_type=properties.mag_type,
        depth_km=depth[0] if depth else None,
        shaking=shaking(properties),
        area=Area(point=Point(lat=lat, lon=lon), description=title or None),
        onset=instant(properties.time),
        text={"en": HazardText(headline=title)} if title else {},
        web=link(properties.url),
    )


def shaking(properties: Properties) -> SourceShaking | None:
    given = SourceShaking(mmi=properties.mmi, cdi=properties.cdi, felt_reports=properties.felt, impact=properties.alert)
    return None if given == SourceShaking() else given


class MeasuredHazard(HazardInfo):
    """A hazard whose measured values the source revises often.

    Only larger differences count as changes. New titles, links, and numbers of felt reports are no changes.
    """

    def changes(self, published: HazardReported, places: Places) -> list[str]:  # noqa: ARG002 - only points are given
        here, there = self.area.point, published.area.point
        moved = distance_km(here.lat, here.lon, there.lat, there.lon) if here and there else 0.0
        now, before = self.shaking or SourceShaking(), published.shaking or SourceShaking()
        changes = {
            "type": self.type != published.type,
            "magnitude": self.magnitude != published.magnitude,
            "location": moved >= 1.0,
            "depth": abs((self.depth_km or 0.0) - (published.depth_km or 0.0)) >= 1.0,
            "intensity": abs((now.mmi or 0.0) - (before.mmi or 0.0)) >= MMI_CHANGE,
            "impact": now.impact != before.impact,
            "onset": abs((self.onset - published.onset).total_seconds()) >= 1.0,
            "certainty": self.certainty != published.certainty,
        }
        return [name for name, is_changed in changes.items() if is_changed]


def ids_of(preferred: str, wrapped: str | None) -> tuple[str, ...]:
    """Return the valid ids of the event, the preferred id first."""
    others = (part.strip() for part in (wrapped or "").split(","))
    return tuple(dict.fromkeys((preferred, *valid_ids(others))))[:50]


def valid_ids(names: Iterable[str]) -> Iterable[str]:
    for name in names:
        try:
            yield _source_id.validate_python(name)
        except ValidationError:
            continue


def link(url: str | None) -> str | None:
    """Return the absolute link. In documents of a single event, the link is relative."""
    try:
        return _web.validate_python(urljoin(SITE, url)) if url else None
    except ValueError:  # the URL is invalid for `urljoin` or for the contract
        return None


def name_of(feature: Any, index: int) -> str:
    name = feature.get("id") if isinstance(feature, dict) else None
    return one_line(name, 80) if isinstance(name, str) and name else f"#{index}"


def content_of(feature: Any) -> str:
    return json.dumps(feature, ensure_ascii=True)[:KEPT_CHARACTERS]


SOURCE = Source("usgs", read, FEEDS)
