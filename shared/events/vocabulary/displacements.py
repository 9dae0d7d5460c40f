"""The codes of displacements, of what happened later, and of their causes, with the spelling of DTM and IDMC."""

from shared.events.vocabulary.codes import Code


class Precision(Code):
    """How exactly a time is known, by IDMC's date accuracy, with HOUR in addition.

    Forms show WEEK as "About that day".
    """

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    SEASON = "season"  # begins in March, June, September or December
    YEAR = "year"


TO_THE_DAY = (Precision.HOUR, Precision.DAY)  # precisions with a known day


class Mobility(Code):
    DISPLACEMENT = "displacement"
    EVACUATION = "evacuation"
    PLANNED_RELOCATION = "planned_relocation"
    MIGRATION = "migration"
    UNABLE_TO_MOVE = "unable_to_move"


# People with one of these kinds of mobility are displaced. A planned relocation prevents or ends a displacement.
DISPLACED = (Mobility.DISPLACEMENT, Mobility.EVACUATION)


class Evacuation(Code):
    """The kind of an evacuation, by the timing in DELTA and in the words of IOM."""

    PRE_EMPTIVE = "pre_emptive"  # before the hazard began
    REACTIVE = "reactive"  # after the hazard began
    SPONTANEOUS = "spontaneous"  # without an order


class Movement(Code):
    """What happened to displaced people later, in the words of DTM and IDMC."""

    CONFIRMED_HERE = "confirmed_here"
    TRANSFERRED = "transferred"  # to another site within the same displacement
    DISPLACED_AGAIN = "displaced_again"  # people were forced to leave the new place: a new displacement
    RETURNED = "returned"
    SETTLED_ELSEWHERE = "settled_elsewhere"
    INTENDS_TO_STAY = "intends_to_stay"
    RELOCATED = "relocated"  # in a planned relocation
    LEFT_COUNTRY = "left_country"
    ENTERED_COUNTRY = "entered_country"
    DIED = "died"
    CONTACT_LOST = "contact_lost"
    EVACUATION_LIFTED = "evacuation_lifted"  # the return is presumed until a person confirms the return
    SOLUTION_ASSESSED = "solution_assessed"  # an assessment found no more needs because of the displacement


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
    """Why people moved.

    `shared/displacement_reasons.py` maps the reasons to broader ones and to DTM. `natural_disaster` is for sudden
    hazards, whose type is in the report. Each slow environmental change has its own reason. `environmental_degradation`
    is for a change whose kind is not stated.
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
    ECONOMIC = "economic"  # for work
    FAMILY = "family"
    EDUCATION = "education"
    HEALTH = "health"
    OTHER = "other"
    NOT_REPORTED = "not_reported"
