"""The HTTP route to which the SMS gateway hands over the messages that people send."""

from datetime import UTC, datetime

from fastapi import APIRouter, Request
from starlette.background import BackgroundTask
from starlette.responses import JSONResponse, Response

from services.alerts.config import AlertsSettings
from services.alerts.sms import inbound
from services.alerts.sms.answering import SmsAnswering
from services.alerts.sms.inbound import NotReadable
from services.alerts.sms.profiles import GatewayInbound
from shared import log
from shared.config import secret
from shared.web.problems import Problem

SHORTEST_SECRET = 16

router = APIRouter(include_in_schema=False)


@router.post("/v1/sms/inbound")
async def take(request: Request) -> Response:
    """Acts on the message once, also if the gateway repeats it. The person's answer is sent after the response."""
    profile: GatewayInbound | None = request.app.state.sms_inbound
    known = secret_of(request.app.state.settings) if profile else None
    if profile is None or known is None:
        raise Problem(404, "not-found", "This installation takes no SMS.")
    try:
        fields = inbound.fields_of(await request.body(), profile)
    except NotReadable:
        fields = None
    if not inbound.has_secret(profile, request.headers, fields, known):
        log.get().warning("sms refused", reason="wrong_secret")
        raise Problem(403, "forbidden", "The secret of the gateway is expected, as the profile says.")
    try:
        message = inbound.message_of(fields, profile)
    except NotReadable:
        expected = f"A {profile.body} body is expected, with {profile.number}, {profile.text} and {profile.id}."
        raise Problem(422, "invalid", expected) from None
    answering: SmsAnswering = request.app.state.sms_answering
    async with request.app.state.sessions.begin() as session:
        answer = await answering.handle(session, message, datetime.now(UTC))
    sending = None if answer is None else BackgroundTask(answering.send, answer)
    return JSONResponse({"status": "taken"}, background=sending)


def secret_of(settings: AlertsSettings) -> str | None:
    """The secret that the gateway sends, or None if there is none or if it is too short."""
    try:
        known = secret(settings.alerts_sms_inbound_secret_file)
    except (OSError, UnicodeDecodeError):
        return None
    return known if known and len(known) >= SHORTEST_SECRET else None
