"""The codes of households and their members, with the spelling of HOPE and DTM."""

from shared.events.vocabulary.codes import Code


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
    """The kind of place in which displaced people sleep.

    `shared/shelters.py` maps the kinds to DTM's shelter arrangements. `host_family`, `collective_centre` and `tent` are
    general codes, for reports without a more exact kind.
    """

    HOST_FAMILY = "host_family"
    HOST_RELATIVES = "host_relatives"
    HOST_OTHERS = "host_others"
    OWN_HOUSE = "own_house"  # a second home
    RENTED = "rented"
    COLLECTIVE_CENTRE = "collective_centre"
    SCHOOL = "school"
    MOSQUE = "mosque"
    TEAHOUSE = "teahouse"
    PUBLIC_BUILDING = "public_building"
    EVACUATION_POINT = "evacuation_point"
    TENT = "tent"
    PASTURE_CAMP = "pasture_camp"  # also yurts
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
