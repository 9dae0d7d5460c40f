"""The alerts service's tables.

If a table's class names a dataclass as `record`, each field of the dataclass becomes a column.
"""

from services.alerts.models.alerts import Act, AlertRow
from services.alerts.models.base import AlertsModel
from services.alerts.models.bindings import Binding, BindingCode, BindingTries
from services.alerts.models.budgets import BudgetLift
from services.alerts.models.deliveries import AttemptRow, Delivery, NotificationOmissions
from services.alerts.models.duty_numbers import CallRow, DutyNumberRow
from services.alerts.models.exposures import AlertedReportRow, Exposure, HazardChange
from services.alerts.models.groups import CountedGroupRow, ReplacedCount, SiteResidents, SiteRow
from services.alerts.models.hazards import Hazard, HazardRevision
from services.alerts.models.held import HeldPeopleRow
from services.alerts.models.households import DepartureCount, DepartureRow, HouseholdRow, ResidentCount
from services.alerts.models.message_templates import MessageTemplateRow
from services.alerts.models.policies import PolicyRow
from services.alerts.models.presences import ActingAccount, BoardPresence, DisabledAccount
from services.alerts.models.receivers import ContactRow, ReceiverRow, RemovedReceiver
from services.alerts.models.rosters import OverrideRow, RosterRow
from services.alerts.models.shift_handovers import ShiftHandoverRow
from services.alerts.models.silences import SilenceRow
from services.alerts.models.sms import EarlySmsReceipt, SmsCode, SmsMessage, SmsPart, SmsReply
from services.alerts.models.telegram import TelegramMessage, TelegramPoll, TelegramQuestion
from shared.audit import AUDIT
from shared.messaging.models import CONSUMER_TABLES
from shared.postgres import models

__all__ = [
    "SHARED",
    "Act",
    "ActingAccount",
    "AlertRow",
    "AlertedReportRow",
    "AlertsModel",
    "AttemptRow",
    "Binding",
    "BindingCode",
    "BindingTries",
    "BoardPresence",
    "BudgetLift",
    "CallRow",
    "ContactRow",
    "CountedGroupRow",
    "Delivery",
    "DepartureCount",
    "DepartureRow",
    "DisabledAccount",
    "DutyNumberRow",
    "EarlySmsReceipt",
    "Exposure",
    "Hazard",
    "HazardChange",
    "HazardRevision",
    "HeldPeopleRow",
    "HouseholdRow",
    "MessageTemplateRow",
    "NotificationOmissions",
    "OverrideRow",
    "PolicyRow",
    "ReceiverRow",
    "RemovedReceiver",
    "ReplacedCount",
    "ResidentCount",
    "RosterRow",
    "ShiftHandoverRow",
    "SilenceRow",
    "SiteResidents",
    "SiteRow",
    "SmsCode",
    "SmsMessage",
    "SmsPart",
    "SmsReply",
    "TelegramMessage",
    "TelegramPoll",
    "TelegramQuestion",
]

SHARED = (*CONSUMER_TABLES, AUDIT, models.INSTALLATION)
