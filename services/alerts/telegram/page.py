"""Serves the page on which people bind their accounts, to acknowledge alerts in Telegram or by SMS."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from services.alerts.acts import bindings
from services.alerts.acts.bindings import BoundPerson
from services.alerts.queries import telegram_polls as poll_queries
from services.alerts.receivers.secrets import WebhookSecrets
from shared import audit
from shared.audit import Action
from shared.auth import tokens
from shared.auth.tokens import Principal
from shared.events.vocabulary import DeliveryChannel
from shared.postgres.database import Session

TELEGRAM, SMS = DeliveryChannel.TELEGRAM, DeliveryChannel.SMS

router = APIRouter(include_in_schema=False)
Caller = Annotated[Principal, Depends(tokens.current)]


@router.get("/telegram")
async def telegram_page(request: Request, session: Session, caller: Caller) -> Response:
    return await shown(request, session, caller)


@router.post("/telegram")
async def draw_code(request: Request, session: Session, caller: Caller) -> Response:
    """Shows a new code once. Makes an earlier code invalid."""
    box: WebhookSecrets = request.app.state.box
    code = await bindings.draw_code(session, box, TELEGRAM, person_of(caller), datetime.now(UTC))
    return await shown(request, session, caller, code)


@router.post("/telegram/end")
async def unbind(request: Request, session: Session, caller: Caller) -> Response:
    """Ends the bindings in both channels, because each of them permits replies by SMS."""
    ended = [await bindings.unbind(session, channel, caller.account) for channel in (TELEGRAM, SMS)]
    if any(ended):
        await audit.add(session, audit.entry_of(request, Action.UNBOUND, objects=[caller.account]))
    return RedirectResponse("/alerts/telegram", 303)


@router.post("/telegram/sms")
async def bind_sms(request: Request, session: Session, caller: Caller) -> Response:
    """Permits replies by SMS with the rights of this sign-in.

    The person may reply from every number of a receiver with this account.
    """
    await bindings.bind_account(session, SMS, person_of(caller), datetime.now(UTC))
    await audit.add(session, audit.entry_of(request, Action.BOUND, objects=[caller.account], reason="sms"))
    return RedirectResponse("/alerts/telegram", 303)


async def shown(request: Request, session: Session, caller: Principal, code: str | None = None) -> Response:
    page: Response = request.app.state.pages.render(
        request,
        "telegram.html",
        bound=await bindings.of_account(session, TELEGRAM, caller.account),
        bot=await poll_queries.newest(session),
        code=code,
        takes_sms=request.app.state.sms_inbound is not None,
        sms=await bindings.of_account(session, SMS, caller.account),
    )
    return page


def person_of(caller: Principal) -> BoundPerson:
    """The binding ends if the caller's sign-in is revoked."""
    began_at = datetime.fromtimestamp(caller.signed_in_at or caller.issued_at, UTC)
    return BoundPerson(caller.account, caller.name, caller.roles, caller.areas, began_at)
