"""The codes of counts of displaced people."""

from shared.events.vocabulary.codes import Code


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
    """The unit in which the caller counts households. The report keeps the caller's unit."""

    FAMILIES = "families"  # a family (семья, үй-бүлө)
    YARDS = "yards"  # a yard (двор, түтүн), in which several families may live


class SourceType(Code):
    """The source of the number of people in a group's report."""

    COUNT = "count"
    KEY_INFORMANT = "key_informant"
    LOCAL_AUTHORITY = "local_authority"
    REGISTER = "register"
    MEDIA = "media"
    OTHER = "other"
    UNKNOWN = "unknown"
