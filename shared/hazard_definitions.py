"""Which facts define a hazard type: its nature, cause and onset, and its codes in other standards."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from shared.events.vocabulary import HazardType


class Nature(StrEnum):
    GEOPHYSICAL = "geophysical"
    HYDROLOGICAL = "hydrological"
    METEOROLOGICAL = "meteorological"
    CLIMATOLOGICAL = "climatological"
    ENVIRONMENTAL = "environmental"
    TECHNOLOGICAL = "technological"
    BIOLOGICAL = "biological"
    ARMED = "armed"


class CauseClass(StrEnum):
    """The classes of emergencies by cause in the Government's order No. 550 of 22 November 2018."""

    NATURAL = "natural"
    TECHNOGENIC = "technogenic"
    ECOLOGICAL = "ecological"
    BIOLOGICAL = "biological"
    SOCIAL = "social"


class Onset(StrEnum):
    SUDDEN = "sudden"
    SLOW = "slow"


class CapCategory(StrEnum):
    GEO = "Geo"
    MET = "Met"
    SAFETY = "Safety"
    FIRE = "Fire"
    HEALTH = "Health"
    ENV = "Env"
    TRANSPORT = "Transport"
    INFRA = "Infra"
    CBRNE = "CBRNE"
    SECURITY = "Security"
    OTHER = "Other"


Guess = Literal["cause", "onset", "glide"]


@dataclass(frozen=True, slots=True)
class HazardDefinition:
    """The first of several codes of a standard is the best match.

    Without a code in a standard, the field is empty. Only the type `other` has no nature, no cause and no onset; the
    report's text describes the hazard.

    `guesses` names the fields whose values we found in no source: an onset, the GLIDE codes FR, AC, EP and IN, or a
    cause that does not follow from the names of the classes. The OET, MH and GH codes come from secondary lists.
    Somebody must still check these codes and the guesses.
    """

    code: HazardType
    nature: Nature | None
    cause: CauseClass | None
    onset: Onset | None
    cap: tuple[CapCategory, ...]
    glide: tuple[str, ...] = ()
    emdat: tuple[str, ...] = ()
    undrr: tuple[str, ...] = ()
    idmc: tuple[str, ...] = ()
    oet: tuple[str, ...] = ()
    guesses: tuple[Guess, ...] = ()
