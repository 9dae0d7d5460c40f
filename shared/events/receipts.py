"""The state of a report that its author may know."""

from enum import StrEnum

from shared.events.vocabulary import MovementReason, OutcomeKind, RefusalReason


class ReceiptState(StrEnum):
    RECEIVED = "received"  # there is no outcome yet
    RECORDED = "recorded"
    UNDER_REVIEW = "under_review"
    REFUSED = "refused"


WAITING = (OutcomeKind.HELD, OutcomeKind.SET_ASIDE)
NOT_ACCEPTED = (*WAITING, OutcomeKind.REJECTED)
MOVEMENT_REASONS = frozenset(MovementReason)


def state_of(outcome: str, reason: str | None) -> ReceiptState:
    """A duplicate is "recorded", so that the author learns of no other household."""
    if outcome in WAITING:
        return ReceiptState.UNDER_REVIEW
    if outcome == OutcomeKind.REJECTED and refusal_of(reason) is not RefusalReason.DUPLICATE:
        return ReceiptState.REFUSED
    return ReceiptState.RECORDED


def reason_of(outcome: str, reason: str | None) -> RefusalReason | MovementReason | None:
    """Other reasons are not told to the author, because they may reveal another household or another account."""
    if state_of(outcome, reason) is ReceiptState.REFUSED:
        return refusal_of(reason)
    if reason not in MOVEMENT_REASONS or outcome not in (OutcomeKind.HELD, OutcomeKind.NOTED):
        return None
    return MovementReason(reason)


def refusal_of(reason: str | None) -> RefusalReason:
    """Returns `UNSTATED` for an unknown code, which a newer release may have written."""
    try:
        return RefusalReason(reason or "")
    except ValueError:
        return RefusalReason.UNSTATED
