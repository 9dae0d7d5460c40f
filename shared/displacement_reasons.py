"""Reasons for displacement. Each reason has an onset, the broader reason to which it belongs, and the reason of DTM."""

from dataclasses import dataclass
from enum import StrEnum

from shared.events.vocabulary import HazardType, Reason
from shared.hazard_definitions import Onset
from shared.hazards import HAZARDS


class DtmReason(StrEnum):
    """The values of DTM's column `displacementReason`. DTM has no value for slow environmental change."""

    CONFLICT = "Conflict"
    NATURAL_DISASTER = "Natural disaster"
    INSECURITY = "Insecurity"
    OTHER = "Other reason"
    NOT_REPORTED = "No reason for displacement reported"


@dataclass(frozen=True, slots=True)
class ReasonDefinition:
    """Only an environmental reason has an onset.

    `is_guess` is true if no source says which reason of DTM corresponds.
    """

    code: Reason
    broader: Reason
    dtm: DtmReason
    onset: Onset | None = None
    is_guess: bool = False


R, D = Reason, DtmReason
_SLOW = (
    R.WATER_SCARCITY_IRRIGATION,
    R.WATER_SCARCITY_DRINKING,
    R.PASTURE_DEGRADATION,
    R.SOIL_DEGRADATION,
    R.SALINIZATION,
    R.WATERLOGGING,
    R.DROUGHT,
    R.HEAT,
    R.PERMAFROST_LOSS,
    R.REPEATED_HAZARDS,
    R.FEAR_OF_HAZARD,
    R.ENVIRONMENTAL_DEGRADATION,
)

_REASONS = (
    ReasonDefinition(R.NATURAL_DISASTER, R.NATURAL_DISASTER, D.NATURAL_DISASTER, Onset.SUDDEN),
    *(
        ReasonDefinition(code, R.ENVIRONMENTAL_DEGRADATION, D.NATURAL_DISASTER, Onset.SLOW, is_guess=True)
        for code in _SLOW
    ),
    ReasonDefinition(R.CONFLICT, R.CONFLICT, D.CONFLICT),
    ReasonDefinition(R.INSECURITY, R.INSECURITY, D.INSECURITY),
    ReasonDefinition(R.BORDER_INCIDENT, R.CONFLICT, D.CONFLICT, is_guess=True),
    ReasonDefinition(R.DEVELOPMENT, R.DEVELOPMENT, D.OTHER, is_guess=True),
    ReasonDefinition(R.EVICTION, R.OTHER, D.OTHER, is_guess=True),
    ReasonDefinition(R.ECONOMIC, R.ECONOMIC, D.OTHER, is_guess=True),
    ReasonDefinition(R.FAMILY, R.FAMILY, D.OTHER, is_guess=True),
    ReasonDefinition(R.EDUCATION, R.OTHER, D.OTHER, is_guess=True),
    ReasonDefinition(R.HEALTH, R.OTHER, D.OTHER, is_guess=True),
    ReasonDefinition(R.OTHER, R.OTHER, D.OTHER),
    ReasonDefinition(R.NOT_REPORTED, R.NOT_REPORTED, D.NOT_REPORTED),
)

REASONS: dict[Reason, ReasonDefinition] = {reason.code: reason for reason in _REASONS}
ENVIRONMENTAL = tuple(reason.code for reason in _REASONS if reason.onset)
# A hazard may have displaced people whose report has one of these reasons and names no hazard.
POSSIBLY_HAZARD = {*ENVIRONMENTAL, Reason.NOT_REPORTED}
BY_ONSET: dict[Onset | None, list[Reason]] = {
    onset: [reason.code for reason in _REASONS if reason.onset is onset] for onset in (Onset.SUDDEN, Onset.SLOW, None)
}  # in the order of forms


def onset(reason: Reason, hazard: HazardType | None) -> Onset | None:
    """Returns None for a reason that is not environmental.

    The reason `natural_disaster` has the onset of its hazard. A drought, for example, is a slow hazard, but people
    often report it as a natural disaster.
    """
    if reason is Reason.NATURAL_DISASTER and hazard:
        return HAZARDS[hazard].onset or Onset.SUDDEN
    return REASONS[reason].onset
