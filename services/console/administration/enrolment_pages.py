"""The page of an enrolment link, for setting the account's password without a sign-in.

The token is in the fragment of the address, because browsers do not send fragments to servers.
"""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from services.console.administration import enrolments
from services.console.sign_in import passwords
from services.console.sign_in import routes as signin
from services.console.state import console
from shared.postgres.database import Session

router = APIRouter(include_in_schema=False)
Token = Annotated[str, Form(max_length=enrolments.LONGEST_TOKEN)]


@router.get("/enrolment")
async def opening_page(request: Request) -> Response:
    return console(request).pages.render(request, "enrolment.html", name="", token="", failure=None)


@router.post("/enrolment")
async def enrol(
    request: Request,
    session: Session,
    token: Token = "",
    new: signin.Password = "",
    again: signin.Password = "",
) -> Response:
    """Ends all earlier sign-ins of the account, and signs the person in."""
    signin.own_page(request)
    async with request.app.state.sessions() as reading:
        account = await enrolments.account_of(reading, token, datetime.now(UTC))
    if account is None:
        return shown(request, failure="invalid", status=404)
    if not new:
        return shown(request, account.name, token)
    if new != again:
        return shown(request, account.name, token, failure="differ", status=422)
    try:
        await passwords.check_new(new, account.name)
    except passwords.WeakPassword:
        return shown(request, account.name, token, failure="weak", status=422)
    password_hash, now = await passwords.hashed(new), datetime.now(UTC)
    # another request may have used the link while this request hashed the password
    taken = await enrolments.take(session, token, now)
    if taken is None:
        return shown(request, failure="invalid", status=404)
    await signin.set_password(request, session, taken, password_hash, now, reason="by-link")
    return await signin.entered(request, session, taken, "/")


def shown(
    request: Request, name: str = "", token: str = "", *, failure: str | None = None, status: int = 200
) -> Response:
    return console(request).pages.render(
        request, "enrolment.html", status=status, name=name, token=token, failure=failure
    )
