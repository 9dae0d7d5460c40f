"""The closed vocabularies of the contract, with the spelling of CAP, DTM and IDMC."""

from enum import StrEnum
from operator import attrgetter
from typing import TYPE_CHECKING


class Code(StrEnum):
    """An enum with a fast `value`, because the `value` of Python 3.11's enums takes three times as long."""

    if not TYPE_CHECKING:
        value = property(attrgetter("_value_"))


class Status(Code):
    """CAP 1.2 `status`. Everything derived from an event inherits the status."""

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
    """The levels of the USGS's PAGER: the expected impact of an earthquake, from no to very many deaths."""

    GREEN = "green"
    YELLOW = "yellow"
    ORANGE = "orange"
    RED = "red"


class Precision(Code):
    """IDMC's date accuracy, and the hour of a count. Forms call a week "about"."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    SEASON = "season"  # a quarter that begins in March, June, September or December
    YEAR = "year"


TO_THE_DAY = (Precision.HOUR, Precision.DAY)  # a time with one of these precisions includes the day


class Mobility(Code):
    DISPLACEMENT = "displacement"
    EVACUATION = "evacuation"
    PLANNED_RELOCATION = "planned_relocation"
    MIGRATION = "migration"
    UNABLE_TO_MOVE = "unable_to_move"


# The kinds of mobility that make people displaced. A planned relocation is not among them, because it prevents or ends
# a displacement.
DISPLACED = (Mobility.DISPLACEMENT, Mobility.EVACUATION)


class Evacuation(Code):
    """When and why people were evacuated, by DELTA's timing and IOM's words."""

    PRE_EMPTIVE = "pre_emptive"  # people left before the hazard began
    REACTIVE = "reactive"  # people left after the hazard began
    SPONTANEOUS = "spontaneous"  # people left without an order


class Movement(Code):
    """What happened to displaced people after their displacement, in DTM's and IDMC's words."""

    CONFIRMED_HERE = "confirmed_here"
    TRANSFERRED = "transferred"  # people moved to another site within the same displacement
    DISPLACED_AGAIN = "displaced_again"  # the people were forced onward, which is a new displacement
    RETURNED = "returned"
    SETTLED_ELSEWHERE = "settled_elsewhere"
    INTENDS_TO_STAY = "intends_to_stay"
    RELOCATED = "relocated"  # the people moved in a planned relocation
    LEFT_COUNTRY = "left_country"
    ENTERED_COUNTRY = "entered_country"
    DIED = "died"
    CONTACT_LOST = "contact_lost"
    EVACUATION_LIFTED = "evacuation_lifted"  # the return is presumed, until a person confirms it
    SOLUTION_ASSESSED = "solution_assessed"  # an assessment found no need that is caused by the displacement


class SubStock(Code):
    """The IRIS sub-stock of displaced people.

    People who died, left the country, or have an assessed durable solution are outside the stock.
    """

    IN_DISPLACEMENT = "in_displacement"
    IN_RETURN = "in_return"
    IN_SETTLEMENT = "in_settlement"
    LEFT_COUNTRY = "left_country"
    DIED = "died"
    DURABLE_SOLUTION = "durable_solution"


class Reason(Code):
    """Why people moved. `shared/displacement_reasons.py` maps the reasons to broader ones and to DTM.

    A sudden hazard is `natural_disaster`, with the type of the hazard in the report. Each slow environmental change has
    its own reason; `environmental_degradation` stands for a change that is not named.
    """

    NATURAL_DISASTER = "natural_disaster"
    ENVIRONMENTAL_DEGRADATION = "environmental_degradation"
    WATER_SCARCITY_IRRIGATION = "water_scarcity_irrigation"
    WATER_SCARCITY_DRINKING = "water_scarcity_drinking"
    PASTURE_DEGRADATION = "pasture_degradation"
    SOIL_DEGRADATION = "soil_degradation"
    SALINIZATION = "salinization"
    WATERLOGGING = "waterlogging"
    DROUGHT = "drought"
    HEAT = "heat"
    PERMAFROST_LOSS = "permafrost_loss"
    REPEATED_HAZARDS = "repeated_hazards"
    FEAR_OF_HAZARD = "fear_of_hazard"
    CONFLICT = "conflict"
    INSECURITY = "insecurity"
    BORDER_INCIDENT = "border_incident"
    DEVELOPMENT = "development"
    EVICTION = "eviction"
    ECONOMIC = "economic"  # people left for work
    FAMILY = "family"
    EDUCATION = "education"
    HEALTH = "health"
    OTHER = "other"
    NOT_REPORTED = "not_reported"


class HazardType(Code):
    """The internal hazard codes; `shared/hazards.py` maps them to GLIDE, EM-DAT, UNDRR-ISC, IDMC and OET."""

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


class Quantifier(Code):
    """IDMC's quantifier."""

    EXACT = "exact"
    APPROXIMATELY = "approximately"
    MORE_THAN = "more_than"
    LESS_THAN = "less_than"


class Measure(Code):
    STOCK = "stock"
    FLOW = "flow"


class HouseholdUnit(Code):
    """The unit in which a caller counts households, kept as reported."""

    FAMILIES = "families"  # a family (семья, үй-бүлө)
    YARDS = "yards"  # a yard (двор, түтүн), in which several families may live


class SourceType(Code):
    """Where the number of people in a group's report comes from."""

    COUNT = "count"
    KEY_INFORMANT = "key_informant"
    LOCAL_AUTHORITY = "local_authority"
    REGISTER = "register"
    MEDIA = "media"
    OTHER = "other"
    UNKNOWN = "unknown"


class Sex(Code):
    FEMALE = "female"
    MALE = "male"
    UNKNOWN = "unknown"


class AgeBracket(Code):
    """HOPE's age brackets, in completed years."""

    AGE_0_5 = "0-5"
    AGE_6_11 = "6-11"
    AGE_12_17 = "12-17"
    AGE_18_59 = "18-59"
    AGE_60_PLUS = "60+"
    UNKNOWN = "unknown"


class Relationship(Code):
    HEAD = "head"
    SPOUSE = "spouse"
    CHILD = "child"
    PARENT = "parent"
    SIBLING = "sibling"
    GRANDCHILD = "grandchild"
    GRANDPARENT = "grandparent"
    OTHER_RELATIVE = "other_relative"
    NOT_RELATED = "not_related"
    UNKNOWN = "unknown"


class Shelter(Code):
    """Where displaced people sleep. `shared/shelters.py` maps the kinds to DTM's shelter arrangements.

    `host_family`, `collective_centre` and `tent` stand for a kind that is not stated more exactly.
    """

    HOST_FAMILY = "host_family"
    HOST_RELATIVES = "host_relatives"
    HOST_OTHERS = "host_others"
    OWN_HOUSE = "own_house"  # the household lives in its second home
    RENTED = "rented"
    COLLECTIVE_CENTRE = "collective_centre"
    SCHOOL = "school"
    MOSQUE = "mosque"
    TEAHOUSE = "teahouse"
    PUBLIC_BUILDING = "public_building"
    EVACUATION_POINT = "evacuation_point"
    TENT = "tent"
    PASTURE_CAMP = "pasture_camp"  # people live in a camp on a pasture, or in yurts
    MAKESHIFT = "makeshift"
    OPEN_AIR = "open_air"
    HOTEL = "hotel"
    HOSPITAL = "hospital"
    VEHICLE = "vehicle"
    OTHER = "other"
    UNKNOWN = "unknown"


class Need(Code):
    SHELTER = "shelter"
    FOOD = "food"
    WATER = "water"
    SANITATION = "sanitation"
    HEALTH = "health"
    NON_FOOD_ITEMS = "non_food_items"
    LIVELIHOOD = "livelihood"
    EDUCATION = "education"
    PROTECTION = "protection"
    DOCUMENTS = "documents"
    OTHER = "other"


class SiteType(Code):
    """The site types of CCCM and DTM, by building or place. `services/registry/sites/sites.py` gives their shelter."""

    SCHOOL = "school"
    MOSQUE = "mosque"
    TEAHOUSE = "teahouse"
    PUBLIC_BUILDING = "public_building"
    HOSPITAL = "hospital"
    HOTEL = "hotel"
    EVACUATION_POINT = "evacuation_point"
    TENT_CAMP = "tent_camp"
    PASTURE_CAMP = "pasture_camp"
    OTHER = "other"


class SiteState(Code):
    """Whether a site takes more people."""

    OPEN = "open"
    FULL = "full"
    CLOSED = "closed"


class SiteNeed(Code):
    """What a site lacks."""

    WATER = "water"
    FOOD = "food"
    BEDS = "beds"
    LATRINES = "latrines"
    HEATING = "heating"
    MEDICINE = "medicine"


class Intention(Code):
    RETURN = "return"
    SEASONAL = "seasonal"
    PERMANENT = "permanent"
    MOVE_ON = "move_on"
    UNDECIDED = "undecided"
    UNKNOWN = "unknown"


class Disability(Code):
    """The domains of the Washington Group's short set, with HOPE's names."""

    SEEING = "seeing"
    HEARING = "hearing"
    WALKING = "walking"
    MEMORY = "memory"
    SELF_CARE = "self_care"
    COMMUNICATING = "communicating"


class Difficulty(Code):
    """The answers to the Washington Group's short set: four degrees of difficulty, and two answers without a degree."""

    NO_DIFFICULTY = "no_difficulty"
    SOME_DIFFICULTY = "some_difficulty"
    A_LOT_OF_DIFFICULTY = "a_lot_of_difficulty"
    CANNOT_DO_AT_ALL = "cannot_do_at_all"
    REFUSED = "refused"
    DONT_KNOW = "dont_know"


class LegalBasis(Code):
    CONSENT = "consent"
    VITAL_INTEREST = "vital_interest"
    LEGAL_DUTY = "legal_duty"
    UNKNOWN = "unknown"


class SubmissionChannel(Code):
    """The channel of a report; intake stamps it from the token."""

    FIELD = "field"
    API = "api"
    CONSOLE = "console"
    FEED = "feed"
    IMPORT = "import"
    SMS = "sms"
    OPENROSA = "openrosa"
    KOBO = "kobo"


class Flag(Code):
    """What intake noticed about an accepted report.

    `registrar_of_…` names the widest area of a registrar that contains the report's place.
    """

    OUTSIDE_AREA = "outside_area"
    EXPIRED_TOKEN = "expired_token"  # noqa: S105 - a flag's name, no password
    POINT_CONTRADICTS_CODE = "point_contradicts_code"
    CLOCK_AHEAD = "clock_ahead"
    REGISTRAR_OF_COUNTRY = "registrar_of_country"
    REGISTRAR_OF_OBLAST = "registrar_of_oblast"
    REGISTRAR_OF_DISTRICT = "registrar_of_district"


class ReportKind(Code):
    HAZARD = "hazard"
    HOUSEHOLD = "household"
    GROUP = "group"
    HOUSEHOLD_MOVEMENT = "household_movement"
    GROUP_MOVEMENT = "group_movement"
    SITE_MOVEMENT = "site_movement"


class OutcomeKind(Code):
    """The outcome of a record. Each record has exactly one outcome at its first reading."""

    RECORDED = "recorded"
    MERGED = "merged"
    NOTED = "noted"
    ALERTED = "alerted"
    SUPPRESSED = "suppressed"
    HELD = "held"
    REJECTED = "rejected"
    REPEAT = "repeat"
    SET_ASIDE = "set_aside"


class RefusalReason(Code):
    """Why a held report was refused, as shown to the report's author.

    A person refuses held reports. The registry itself refuses a movement whose short code stays unknown.
    """

    NOT_CONFIRMED = "not_confirmed"
    WRONG_PLACE = "wrong_place"
    WRONG_NUMBER = "wrong_number"
    NOT_DISPLACED = "not_displaced"
    PRACTICE = "practice"
    DUPLICATE = "duplicate"
    CODE_UNKNOWN = "code_unknown"
    UNSTATED = "refused_by_person"


class MovementReason(Code):
    """Why a movement waits or changes nothing, as shown to the movement's author."""

    HOUSEHOLD_UNKNOWN = "household_unknown"
    NOT_DISPLACED = "not_displaced"
    OTHER_STATUS = "other_status"
    BEFORE_DEPARTURE = "before_departure"
    BEFORE_COUNT = "before_count"
    AFTER_DEATH = "after_death"
    MEMBERS_UNKNOWN = "members_unknown"
    SAME_PLACE = "same_place"


class Verdict(Code):
    """The outcome with which an alert was closed."""

    CONFIRMED = "confirmed"
    FALSE_ALARM = "false_alarm"
    DUPLICATE = "duplicate"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    DOWNGRADED = "downgraded"


class Closer(Code):
    """Who or what closed an alert."""

    PERSON = "person"
    SOURCE = "source"  # the source cancelled the hazard
    TIME = "time"  # the hazard has expired
    RULE = "rule"  # a revision no longer meets an alert rule


class Verification(Code):
    """Whether the alert is true, as verified by a person."""

    UNVERIFIED = "unverified"
    CONFIRMED = "confirmed"
    FALSE_ALARM = "false_alarm"
    DUPLICATE = "duplicate"


class Work(Code):
    """The centre's progress with an alert."""

    UNACKNOWLEDGED = "unacknowledged"
    ACKNOWLEDGED = "acknowledged"
    IN_PROGRESS = "in_progress"
    CLOSED = "closed"
    REOPENED = "reopened"


class Validity(Code):
    """Whether the alert's source still reports the hazard."""

    IN_FORCE = "in_force"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    DOWNGRADED = "downgraded"


class Demand(Code):
    """What an alert asks of an operator now."""

    ACKNOWLEDGEMENT = "acknowledgement"
    ACTION = "action"  # the alert was acknowledged without any further action, or its snooze is over
    CLOSURE = "closure"  # the alert is confirmed or in progress, but its hazard was cancelled or expired


class DeliveryChannel(Code):
    WEBHOOK = "webhook"
    EMAIL = "email"
    TELEGRAM = "telegram"
    SMS = "sms"
