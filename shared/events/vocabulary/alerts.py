"""The codes of alerts and of the messages about them."""

from shared.events.vocabulary.codes import Code


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
    ACTION = "action"  # nothing but the acknowledgement was done, or the snooze is over
    CLOSURE = "closure"  # a confirmed alert or work in progress, but the hazard was cancelled or expired


class DeliveryChannel(Code):
    WEBHOOK = "webhook"
    EMAIL = "email"
    TELEGRAM = "telegram"
    SMS = "sms"
