"""The sections of the board's list of alerts."""

from enum import StrEnum


class Section(StrEnum):
    """The board shows each alert in one section. The first four sections are for open alerts."""

    WAITING = "waiting"
    UNSEEN = "unseen"  # a Severe or Extreme alert ended before anybody acknowledged it
    ACKNOWLEDGED = "acknowledged"
    IN_PROGRESS = "in_progress"
    CLOSED = "closed"


UNACKNOWLEDGED = (Section.WAITING, Section.UNSEEN)
