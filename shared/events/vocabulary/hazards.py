"""The codes of hazards and of the messages about them, with the spelling of CAP."""

from shared.events.vocabulary.codes import Code


class Status(Code):
    """CAP 1.2 `status`. Alerts, figures and all else that Dayar derives from an event have the status of the event."""

    ACTUAL = "Actual"
    EXERCISE = "Exercise"
    SYSTEM = "System"
    TEST = "Test"
    DRAFT = "Draft"


class Scope(Code):
    """CAP 1.2 `scope`: who may read a hazard. Only Public hazards reach integrations."""

    PUBLIC = "Public"
    RESTRICTED = "Restricted"
    PRIVATE = "Private"


class MsgType(Code):
    """The three values of CAP 1.2 `msgType` that apply to hazards."""

    ALERT = "Alert"
    UPDATE = "Update"
    CANCEL = "Cancel"


class Urgency(Code):
    IMMEDIATE = "Immediate"
    EXPECTED = "Expected"
    FUTURE = "Future"
    PAST = "Past"
    UNKNOWN = "Unknown"


class Severity(Code):
    EXTREME = "Extreme"
    SEVERE = "Severe"
    MODERATE = "Moderate"
    MINOR = "Minor"
    UNKNOWN = "Unknown"


class Certainty(Code):
    OBSERVED = "Observed"
    LIKELY = "Likely"
    POSSIBLE = "Possible"
    UNLIKELY = "Unlikely"
    UNKNOWN = "Unknown"


class ImpactLevel(Code):
    """The levels of USGS PAGER: the expected impact of an earthquake, from no deaths (green) to very many (red)."""

    GREEN = "green"
    YELLOW = "yellow"
    ORANGE = "orange"
    RED = "red"


class HazardType(Code):
    """Our own hazard codes. `shared/hazards.py` maps each code to GLIDE, EM-DAT, UNDRR-ISC, IDMC and OET."""

    EARTHQUAKE = "earthquake"
    MUDFLOW = "mudflow"
    LANDSLIDE = "landslide"
    ROCKFALL = "rockfall"
    RIVER_FLOOD = "river_flood"
    FLASH_FLOOD = "flash_flood"
    GLOF = "glof"
    DAM_RELEASE = "dam_release"
    AVALANCHE = "avalanche"
    HEAVY_RAIN = "heavy_rain"
    HAIL = "hail"
    STRONG_WIND = "strong_wind"
    SNOWSTORM = "snowstorm"
    ICING = "icing"
    FOG = "fog"
    THUNDERSTORM = "thunderstorm"
    SQUALL = "squall"
    DUST_STORM = "dust_storm"
    HEAT_WAVE = "heat_wave"
    COLD_WAVE = "cold_wave"
    FROST = "frost"
    JUT = "jut"
    DROUGHT = "drought"
    WATER_SCARCITY = "water_scarcity"
    LAND_DEGRADATION = "land_degradation"
    SALINIZATION = "salinization"
    BANK_EROSION = "bank_erosion"
    GROUNDWATER_RISE = "groundwater_rise"
    PERMAFROST_LOSS = "permafrost_loss"
    WILDFIRE = "wildfire"
    STRUCTURE_FIRE = "structure_fire"
    EXPLOSION = "explosion"
    CHEMICAL_RELEASE = "chemical_release"
    TAILINGS_RELEASE = "tailings_release"
    RADIATION = "radiation"
    BUILDING_COLLAPSE = "building_collapse"
    TRANSPORT_ACCIDENT = "transport_accident"
    UTILITY_FAILURE = "utility_failure"
    EPIDEMIC = "epidemic"
    EPIZOOTIC = "epizootic"
    PESTS = "pests"
    CROP_DISEASE = "crop_disease"
    ARMED_INCIDENT = "armed_incident"
    OTHER = "other"
