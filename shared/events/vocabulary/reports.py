"""The codes of reports and of their outcomes."""

from shared.events.vocabulary.codes import Code


class SubmissionChannel(Code):
    """The channel of a report, which intake takes from the token."""

    FIELD = "field"
    API = "api"
    CONSOLE = "console"
    FEED = "feed"
    IMPORT = "import"
    SMS = "sms"
    OPENROSA = "openrosa"
    KOBO = "kobo"


class Flag(Code):
    """A notice of intake about an accepted report.

    `registrar_of_…` says at which level a registrar's area contains the report's place. The widest area decides.
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
    """The outcome of a record. The first reading of a record gives exactly one outcome."""

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

    Usually, a person refuses a held report. A movement with a short code that stays unknown is refused by the registry
    itself.
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
