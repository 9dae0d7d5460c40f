"""Hazard types with their nature, their onset and their codes in other standards."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Literal

from shared.events.vocabulary import HazardType

# reports may state that people left up to this time before the recorded onset of the hazard that they fled
BEFORE_ONSET = timedelta(hours=1)


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
    """The definition of a hazard type. If a standard has several codes for the type, the first code is the best match.

    If a standard has no code for the type, there is none. Only the type `other` has no nature, no cause and no onset;
    the report's text describes the hazard. `guesses` names the fields whose values we found in no source: an onset, one
    of the GLIDE codes FR, AC, EP and IN, or a cause that does not follow from the names of the classes. The OET, MH and
    GH codes come from secondary lists. Somebody must still check these codes and the guesses.
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


H, N, K, C = HazardType, Nature, CauseClass, CapCategory
SUDDEN, SLOW = Onset.SUDDEN, Onset.SLOW

_WET, _DRY = "Landslide/Wet mass movement", "Dry mass movement"
_COLD: dict[str, Any] = {
    "glide": ("CW",),
    "emdat": ("nat-met-ext-col",),
    "idmc": ("Cold wave",),
    "oet": ("OET-043", "OET-091"),
}
_WEATHER = (H.ICING, H.FOG, H.THUNDERSTORM, H.SQUALL, H.DUST_STORM)

_HAZARDS = (
    HazardDefinition(
        H.EARTHQUAKE,
        N.GEOPHYSICAL,
        K.NATURAL,
        SUDDEN,
        (C.GEO,),
        ("EQ",),
        ("nat-geo-ear-gro",),
        ("GH0101",),
        ("Earthquake",),
        ("OET-068",),
    ),
    HazardDefinition(
        H.MUDFLOW,
        N.HYDROLOGICAL,
        K.NATURAL,
        SUDDEN,
        (C.GEO,),
        ("MS",),
        ("nat-hyd-mmw-mud",),
        ("GH0303",),
        (_WET,),
        ("OET-056", "OET-133"),
    ),
    HazardDefinition(
        H.LANDSLIDE,
        N.HYDROLOGICAL,
        K.NATURAL,
        SUDDEN,
        (C.GEO,),
        ("LS",),
        ("nat-hyd-mmw-lan", "nat-geo-mmd-lan"),
        ("GH0300", "GH0304"),
        (_WET, _DRY),
        ("OET-119",),
    ),
    HazardDefinition(
        H.ROCKFALL,
        N.GEOPHYSICAL,
        K.NATURAL,
        SUDDEN,
        (C.GEO,),
        ("LS",),
        ("nat-geo-mmd-roc",),
        ("GH0301",),
        (_DRY,),
        ("OET-119",),
    ),
    HazardDefinition(
        H.RIVER_FLOOD,
        N.HYDROLOGICAL,
        K.NATURAL,
        SUDDEN,
        (C.MET,),
        ("FL",),
        ("nat-hyd-flo-riv",),
        ("MH0604", "MH0600"),
        ("Flood",),
        ("OET-081",),
    ),
    HazardDefinition(
        H.FLASH_FLOOD,
        N.HYDROLOGICAL,
        K.NATURAL,
        SUDDEN,
        (C.MET,),
        ("FF",),
        ("nat-hyd-flo-fla",),
        ("MH0603",),
        ("Flood",),
        ("OET-079",),
    ),
    HazardDefinition(
        H.GLOF, N.CLIMATOLOGICAL, K.NATURAL, SUDDEN, (C.GEO, C.MET), (), ("nat-cli-glo-glo",), ("MH0607",)
    ),
    HazardDefinition(
        H.DAM_RELEASE,
        N.TECHNOLOGICAL,
        K.TECHNOGENIC,
        SUDDEN,
        (C.INFRA,),
        ("FL",),
        ("tec-mis-col-col",),
        ("TL0205",),
        ("Dam release flood",),
        ("OET-052", "OET-053"),
        guesses=("cause",),
    ),
    HazardDefinition(
        H.AVALANCHE,
        N.HYDROLOGICAL,
        K.NATURAL,
        SUDDEN,
        (C.GEO,),
        ("AV",),
        ("nat-hyd-mmw-ava",),
        ("MH0801",),
        ("Avalanche",),
        ("OET-018",),
    ),
    HazardDefinition(H.HEAVY_RAIN, N.METEOROLOGICAL, K.NATURAL, SUDDEN, (C.MET,), idmc=("Storm",)),
    HazardDefinition(
        H.HAIL,
        N.METEOROLOGICAL,
        K.NATURAL,
        SUDDEN,
        (C.MET,),
        ("ST",),
        ("nat-met-sto-hai",),
        ("MH0404",),
        ("Hailstorm",),
        ("OET-095",),
    ),
    HazardDefinition(
        H.STRONG_WIND, N.METEOROLOGICAL, K.NATURAL, SUDDEN, (C.MET,), ("VW",), (), ("MH0301",), ("Storm",), ("OET-218",)
    ),
    HazardDefinition(
        H.SNOWSTORM,
        N.METEOROLOGICAL,
        K.NATURAL,
        SUDDEN,
        (C.MET,),
        ("OT",),
        ("nat-met-sto-bli",),
        ("MH0403",),
        ("Winter storm/Blizzard",),
        ("OET-183",),
    ),
    *(HazardDefinition(code, N.METEOROLOGICAL, K.NATURAL, SUDDEN, (C.MET,)) for code in _WEATHER),
    HazardDefinition(
        H.HEAT_WAVE,
        N.METEOROLOGICAL,
        K.NATURAL,
        SUDDEN,
        (C.MET,),
        ("HT",),
        ("nat-met-ext-hea",),
        ("MH0501",),
        ("Heat wave",),
        ("OET-098",),
    ),
    HazardDefinition(H.COLD_WAVE, N.METEOROLOGICAL, K.NATURAL, SUDDEN, (C.MET,), undrr=("MH0502",), **_COLD),
    HazardDefinition(H.FROST, N.METEOROLOGICAL, K.NATURAL, SUDDEN, (C.MET,), undrr=("MH0505",), **_COLD),
    HazardDefinition(
        H.JUT, N.METEOROLOGICAL, K.NATURAL, SLOW, (C.MET,), undrr=("MH0503",), **_COLD, guesses=("cause",)
    ),
    HazardDefinition(
        H.DROUGHT,
        N.CLIMATOLOGICAL,
        K.NATURAL,
        SLOW,
        (C.MET,),
        ("DR",),
        ("nat-cli-dro-dro",),
        ("MH0401",),
        ("Drought",),
        ("OET-063",),
    ),
    HazardDefinition(
        H.WATER_SCARCITY,
        N.CLIMATOLOGICAL,
        K.ECOLOGICAL,
        SLOW,
        (C.ENV, C.INFRA),
        ("DR", "OT"),
        ("nat-cli-dro-dro",),
        ("MH0401", "EN0301"),
        ("Drought",),
        ("OET-125", "OET-144"),
        guesses=("cause",),
    ),
    HazardDefinition(
        H.LAND_DEGRADATION,
        N.ENVIRONMENTAL,
        K.ECOLOGICAL,
        SLOW,
        (C.ENV,),
        ("OT",),
        (),
        ("EN0301", "GH0402", "EN0206"),
        ("Desertification", "Erosion"),
        ("OET-075",),
    ),
    HazardDefinition(
        H.SALINIZATION,
        N.ENVIRONMENTAL,
        K.ECOLOGICAL,
        SLOW,
        (C.ENV,),
        ("OT",),
        (),
        ("EN0303",),
        ("Salinization",),
        ("OET-075",),
    ),
    HazardDefinition(
        H.BANK_EROSION,
        N.HYDROLOGICAL,
        K.NATURAL,
        SLOW,
        (C.GEO,),
        ("OT",),
        (),
        ("GH0404",),
        ("Erosion",),
        guesses=("cause",),
    ),
    HazardDefinition(
        H.GROUNDWATER_RISE,
        N.HYDROLOGICAL,
        K.NATURAL,
        SLOW,
        (C.MET,),
        ("FL",),
        (),
        ("MH0605",),
        ("Flood",),
        guesses=("cause",),
    ),
    HazardDefinition(
        H.PERMAFROST_LOSS,
        N.ENVIRONMENTAL,
        K.ECOLOGICAL,
        SLOW,
        (C.ENV,),
        ("OT",),
        (),
        ("EN0305",),
        (),
        ("OET-075",),
        guesses=("cause",),
    ),
    HazardDefinition(
        H.WILDFIRE,
        N.CLIMATOLOGICAL,
        K.NATURAL,
        SUDDEN,
        (C.FIRE,),
        ("WF",),
        ("nat-cli-wil-wil",),
        ("EN0205",),
        ("Wildfire",),
        ("OET-217",),
        guesses=("cause",),
    ),
    HazardDefinition(H.STRUCTURE_FIRE, N.TECHNOLOGICAL, K.TECHNOGENIC, SUDDEN, (C.FIRE,), ("FR",), guesses=("glide",)),
    HazardDefinition(H.EXPLOSION, N.TECHNOLOGICAL, K.TECHNOGENIC, SUDDEN, (C.SAFETY,), ("AC",), guesses=("glide",)),
    HazardDefinition(
        H.CHEMICAL_RELEASE, N.TECHNOLOGICAL, K.TECHNOGENIC, SUDDEN, (C.CBRNE,), ("AC",), guesses=("glide",)
    ),
    HazardDefinition(H.TAILINGS_RELEASE, N.TECHNOLOGICAL, K.TECHNOGENIC, SUDDEN, (C.CBRNE, C.ENV), guesses=("cause",)),
    HazardDefinition(H.RADIATION, N.TECHNOLOGICAL, K.TECHNOGENIC, SUDDEN, (C.CBRNE,)),
    HazardDefinition(H.BUILDING_COLLAPSE, N.TECHNOLOGICAL, K.TECHNOGENIC, SUDDEN, (C.SAFETY,)),
    HazardDefinition(
        H.TRANSPORT_ACCIDENT, N.TECHNOLOGICAL, K.TECHNOGENIC, SUDDEN, (C.TRANSPORT,), ("AC",), guesses=("glide",)
    ),
    HazardDefinition(H.UTILITY_FAILURE, N.TECHNOLOGICAL, K.TECHNOGENIC, SUDDEN, (C.INFRA,)),
    HazardDefinition(H.EPIDEMIC, N.BIOLOGICAL, K.BIOLOGICAL, SUDDEN, (C.HEALTH,), ("EP",), guesses=("glide",)),
    HazardDefinition(H.EPIZOOTIC, N.BIOLOGICAL, K.BIOLOGICAL, SUDDEN, (C.HEALTH,)),
    HazardDefinition(H.PESTS, N.BIOLOGICAL, K.BIOLOGICAL, SLOW, (C.ENV,), ("IN",), guesses=("onset", "glide")),
    HazardDefinition(H.CROP_DISEASE, N.BIOLOGICAL, K.BIOLOGICAL, SLOW, (C.ENV,), guesses=("onset",)),
    HazardDefinition(H.ARMED_INCIDENT, N.ARMED, K.SOCIAL, SUDDEN, (C.SECURITY,), guesses=("cause",)),
    HazardDefinition(H.OTHER, None, None, None, (C.OTHER,)),
)

HAZARDS: dict[HazardType, HazardDefinition] = {hazard.code: hazard for hazard in _HAZARDS}
