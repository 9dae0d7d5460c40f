"""The routes for reports. They are raw ASGI: a body declared to FastAPI costs three times as much as the rest."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
from pydantic import TypeAdapter
from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from services.intake.channels import json_reports
from services.intake.channels.json_reports import REPORT_BYTES
from services.intake.clocks import authors_clock
from services.intake.drafting import Drafting, ReportSender, too_big
from services.intake.publication import REFUSED, Admission, Answer
from services.intake.reports import Draft, HazardDraft
from shared.auth.tokens import Principal
from shared.web.problems import Problem

_encode = msgspec.json.Encoder().encode
BATCH_BYTES = 2 * 1024 * 1024
RETRY_SECONDS = "5"
# The parts are version, trace id, parent id and flags. Neither id may be all zeros.
TRACEPARENT = re.compile(rb"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


@dataclass
class Intake:
    """The objects that the routes share."""

    admission: Admission
    drafting: Drafting

    @contextmanager
    def counting_refusals(self, principal: Principal) -> Iterator[None]:
        """Count a problem raised in the body as one refused report."""
        try:
            yield
        except Problem:
            self.admission.counts.add(principal.channel, REFUSED)
            raise


class SingleReportRoute:
    """`POST` of one report, validated by `adapter`."""

    def __init__(self, adapter: TypeAdapter[Any]) -> None:
        self.adapter = adapter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            status, content = await self.take(scope["app"].state.intake, scope, receive)
        except Problem as problem:
            await problem.response()(scope, receive, send)
        else:
            await respond(send, status, content)

    async def take(self, intake: Intake, scope: Scope, receive: Receive) -> tuple[int, bytes]:
        principal: Principal = scope["principal"]
        with intake.counting_refusals(principal):
            raw = await body(receive, REPORT_BYTES)
            draft = await intake.drafting.one(raw, self.adapter, sender(scope))
            answer = await intake.admission.take_one(draft)
            intake.admission.counts.note_ended(principal)
        return answer_to(draft, answer)


class BatchRoute:
    """`POST` of many reports of any kind. An invalid report does not affect the others."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            results = await self.take(scope["app"].state.intake, scope, receive)
        except Problem as problem:
            await problem.response()(scope, receive, send)
        else:
            await respond(send, 200, b'{"results":[%b]}' % b",".join(results))

    async def take(self, intake: Intake, scope: Scope, receive: Receive) -> list[bytes]:
        principal: Principal = scope["principal"]
        with intake.counting_refusals(principal):
            raw = await body(receive, BATCH_BYTES)
            taken = await intake.drafting.many(raw, sender(scope))
            drafts = [each for each in taken if not isinstance(each, Problem)]
            intake.admission.counts.add(principal.channel, REFUSED, len(taken) - len(drafts))
            answers = iter(await intake.admission.take(drafts))
            intake.admission.counts.note_ended(principal, len(drafts))
        return [to_json(each.content) if isinstance(each, Problem) else result(each, next(answers)) for each in taken]


async def ledger(request: Request) -> Response:
    """Admission counts since this process started."""
    admission: Admission = request.app.state.intake.admission
    spool = {"records": admission.spool.records, "bytes": admission.spool.bytes, "damaged": admission.spool.damaged}
    return JSONResponse({"service": "intake", "admission": admission.counts.shown(), "spool": spool})


def sender(scope: Scope) -> ReportSender:
    return ReportSender(scope["principal"], traceparent(scope), authors_clock(scope["headers"]))


def traceparent(scope: Scope) -> str | None:
    """The caller's W3C trace context for the record. A malformed header is ignored, as the standard says."""
    for name, value in scope["headers"]:
        if name == b"traceparent":
            return value.decode("ascii") if TRACEPARENT.fullmatch(value) else None
    return None


async def body(receive: Receive, limit: int) -> bytes:
    """Read the body up to the limit. Raises Problem."""
    chunks, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Problem(400, "cut-off", "The request ended before its body did.")
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise too_big("body", limit)
        chunks.append(chunk)
        if not message.get("more_body"):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


async def respond(send: Send, status: int, content: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(content))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})


def answer_to(draft: Draft, answer: Answer) -> tuple[int, bytes]:
    if answer in PROBLEMS:
        raise PROBLEMS[answer]()  # noqa: RSE102 - a new instance, because a raised exception keeps its traceback
    return 200 if answer is Answer.DUPLICATE else 202, told(draft, answer)


def result(draft: Draft, answer: Answer) -> bytes:
    if answer in PROBLEMS:
        problem = PROBLEMS[answer]().content
        return to_json(
            {"report_id": draft.report_id, "event_id": draft.event_id, "status": REFUSED, "problem": problem}
        )
    return told(draft, answer)


def told(draft: Draft, answer: Answer) -> bytes:
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
HOT = [
    Route("/v1/displacements", SingleReportRoute(json_reports.DISPLACEMENT), methods=["POST"]),
    Route("/v1/hazards", SingleReportRoute(json_reports.HAZARD), methods=["POST"]),
    Route("/v1/reports:batch", BatchRoute(), methods=["POST"]),
]
ROUTES = [*HOT, Route("/v1/ledger", ledger)]
