"""The fields that define a hazard type: nature, cause, onset, and the codes in other standards."""

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
    """A field has several codes if the standard has several matching codes, the best match first.

    An empty field means that the standard has no code. The type `other` has no nature, cause and onset: the report's
    text describes the hazard. `guesses` names the fields for which we found no source. We guessed some onsets, the
    GLIDE codes FR, AC, EP and IN, and the causes that do not follow from the names of the classes. The OET, MH and GH
    codes come from secondary lists. An expert must still check these codes and the guesses.
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
