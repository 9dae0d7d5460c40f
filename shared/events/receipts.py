"""The state of a report, as its author may see the state."""

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
    """Return the state.

    A duplicate also counts as "recorded", so that the author does not learn of another household.
    """
    if outcome in WAITING:
        return ReceiptState.UNDER_REVIEW
    if outcome == OutcomeKind.REJECTED and refusal_of(reason) is not RefusalReason.DUPLICATE:
        return ReceiptState.REFUSED
    return ReceiptState.RECORDED


def reason_of(outcome: str, reason: str | None) -> RefusalReason | MovementReason | None:
    """Return the reason if the author may know the reason.

    All other reasons are hidden, because they could reveal another household or another account.
    """
    if state_of(outcome, reason) is ReceiptState.REFUSED:
        return refusal_of(reason)
    if reason not in MOVEMENT_REASONS or outcome not in (OutcomeKind.HELD, OutcomeKind.NOTED):
        return None
    return MovementReason(reason)


def refusal_of(reason: str | None) -> RefusalReason:
    """Return the reason. An unknown code, for example of a newer release, becomes `UNSTATED`."""
    try:
        return RefusalReason(reason or "")
    except ValueError:
        return RefusalReason.UNSTATED
