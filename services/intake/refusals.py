"""The reasons why a report, or a body of reports, is not accepted."""

from collections.abc import Sequence

REPORT_BYTES = 256 * 1024


class ReportRefused(Exception):
    """A report or a body of reports is not accepted."""


class Invalid(ReportRefused):
    """Fields are wrong. Each entry has a field's JSON pointer and what was expected, but never the value."""

    def __init__(self, errors: Sequence[dict[str, str]]) -> None:
        super().__init__()
        self.errors = errors


class TooBig(ReportRefused):
    """A report (alone or in a batch), or a whole body, exceeds its size limit."""

    def __init__(self, what: str = "report", limit: int = REPORT_BYTES) -> None:
        super().__init__()
        self.what, self.limit = what, limit


class NoSuchPhoneKey(ReportRefused):
    """A phone sealed the report to a key that intake does not have.

    The key was destroyed, or is not yet restored from a backup.
    """


class ForeignReport(ReportRefused):
    """A phone sealed the report for another account, or the sender is no phone."""


class TooMany(ReportRefused):
    """A batch has more reports than allowed."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit


class CutOff(ReportRefused):
    """The request ended before its body was complete."""


class SignInExpired(ReportRefused):
    """A hazard is not accepted with an expired sign-in, because a hazard cannot be held until a person decides."""


class ForeignSource(ReportRefused):
    """The account does not report for this source."""


class ForeignEvent(ReportRefused):
    """Another person entered this event, and the account is no duty head."""


class MayNotRelease(ReportRefused):
    """Only operators and duty heads release hazards to the public."""
