"""Routes by which a person reads a dead letter about displaced people. The registry's worker decrypts the letter."""

from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from services.registry import openings
from services.registry.letters import openings as letter_openings
from services.registry.letters.contents import pcodes
from services.registry.models import LetterOpening
from services.registry.routes import at_hand
from services.registry.visibility import Visibility
from shared.auth import tokens
from shared.auth.tokens import Principal
from shared.messaging import decisions, ledger
from shared.postgres.database import Session
from shared.web.problems import Problem
from shared.web.reads import check_purpose, note_read, refused
from shared.web.redrive_routes import LetterName

router = APIRouter()
Caller = Annotated[Principal, Depends(tokens.current)]
# the ids in these fields are written to the security log
SUBJECTS = ("household_id", "group_id", "site_id", "report_id")


class WantedLetter(BaseModel):
    """The id by which the caller asks for the content."""

    opening_id: UUID


class OpenedLetter(BaseModel):
    """The content of a dead letter.

    While the worker looks for the letter, `is_ready` is false and all other fields are empty. `fields` are the record's
    fields. If the record has no fields, `text` is its text. `is_whole` is false if the sealed fields could not be
    decrypted, or if the text is too long to be shown whole.
    """

    is_ready: bool
    reason: str | None = None
    pointer: str | None = None
    fields: dict[str, Any] | None = None
    text: str | None = None
    is_whole: bool = True


@router.post("/v1/dead-letters:open", status_code=202)
async def wanted(letter: LetterName, request: Request, session: Session, caller: Caller) -> WantedLetter:
    """Ask for the content. As for the page of a household, the caller must have stated a purpose."""
    await check_purpose(request, caller)
    if await ledger.dead_letter(session, **letter.model_dump()) is None:
        raise Problem(404, "not-found", "This message is no longer stored for review.")
    opening = LetterOpening(decision_id=uuid4(), account=caller.account, reason="opened", **letter.model_dump())
    await decisions.write(session, opening)
    return WantedLetter(opening_id=opening.decision_id)


@router.get("/v1/dead-letters/openings/{opening_id}")
async def content(opening_id: UUID, request: Request, session: Session, caller: Caller) -> OpenedLetter:
    """The content, which can be read only once.

    A caller who is limited to areas can read only letters that state a place in these areas.
    """
    encryption, visibility = at_hand(request, caller)
    await check_purpose(request, caller, opening_id)
    opening = await letter_openings.of_account(session, opening_id, caller.account)
    if opening is None:
        raise await absent(request, opening_id)
    if opening.carried_out_at is None:
        return OpenedLetter(is_ready=False)
    letter = await letter_openings.taken(session, encryption, opening)
    if letter is None or not is_visible(letter["fields"], visibility):
        raise await absent(request, opening_id)
    await note_read(request, session, subjects(letter["fields"]) or [opening_id])
    await openings.watch(session, caller)
    return OpenedLetter(is_ready=True, **letter)


async def absent(request: Request, opening_id: UUID) -> Problem:
    await refused(request, "not-found", opening_id)
    return Problem(404, "not-found", "The message was not found, or it is not about people in your areas.")


def is_visible(fields: dict[str, Any] | None, visibility: Visibility) -> bool:
    return visibility.pcodes is None or not set(visibility.pcodes).isdisjoint(pcodes(fields))


def subjects(fields: dict[str, Any] | None) -> list[UUID]:
    """The ids of the subject and of the report. Ids that are missing or invalid are left out."""
    found = []
    for name in SUBJECTS:
        try:
            found.append(UUID(str((fields or {}).get(name))))
        except ValueError:
            continue
    return found
