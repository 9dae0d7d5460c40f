"""The page where a person states why household records must be opened, once per emergency and shift."""

from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from services.console.queries import accounts as queries
from services.console.sign_in import accounts, cookies
from services.console.state import console
from shared import audit
from shared.audit import Action
from shared.auth import tokens
from shared.postgres.database import Session
from shared.web.problems import unauthenticated

router = APIRouter(include_in_schema=False)

LONGEST_EMERGENCY = 100


class Purpose(StrEnum):
    SEARCH = "search_and_rescue"
    ASSISTANCE = "assistance"
    TRACING = "family_tracing"
    CHECKING = "checking"


@router.get("/purpose")
async def purpose_page(request: Request) -> Response:
    stated = tokens.current(request).purpose
    return console(request).pages.render(request, "purpose.html", stated=parts(stated), wrong=())


@router.post("/purpose")
async def state_purpose(
    request: Request, session: Session, purpose: Annotated[str, Form()] = "", emergency: Annotated[str, Form()] = ""
) -> Response:
    """Issues a new token for the same sign-in, with the purpose that the log states for each read of a record."""
    emergency = " ".join(emergency.split())
    if wrong := wrong_fields(purpose, emergency):
        return console(request).pages.render(
            request, "purpose.html", status=422, stated=(purpose, emergency), wrong=wrong
        )
    current, now = tokens.current(request), datetime.now(UTC)
    account = await queries.of_id(session, current.account)
    if account is None or not accounts.may_renew(account, current):
        raise unauthenticated()
    principal = replace(accounts.renewed(current, account, now), purpose=f"{purpose}: {emergency}")
    await audit.add(session, audit.entry_of(request, Action.PURPOSE_CHOSEN, reason=principal.purpose))
    response = RedirectResponse("/", 303)
    cookies.put(response, console(request).signer.sign(principal), principal, console(request).settings)
    return response


def wrong_fields(purpose: str, emergency: str) -> list[str]:
    is_emergency = 0 < len(emergency) <= LONGEST_EMERGENCY and emergency.isprintable()
    fields = {"purpose": purpose in list(Purpose), "emergency": is_emergency}
    return [name for name, is_right in fields.items() if not is_right]


def parts(stated: str | None) -> tuple[str, str]:
    """Splits a stated purpose, of the form "CODE: EMERGENCY", into the purpose's code and the emergency."""
    code, _, emergency = (stated or "").partition(": ")
    return (code, emergency) if code in list(Purpose) else ("", "")
