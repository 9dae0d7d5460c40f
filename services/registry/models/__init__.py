"""The registry's tables.

The tables have no foreign keys, because a check takes time, and each household has only one writer. The columns named
`sealed` contain the personal data, encrypted with the key of the household or group.
"""

from services.registry.models.base import RegistryModel
from services.registry.models.events import EventAnswer, EventAssignment
from services.registry.models.figures import (
    ASSESSMENT_NAMES,
    CHANGED_NAMES,
    DIMENSION_NAMES,
    FIGURE_AGES,
    FIGURE_NUMBERS,
    DataVersion,
)
from services.registry.models.groups import (
    CountAssignment,
    CountComparison,
    CountDecision,
    CountRenewal,
    Group,
    GroupCount,
    GroupKey,
    GroupStay,
)
from services.registry.models.held import (
    Adoption,
    AdoptionReversal,
    HeldAssignment,
    HeldDecision,
    HeldStock,
    UnpublishedHeldPeople,
)
from services.registry.models.households import Household, HouseholdKey, Member
from services.registry.models.movements import Episode, HouseholdPassage, HouseholdStay
from services.registry.models.places import PlaceAssignment, PlaceDecision
from services.registry.models.reads import PersonalDataRead
from services.registry.models.reports import CODE, CODE_CHARACTERS, DigestKey, Report
from services.registry.models.search_keys import UNCOMPARED, DuplicatePair, DuplicateReview, HouseholdSearchKeys
from services.registry.models.sites import (
    HouseholdSite,
    HouseholdSiteKey,
    ResidentSum,
    Site,
    SiteKey,
    SitePassage,
    SiteReportKey,
    SiteResident,
    UnjudgedHousehold,
)
from shared.audit import AUDIT
from shared.messaging.models import CONSUMER_TABLES
from shared.postgres import models

__all__ = [
    "ASSESSMENT_NAMES",
    "CHANGED_NAMES",
    "CODE",
    "CODE_CHARACTERS",
    "DIMENSION_NAMES",
    "FIGURE_AGES",
    "FIGURE_NUMBERS",
    "SHARED",
    "UNCOMPARED",
    "Adoption",
    "AdoptionReversal",
    "CountAssignment",
    "CountComparison",
    "CountDecision",
    "CountRenewal",
    "DataVersion",
    "DigestKey",
    "DuplicatePair",
    "DuplicateReview",
    "Episode",
    "EventAnswer",
    "EventAssignment",
    "Group",
    "GroupCount",
    "GroupKey",
    "GroupStay",
    "HeldAssignment",
    "HeldDecision",
    "HeldStock",
    "Household",
    "HouseholdKey",
    "HouseholdPassage",
    "HouseholdSearchKeys",
    "HouseholdSite",
    "HouseholdSiteKey",
    "HouseholdStay",
    "Member",
    "PersonalDataRead",
    "PlaceAssignment",
    "PlaceDecision",
    "RegistryModel",
    "Report",
    "ResidentSum",
    "Site",
    "SiteKey",
    "SitePassage",
    "SiteReportKey",
    "SiteResident",
    "UnjudgedHousehold",
    "UnpublishedHeldPeople",
]

SHARED = (*CONSUMER_TABLES, AUDIT, models.INSTALLATION)
