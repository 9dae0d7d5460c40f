"""The hazard of a feed's entry, in the fields of CAP's `info`."""

from pydantic import Field

from shared.events import Area, HazardReported
from shared.events.fields import Data, Instant, Line
from shared.events.hazards import Texts, Web
from shared.events.vocabulary import Certainty, HazardType, Severity, Urgency

COMPARED = (
    "type",
    "type_text",
    "urgency",
    "severity",
    "certainty",
    "magnitude",
    "depth_km",
    "onset",
    "expires",
    "text",
)


class HazardInfo(Data):
    """The content of a hazard's event. A source whose values fluctuate overrides `changes`."""

    type: HazardType
    type_text: Line | None = None
    urgency: Urgency = Urgency.UNKNOWN
    severity: Severity = Severity.UNKNOWN
    certainty: Certainty = Certainty.UNKNOWN
    magnitude: float | None = Field(default=None, ge=-5, le=12)
    depth_km: float | None = Field(default=None, ge=-10, le=1000)
    area: Area
    onset: Instant
    expires: Instant | None = None
    text: Texts = Field(default_factory=dict)
    web: Web | None = None

    def changes(self, published: HazardReported) -> list[str]:
        """The names of the changed fields that matter to people, compared with the published event."""
        changed = [name for name in COMPARED if getattr(self, name) != getattr(published, name)]
        return [*changed, "area"] if is_elsewhere(self.area, published.area) else changed


def is_elsewhere(area: Area, published: Area) -> bool:
    """Whether the source moved the area. The published area may have more P-codes, because intake adds some."""
    own = {"pcodes": published.pcodes}
    return area.model_copy(update=own) != published or not set(area.pcodes) <= set(published.pcodes)
