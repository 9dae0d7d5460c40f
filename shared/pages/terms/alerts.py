"""The words that pages show for the codes of alerts."""

from collections.abc import Mapping

from shared.events.vocabulary import Closer, DeliveryChannel, Demand, Validity, Verdict, Verification, Work
from shared.pages.terms.translatable import N_

TERMS: Mapping[str, Mapping[str, str]] = {
    "verdict": {
        Verdict.CONFIRMED: N_("Confirmed"),
        Verdict.FALSE_ALARM: N_("False alarm"),
        Verdict.DUPLICATE: N_("Duplicate"),
        Verdict.EXPIRED: N_("Expired"),
        Verdict.CANCELLED: N_("Cancelled"),
        Verdict.DOWNGRADED: N_("Downgraded"),
    },
    "verification": {
        Verification.UNVERIFIED: N_("Not verified"),
        Verification.CONFIRMED: N_("Confirmed"),
        Verification.FALSE_ALARM: N_("False alarm"),
        Verification.DUPLICATE: N_("Duplicate"),
    },
    "work": {
        Work.UNACKNOWLEDGED: N_("Not acknowledged"),
        Work.ACKNOWLEDGED: N_("Acknowledged"),
        Work.IN_PROGRESS: N_("In progress"),
        Work.CLOSED: N_("Closed"),
        Work.REOPENED: N_("Reopened"),
    },
    "validity": {
        Validity.IN_FORCE: N_("In force"),
        Validity.CANCELLED: N_("Cancelled"),
        Validity.EXPIRED: N_("Expired"),
        Validity.DOWNGRADED: N_("Downgraded"),
    },
    "deed": {
        "acknowledged": N_("Acknowledged"),
        "unacknowledged": N_("Acknowledgement taken back"),
        "confirmed": N_("Confirmed"),
        "progressed": N_("In progress"),
        "commented": N_("Comment"),
        "snoozed": N_("Snoozed"),
        "resolved": N_("Closed"),
        "reopened": N_("Reopened"),
    },
    "demand": {
        Demand.ACKNOWLEDGEMENT: N_("Acknowledge"),
        Demand.ACTION: N_("Nothing was done since it was acknowledged"),
        Demand.CLOSURE: N_("The source takes it back: close it?"),
    },
    "closer": {
        Closer.PERSON: N_("by a person"),
        Closer.SOURCE: N_("cancelled by its source"),
        Closer.TIME: N_("expired"),
        Closer.RULE: N_("no longer meets an alert rule"),
    },
    "receiver_kind": {"person": N_("Person"), "post": N_("Post"), "system": N_("System")},
    "weekday": {
        "Mon": N_("Monday"),
        "Tue": N_("Tuesday"),
        "Wed": N_("Wednesday"),
        "Thu": N_("Thursday"),
        "Fri": N_("Friday"),
        "Sat": N_("Saturday"),
        "Sun": N_("Sunday"),
    },
    "channel": {
        DeliveryChannel.WEBHOOK: N_("webhook"),
        DeliveryChannel.EMAIL: N_("e-mail"),
        DeliveryChannel.TELEGRAM: N_("Telegram"),
        DeliveryChannel.SMS: N_("SMS"),
    },
}
