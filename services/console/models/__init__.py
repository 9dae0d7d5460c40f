"""The console's tables. `record=` names an event model; the table then has a column for each field of this model."""

from services.console.models.accounts import Account, Enrolment, SavedFilter
from services.console.models.alerts import BoardAlert, BoardDelivery
from services.console.models.base import ConsoleModel
from services.console.models.callers import CalledReport, CallerReading, FirstArea, StoredCaller
from services.console.models.hazards import BoardHazard, BoardRelease, BoardRevision
from services.console.models.installation import Notice, StoredCheck
from services.console.models.key_figures import KeyFigurePart
from services.console.models.people import BoardGroup, BoardHousehold, BoardSite
from services.console.models.reports import LetterAssignment, ReportOutcome
from services.console.models.search import SearchChange, SearchEntry
from services.console.models.sign_ins import KnownBrowser, RecoveryCode, SecondFactor, SignIn
from shared.audit import AUDIT
from shared.messaging.models import CONSUMER_TABLES
from shared.postgres import models

__all__ = [
    "SHARED",
    "Account",
    "BoardAlert",
    "BoardDelivery",
    "BoardGroup",
    "BoardHazard",
    "BoardHousehold",
    "BoardRelease",
    "BoardRevision",
    "BoardSite",
    "CalledReport",
    "CallerReading",
    "ConsoleModel",
    "Enrolment",
    "FirstArea",
    "KeyFigurePart",
    "KnownBrowser",
    "LetterAssignment",
    "Notice",
    "RecoveryCode",
    "ReportOutcome",
    "SavedFilter",
    "SearchChange",
    "SearchEntry",
    "SecondFactor",
    "SignIn",
    "StoredCaller",
    "StoredCheck",
]

SHARED = (*CONSUMER_TABLES, AUDIT, models.INSTALLATION)
