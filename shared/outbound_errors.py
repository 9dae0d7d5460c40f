"""Errors of outbound calls."""


class OutboundError(Exception):
    """The call brought no usable answer. `reason` is the code of the cause."""

    reason = "failed"


class AddressRefused(OutboundError):
    """The address may not be called from this installation."""

    reason = "refused_address"


class OutsideExercise(AddressRefused):
    """An installation for exercises may call only its own machine."""

    reason = "exercise"


class Unreachable(OutboundError):
    """There was no connection, or the connection broke before the answer was complete."""

    reason = "unreachable"


class TimedOut(OutboundError):
    """The answer was not complete in time."""

    reason = "timed_out"


class AnswerTooBig(OutboundError):
    """The answer exceeded its size limit."""

    reason = "answer_too_big"
