"""Serves the routes to which the SMS gateway posts people's messages, and receipts for Dayar's messages."""

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from starlette.background import BackgroundTask
from starlette.responses import JSONResponse, Response

from services.alerts.config import AlertsSettings
from services.alerts.sms import calls, inbound
from services.alerts.sms.answering import SmsAnswering
from services.alerts.sms.calls import NotReadable
from services.alerts.sms.combined_replies import CombinedReply
from services.alerts.sms.profiles import GatewayInbound, GatewayRequest
from services.alerts.sms.receipts import SmsReceipts
from shared import log
from shared.config import secret
from shared.web.concurrency import address_of
from shared.web.problems import Problem
from shared.web.rates import RateLimit

SHORTEST_SECRET = 16
RETRY_SECONDS = 5

router = APIRouter(include_in_schema=False)


class GatewayLimits:
    def __init__(self) -> None:
        self.calls = RateLimit(per_second=50, burst=200)
        self.wrong_secrets = RateLimit(per_second=0.1, burst=10)


@router.post("/v1/sms/inbound")
async def take(request: Request) -> Response:
    """Acts on a message once, even if the gateway repeats the message.

    The person gets an answer after the gateway has got its response.
    """
    profile: GatewayInbound | None = request.app.state.sms_inbound
    if profile is None:
        raise nothing_expected()
    fields = await fields_of(request, profile)
    try:
        message = inbound.message_of(fields, profile)
    except NotReadable:
        expected = f"A {profile.body} body is expected, with {profile.number}, {profile.text} and {profile.id}."
        raise Problem(422, "invalid", expected) from None
    answering: SmsAnswering = request.app.state.sms_answering
    now, sessions = datetime.now(UTC), request.app.state.sessions
    async with sessions.begin() as session:
        handled = await answering.handle(session, message, now)
    answer = await answering.acknowledge(handled, sessions, now) if isinstance(handled, CombinedReply) else handled
    sending = None if answer is None else BackgroundTask(answering.send, answer, sessions)
    return JSONResponse({"status": "taken"}, background=sending)


@router.post("/v1/sms/receipts")
async def take_receipts(request: Request) -> Response:
    """A request has one receipt or several.

    A repeated or unknown receipt gets the same answer as a new one, so that the gateway does not send it again.
    """
    receipts: SmsReceipts | None = request.app.state.sms_receipts
    if receipts is None:
        raise nothing_expected()
    fields = await fields_of(request, receipts.pushed)
    try:
        taken = receipts.receipts_of(fields)
    except NotReadable:
        log.get().warning("sms receipt refused", reason="unreadable")
        raise Problem(422, "invalid", receipts.expected) from None
    async with request.app.state.sessions.begin() as session:
        await receipts.take(session, taken, datetime.now(UTC))
    return JSONResponse({"status": "taken"})


async def fields_of(request: Request, profile: GatewayRequest) -> Any:
    """Returns None if the body cannot be read. Raises a Problem if the gateway's secret is missing or wrong."""
    limits: GatewayLimits = request.app.state.sms_limits
    address, known = address_of(request.scope), secret_of(request.app.state.settings)
    if known is None:
        raise nothing_expected()
    if not limits.calls.permits(address):
        raise too_often()
    try:
        fields = calls.fields_of(await request.body(), profile)
    except NotReadable:
        fields = None
    if not calls.has_secret(profile, request.headers, fields, known):
        if not limits.wrong_secrets.permits(address):
            raise too_often()
        log.get().warning("sms refused", reason="wrong_secret")
        raise Problem(403, "forbidden", "The secret of the gateway is expected, as the profile says.")
    return fields


def nothing_expected() -> Problem:
    return Problem(404, "not-found", "This installation expects nothing from an SMS gateway here.")


def too_often() -> Problem:
    return Problem(429, "too-often", "Fewer requests are expected.", headers={"retry-after": str(RETRY_SECONDS)})


def secret_of(settings: AlertsSettings) -> str | None:
    """Returns None if the secret is not configured, or is too short."""
    try:
        known = secret(settings.alerts_sms_inbound_secret_file)
    except (OSError, UnicodeDecodeError):
        return None
    return known if known and len(known) >= SHORTEST_SECRET else None
