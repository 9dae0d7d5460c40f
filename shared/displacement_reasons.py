"""The reasons for displacement, with their onset, their broader reason, and the equal reason in DTM."""

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

    `is_guess` is true if the reason of DTM is our own guess, without a source.
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
# People with one of these reasons may have left because of a hazard, even if their report names no hazard.
POSSIBLY_HAZARD = {*ENVIRONMENTAL, Reason.NOT_REPORTED}
BY_ONSET: dict[Onset | None, list[Reason]] = {
    onset: [reason.code for reason in _REASONS if reason.onset is onset] for onset in (Onset.SUDDEN, Onset.SLOW, None)
}  # in the order of forms


def onset(reason: Reason, hazard: HazardType | None) -> Onset | None:
    """Return the onset, or None for a reason that is not environmental.

    The onset of `natural_disaster` is the onset of the hazard. People often report a slow hazard such as a drought as a
    natural disaster.
    """
    if reason is Reason.NATURAL_DISASTER and hazard:
        return HAZARDS[hazard].onset or Onset.SUDDEN
    return REASONS[reason].onset
