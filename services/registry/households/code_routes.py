"""The route that draws a short code for a household without a code."""

from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.routes import Caller, at_hand, opened
from services.registry.search.renewal import SearchRenewal
from services.registry.storage import Store
from shared import audit
from shared.audit import Action
from shared.auth.tokens import Principal
from shared.events.vocabulary import ReportKind
from shared.postgres.database import Session
from shared.web.reads import note_read

router = APIRouter()


class ShortCodeView(BaseModel):
    short_code: str


@router.post("/v1/households/{household_id}/short-code")
async def draw_code(household_id: UUID, request: Request, session: Session, caller: Caller) -> ShortCodeView:
    """Draw a short code for a household of the caller's areas.

    If the household already has a code, answer with this code.
    """
    household = await opened(household_id, request, session, caller)
    code: str | None = household["sealed"].get("short_code")
    if code is None:
        code, is_new = await drawn(household_id, request, session, caller)
        if is_new:
            await audit.add(session, audit.entry_of(request, Action.SHORT_CODE_DRAWN, objects=[household_id]))
            return ShortCodeView(short_code=code)
    await note_read(request, session, [household_id])
    return ShortCodeView(short_code=code)


async def drawn(household_id: UUID, request: Request, session: AsyncSession, caller: Principal) -> tuple[str, bool]:
    """The flag is true if the code is new.

    A new code is stored under the household's lock, together with new search keys of the household.
    """
    state, (encryption, _) = request.app.state, at_hand(request, caller)
    store = Store(session, encryption, state.search, state.places)
    name = (ReportKind.HOUSEHOLD.value, str(household_id))
    subject = (await store.open_at({name}, [])).subjects[name]
    subject.draw_code()
    if subject.is_code_new:
        await store.keep_codes([subject])
        renewal = SearchRenewal(state.sessions, encryption, state.search, state.places)
        await renewal.replace(session, [household_id], [subject])
    return min(subject.short_codes), subject.is_code_new
