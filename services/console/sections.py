"""The sections of the board's list of alerts."""

from enum import StrEnum


class Section(StrEnum):
    """The board's sections of alerts. Each alert is in one section.

    All sections except the last are for open alerts.
    """

    WAITING = "waiting"
    UNSEEN = "unseen"  # Severe or Extreme, and ended before an acknowledgement
    ACKNOWLEDGED = "acknowledged"
    IN_PROGRESS = "in_progress"
    CLOSED = "closed"


UNACKNOWLEDGED = (Section.WAITING, Section.UNSEEN)
