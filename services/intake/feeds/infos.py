"""The data of a hazard in a feed's entry. The fields are like the fields of CAP's element `info`."""

from typing import TYPE_CHECKING

from pydantic import Field

from shared.events import Area, HazardReported
from shared.events.fields import Data, Instant, Line
from shared.events.hazards import MagnitudeType, SourceShaking, Texts, Web
from shared.events.vocabulary import Certainty, HazardType, Scope, Severity, Urgency

if TYPE_CHECKING:
    # `shared.places` imports shapely, which loads slowly. A process that only reads settings must not load shapely.
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
    """The default `scope` fits a feed that is public.

    A source with frequent small changes of values overrides `changes`.
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
        """Return the names of the fields that differ from the published hazard and matter to people."""
        changed = [name for name in COMPARED if getattr(self, name) != getattr(published, name)]
        return [*changed, "area"] if is_elsewhere(self.area, published, places) else changed


def is_elsewhere(area: Area, published: HazardReported, places: "Places") -> bool:
    """True if the source's area has changed. The P-codes that intake added to the published area are no change."""
    former = published.area
    if area.model_copy(update={"pcodes": former.pcodes}) != former:
        return True
    # A new list of places can give an unchanged area more or fewer P-codes.
    if published.places_version != places.version:
        return not set(area.pcodes) <= set(former.pcodes)
    return set(places.pcodes_of(area)) != set(former.pcodes)
