"""The data of a hazard in a feed's entry. The fields are like the fields of CAP's element `info`."""

from typing import TYPE_CHECKING

from pydantic import Field

from shared.events import Area, HazardReported
from shared.events.fields import Data, Instant, Line
from shared.events.hazards import MagnitudeType, SourceShaking, Texts, Web
from shared.events.vocabulary import Certainty, HazardType, Scope, Severity, Urgency

if TYPE_CHECKING:
    # shapely is slow to load, so processes that only read settings must not import it
    from shared.places import Places

COMPARED = (
    "scope",
    "type",
    "type_text",
    "urgency",
    "severity",
    "certainty",
    "magnitude",
    "magnitude_type",
    "depth_km",
    "shaking",
    "onset",
    "expires",
    "text",
)


class HazardInfo(Data):
    """Sources whose values fluctuate override the method `changes`.

    The default `scope` is for feeds that anybody may read.
    """

    scope: Scope = Scope.PUBLIC
    type: HazardType
    type_text: Line | None = None
    urgency: Urgency = Urgency.UNKNOWN
    severity: Severity = Severity.UNKNOWN
    certainty: Certainty = Certainty.UNKNOWN
    magnitude: float | None = Field(default=None, ge=-5, le=12)
    magnitude_type: MagnitudeType | None = None
    depth_km: float | None = Field(default=None, ge=-10, le=1000)
    shaking: SourceShaking | None = None
    area: Area
    onset: Instant
    expires: Instant | None = None
    text: Texts = Field(default_factory=dict)
    web: Web | None = None

    def changes(self, published: HazardReported, places: "Places") -> list[str]:
        """Differences that do not matter to people are left out."""
        changed = [name for name in COMPARED if getattr(self, name) != getattr(published, name)]
        return [*changed, "area"] if is_elsewhere(self.area, published, places) else changed


def is_elsewhere(area: Area, published: HazardReported, places: "Places") -> bool:
    """P-codes that intake added to the published area do not count as a change."""
    former = published.area
    if area.model_copy(update={"pcodes": former.pcodes}) != former:
        return True
    if published.places_version != places.version:  # a new list of places may give the area other P-codes
        return not set(area.pcodes) <= set(former.pcodes)
    return set(places.pcodes_of(area)) != set(former.pcodes)
