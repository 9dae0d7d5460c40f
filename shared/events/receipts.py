"""The state of a report that its author may know. Pure."""

from enum import StrEnum

from shared.events.vocabulary import OutcomeKind, RefusalReason


class ReceiptState(StrEnum):
    RECEIVED = "received"  # intake accepted the report; it has no outcome yet
    RECORDED = "recorded"
    UNDER_REVIEW = "under_review"
    REFUSED = "refused"


WAITING = (OutcomeKind.HELD, OutcomeKind.SET_ASIDE)


def state_of(outcome: str, reason: str | None) -> ReceiptState:
    """The state for the author. A duplicate has the state "recorded", because nobody may learn of another household."""
    if outcome in WAITING:
        return ReceiptState.UNDER_REVIEW
    if outcome == OutcomeKind.REJECTED and refusal_of(reason) is not RefusalReason.DUPLICATE:
        return ReceiptState.REFUSED
    return ReceiptState.RECORDED


def refusal_of(reason: str | None) -> RefusalReason:
    """The reason of a refusal. A code of a newer release counts as no stated reason."""
    try:
        return RefusalReason(reason or "")
    except ValueError:
        return RefusalReason.UNSTATED
