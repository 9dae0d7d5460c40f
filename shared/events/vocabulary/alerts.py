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
    """What closed an alert: a person, the source, the time, or a rule."""

    PERSON = "person"
    SOURCE = "source"  # the source cancelled the hazard
    TIME = "time"  # the hazard has expired
    RULE = "rule"  # a revision no longer meets an alert rule


class Verification(Code):
    """The result of a person's check whether the alert is true."""

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
    """Whether the hazard of the alert is still in force."""

    IN_FORCE = "in_force"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    DOWNGRADED = "downgraded"


class Demand(Code):
    """The action that an operator must take now."""

    ACKNOWLEDGEMENT = "acknowledgement"
    ACTION = "action"  # after the acknowledgement nothing has been done, or a snooze has ended
    CLOSURE = "closure"  # the alert is confirmed or in progress, but its hazard was cancelled or has expired


class DeliveryChannel(Code):
    WEBHOOK = "webhook"
    EMAIL = "email"
    TELEGRAM = "telegram"
    SMS = "sms"
