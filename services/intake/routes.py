"""The routes for reports are raw ASGI, because FastAPI alone would take longer than all of intake's own work."""

import asyncio
from collections.abc import Iterable

from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT

from services.intake import set_aside
from services.intake.admission import Admission, Admitted
from services.intake.answers import answer_to, problem_of, result
from services.intake.channels import sealed_reports
from services.intake.channels.formats import BatchFormat, SealedFormat, SingleFormat
from services.intake.channels.paths import FORMATS
from services.intake.clocks import authors_clock
from services.intake.drafting import SMALL_BYTES, Drafting, ReportSender
from services.intake.drafts import HazardDraft
from services.intake.publication import Answer
from services.intake.refusals import CutOff, ReportRefused, TooBig
from shared import audit
from shared.audit import Action
from shared.events.vocabulary import MsgType
from shared.web.problems import Problem

SHOWN = 200
RELEASES = {
    MsgType.ALERT: Action.HAZARD_RELEASED,
    MsgType.UPDATE: Action.HAZARD_RELEASED,
    MsgType.CANCEL: Action.RELEASE_WITHDRAWN,
}
RELEASED = (Answer.ACCEPTED, Answer.SPOOLED, Answer.DUPLICATE)


class SingleReportRoute:
    def __init__(self, format: SingleFormat) -> None:
        self.format = format

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            status, content = await self.answer(scope["app"].state.admission, scope, receive)
        except Problem as problem:
            await problem.response()(scope, receive, send)
        except ReportRefused as refusal:
            await problem_of(refusal).response()(scope, receive, send)
        else:
            await respond(send, status, content)

    async def answer(self, admission: Admission, scope: Scope, receive: Receive) -> tuple[int, bytes]:
        with admission.counting_refusals(scope["principal"]):
            raw = await body(receive, self.format.body_bytes, admission.drafting)
            draft, answer = await admission.admit(raw, self.format, sender(scope))
        await note_releases(scope, [(draft, answer)])
        return answer_to(draft, answer)


class SealedReportRoute(SingleReportRoute):
    """Decrypts the report in memory, and then admits the report as usual."""

    def __init__(self, format: SealedFormat) -> None:
        super().__init__(format.opened)
        self.sealed_bytes = format.body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await super().__call__(scope, receive, naming_key(send, scope["app"].state.phone_keys.newest_id))

    async def answer(self, admission: Admission, scope: Scope, receive: Receive) -> tuple[int, bytes]:
        with admission.counting_refusals(scope["principal"]):
            sealed = await body(receive, self.sealed_bytes, admission.drafting)
            raw = await self.opened(sealed, admission.drafting, scope)
            draft, answer = await admission.admit(raw, self.format, sender(scope))
        return answer_to(draft, answer)

    async def opened(self, sealed: bytes, drafting: Drafting, scope: Scope) -> bytes:
        given = sealed, scope["app"].state.phone_keys, scope["principal"]
        if len(sealed) <= SMALL_BYTES:
            return sealed_reports.opened(*given)
        async with drafting.turn_on_the_loop():  # decrypting the largest report takes about 5 ms
            return sealed_reports.opened(*given)


class BatchRoute:
    """Answers each report of the body separately."""

    def __init__(self, format: BatchFormat) -> None:
        self.format = format

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            results = await self.results(scope["app"].state.admission, scope, receive)
        except ReportRefused as refusal:
            await problem_of(refusal).response()(scope, receive, send)
        else:
            await respond(send, 200, b'{"results":[%b]}' % b",".join(results))

    async def results(self, admission: Admission, scope: Scope, receive: Receive) -> list[bytes]:
        with admission.counting_refusals(scope["principal"]):
            raw = await body(receive, self.format.body_bytes, admission.drafting)
            items = await admission.admit_batch(raw, self.format, sender(scope))
        await note_releases(scope, [item for item in items if not isinstance(item, ReportRefused)])
        return [result(item) for item in items]


async def note_releases(scope: Scope, admitted: Iterable[Admitted]) -> None:
    """Write the accepted releases to the security log.

    Only this log names the account that released the hazard. A spooled release has the reason `spooled`, because the
    release is published later, or set aside. A copy of a release gets an entry with the reason `duplicate`. The first
    entry can be missing if the process ended after the broker's ack.
    """
    released = [
        (draft.event, answer)
        for draft, answer in admitted
        if answer in RELEASED and isinstance(draft, HazardDraft) and draft.event.is_release
    ]
    if released:
        entries = [
            audit.entry_of(
                HTTPConnection(scope),
                RELEASES[event.msg_type],
                objects=[event.hazard_id, event.report_id],
                reason=None if answer is Answer.ACCEPTED else answer.value,
            )
            for event, answer in released
        ]
        await audit.write(scope["app"].state.sessions, *entries)


async def ledger(request: Request) -> Response:
    admission: Admission = request.app.state.admission
    spool = admission.publication.spool
    return JSONResponse(
        {
            "service": "intake",
            "admission": admission.counts.shown(),
            "spool": {"records": spool.records, "bytes": spool.bytes, "damaged": spool.damaged},
        }
    )


async def unpublished(request: Request) -> Response:
    root = request.app.state.settings.spool_folder
    records = await asyncio.to_thread(lambda: set_aside.newest(root, most=SHOWN))
    shown = [
        {
            "name": record.name,
            "reason": record.reason,
            "received_at": record.received_at and record.received_at.isoformat(),
        }
        for record in records
    ]
    return JSONResponse({"set_aside": shown})


def sender(scope: Scope) -> ReportSender:
    return ReportSender(scope["principal"], authors_clock(scope["headers"]))


async def body(receive: Receive, limit: int, drafting: Drafting) -> bytes:
    """Raises ReportRefused if the body exceeds the limit.

    After a large chunk, a request waits for its turn on the event loop. Without turns, one iteration of the event loop
    could read large chunks of all connections, and delay all other tasks.
    """
    chunks, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise CutOff
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise TooBig("body", limit)
        chunks.append(chunk)
        if not message.get("more_body"):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)
        if len(chunk) > HIGH_WATER_LIMIT:
            async with drafting.turn_on_the_loop():
                pass


async def respond(send: Send, status: int, content: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(content))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})


def naming_key(send: Send, key_id: str) -> Send:
    """Add the id of the newest phone key to the answer. A phone with an older key then requests the new key."""

    async def named(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], (b"dayar-phone-key", key_id.encode())]
        await send(message)

    return named


def route(path: str, format: SingleFormat | SealedFormat | BatchFormat) -> Route:
    return Route(path, endpoint(format), methods=["POST"])


def endpoint(format: SingleFormat | SealedFormat | BatchFormat) -> SingleReportRoute | BatchRoute:
    match format:
        case SingleFormat():
            return SingleReportRoute(format)
        case SealedFormat():
            return SealedReportRoute(format)
        case BatchFormat():
            return BatchRoute(format)


HOT = [route(path, format) for path, format in FORMATS.items()]
ROUTES = [*HOT, Route("/v1/ledger", ledger), Route("/v1/set-aside", unpublished)]
