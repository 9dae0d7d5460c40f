"""The state of a report that its author may know. Pure."""

from enum import StrEnum

from shared.events.vocabulary import OutcomeKind, RefusalReason


class ReceiptState(StrEnum):
    RECEIVED = "received"  # intake has accepted the report, and there is no outcome yet
    RECORDED = "recorded"
    UNDER_REVIEW = "under_review"
    REFUSED = "refused"


WAITING = (OutcomeKind.HELD, OutcomeKind.SET_ASIDE)


def state_of(outcome: str, reason: str | None) -> ReceiptState:
    """The state that the author sees. A duplicate is "recorded", so that the author learns of no other household."""
    if outcome in WAITING:
        return ReceiptState.UNDER_REVIEW
    if outcome == OutcomeKind.REJECTED and refusal_of(reason) is not RefusalReason.DUPLICATE:
        return ReceiptState.REFUSED
    return ReceiptState.RECORDED


def refusal_of(reason: str | None) -> RefusalReason:
    """The reason of a refusal; `UNSTATED` for an unknown code, which a newer release may have written."""
    try:
        return RefusalReason(reason or "")
    except ValueError:
        return RefusalReason.UNSTATED
