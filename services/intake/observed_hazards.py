"""Hazards that field teams saw. Intake adds the source, because intake knows the author's account."""

from typing import Literal

from pydantic import model_validator

from shared.auth.tokens import Principal
from shared.events import FIELD_TEAMS, HazardReport
from shared.events.hazards import RELEASED_FIELDS, SourceId, SourceName
from shared.events.vocabulary import Certainty, MsgType, Severity, Urgency

ADDED = {"source", "source_id", "revision", "msg_type"}  # by intake
SEEN_FIELDS = RELEASED_FIELDS - {*ADDED, "released_revision", "scope", "expires"} | {"type_text"}


class ObservedHazardReport(HazardReport):
    """A hazard that a field team saw. The report with a higher `version` corrects the earlier report."""

    kind: Literal["hazard"]
    source: SourceName = FIELD_TEAMS
    source_id: SourceId = "not stated yet"

    @model_validator(mode="after")
    def states_only_what_was_seen(self) -> "ObservedHazardReport":
        others = ", ".join(f"`{name}`" for name in sorted(self.model_fields_set - SEEN_FIELDS))
        if others:
            raise ValueError(f"a hazard that a team saw is expected to be without {others}")
        return self


def attributed(observed: ObservedHazardReport, principal: Principal) -> ObservedHazardReport:
    """Add a source id that contains the author's account, so that no other account can use the id.

    If the team found nothing, the hazard gets CAP's values for a hazard that is no threat and is over.
    """
    stated = {
        "source_id": f"{principal.account}/{observed.report_id}",
        "msg_type": MsgType.ALERT if observed.version == 1 else MsgType.UPDATE,
        "revision": observed.version,
    }
    if observed.certainty is Certainty.UNLIKELY:
        stated |= {"severity": Severity.MINOR, "urgency": Urgency.PAST, "expires": observed.onset}
    return observed.model_copy(update=stated)
