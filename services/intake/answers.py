"""Intake answers an accepted report with the result as JSON, and a refused report with a problem (RFC 9457)."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec
from pydantic_core import to_json

from services.intake.admission import Admitted
from services.intake.counts import REFUSED
from services.intake.drafts import Draft, HazardDraft
from services.intake.publication import Answer
from services.intake.refusals import (
    CutOff,
    ForeignEvent,
    ForeignReport,
    ForeignSource,
    Invalid,
    MayNotRelease,
    NoSuchPhoneKey,
    ReportRefused,
    SignInExpired,
    TooBig,
    TooMany,
)
from shared.web.problems import Problem, unauthenticated

_encode = msgspec.json.Encoder().encode
RETRY_SECONDS = "5"


def answer_to(draft: Draft, answer: Answer) -> tuple[int, bytes]:
    if answer in PROBLEMS:
        raise PROBLEMS[answer]()  # noqa: RSE102 - a new instance, because a raised exception keeps its traceback
    return 200 if answer is Answer.DUPLICATE else 202, accepted(draft, answer)


def result(item: Admitted | ReportRefused) -> bytes:
    if isinstance(item, ReportRefused):
        return to_json(problem_of(item).content)
    draft, answer = item
    if answer in PROBLEMS:
        problem = PROBLEMS[answer]().content
        return to_json(
            {"report_id": draft.report_id, "event_id": draft.event_id, "status": REFUSED, "problem": problem}
        )
    return accepted(draft, answer)


def accepted(draft: Draft, answer: Answer) -> bytes:
    hazard_id = draft.event.hazard_id if isinstance(draft, HazardDraft) else None
    return _encode(ReportResult(draft.report_id, draft.event_id, answer, hazard_id))


class ReportResult(msgspec.Struct, omit_defaults=True, gc=False):
    """The answer to an accepted report, as JSON."""

    report_id: str
    event_id: str
    status: Answer
    hazard_id: UUID | None = None


def conflict() -> Problem:
    return Problem(
        409,
        "conflict",
        "This report number and version were already used for different content; a correction has the next version.",
    )


def full() -> Problem:
    return Problem(
        503, "full", "Nothing more can be kept until the broker is back.", headers={"retry-after": RETRY_SECONDS}
    )


PROBLEMS = {Answer.CONFLICT: conflict, Answer.FULL: full}


def problem_of(refusal: ReportRefused) -> Problem:
    return REFUSALS[type(refusal)](refusal)


def invalid(refusal: Invalid) -> Problem:
    return Problem(422, "invalid", "Check the listed fields.", errors=refusal.errors)


def too_big(refusal: TooBig) -> Problem:
    return Problem(413, "too-big", f"A {refusal.what} of at most {refusal.limit} bytes is expected.")


def too_many(refusal: TooMany) -> Problem:
    return Problem(413, "too-many-reports", f"Up to {refusal.limit} reports a batch are expected.")


NO_SUCH_PHONE_KEY = "The report is sealed to a key that does not exist here. Keep it, and ask the centre."
FOREIGN_REPORT = "Only a phone sends sealed reports, signed in to the account that wrote them."
FOREIGN_EVENT = "Only who entered this event, or a duty head, may correct or cancel it."
REFUSALS: dict[type[ReportRefused], Callable[[Any], Problem]] = {
    Invalid: invalid,
    TooBig: too_big,
    TooMany: too_many,
    NoSuchPhoneKey: lambda _: Problem(422, "no-such-phone-key", NO_SUCH_PHONE_KEY),
    CutOff: lambda _: Problem(400, "cut-off", "The request ended before its body did."),
    SignInExpired: lambda _: unauthenticated(),
    ForeignReport: lambda _: Problem(403, "not-your-report", FOREIGN_REPORT),
    ForeignSource: lambda _: Problem(403, "not-your-source", "This account does not report for that source."),
    ForeignEvent: lambda _: Problem(403, "not-your-event", FOREIGN_EVENT),
    MayNotRelease: lambda _: Problem(403, "may-not-release", "Only an operator or a duty head releases an event."),
}
