"""The routes by which a person reads a dead letter. The service's worker opens the letter.

If a person reads unusually many letters, administrators and auditors see a notice.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from shared.auth import tokens
from shared.auth.tokens import Principal
from shared.crypto.envelope_encryption import EnvelopeEncryption
from shared.events import TOPICS
from shared.events.topics import Sensitivity
from shared.messaging import decisions, ledger, letter_openings
from shared.messaging.letter_contents import pcodes, subjects
from shared.messaging.models import LetterOpening
from shared.pages import Pages
from shared.places import Places
from shared.postgres.database import Session
from shared.web import unusual_reads
from shared.web.problems import Problem
from shared.web.reads import check_purpose, note_read, refused
from shared.web.redrive_routes import PREFIXES, LetterName
from shared.web.unusual_reads import ENTRIES, Limit, read_at

MOST_AN_HOUR = 60
READ = read_at(
    *(f"GET /{service}/v1/dead-letters/openings/" for service in ("intake", "registry", "alerts", "console"))
)
LIMITS = (Limit("letters", "unusually many failed messages opened", ENTRIES, READ, MOST_AN_HOUR),)
Caller = Annotated[Principal, Depends(tokens.current)]


@dataclass(frozen=True, slots=True)
class LetterReading:
    """What the routes need. `pages` renders the notices, and `encryption` has the keys of the service's worker.

    `watch` is called after each read, and can watch limits other than the limit for letters.
    """

    pages: Pages
    places: Places
    encryption: EnvelopeEncryption
    watch: Callable[[AsyncSession, Principal], Awaitable[None]] | None = None


class WantedLetter(BaseModel):
    """The id with which the caller asks for the content."""

    opening_id: UUID


class OpenedLetter(BaseModel):
    """The content of a dead letter.

    While the worker looks for the letter, `is_ready` is false and all other fields are empty. `fields` are the record's
    fields. If the record has no fields, `text` is its text. `is_whole` is false if the sealed fields were not
    decrypted, or if the text is too long to be shown whole.
    """

    is_ready: bool
    reason: str | None = None
    pointer: str | None = None
    fields: dict[str, Any] | None = None
    text: str | None = None
    is_whole: bool = True


def routes(service: str) -> APIRouter:
    """Returns the routes. The app must have a `LetterReading` in `app.state.letter_reading`."""
    router, prefix = APIRouter(), PREFIXES.get(service, "")

    @router.post(f"{prefix}/v1/dead-letters:open", status_code=202)
    async def wanted(letter: LetterName, request: Request, session: Session, caller: Caller) -> WantedLetter:
        """Ask for the content. The caller must have stated a purpose, because a wrong field may name a person."""
        await check_purpose(request, caller)
        if await ledger.dead_letter(session, **letter.model_dump()) is None:
            raise Problem(404, "not-found", "This message is no longer stored for review.")
        opening = LetterOpening(decision_id=uuid4(), account=caller.account, reason="opened", **letter.model_dump())
        await decisions.write(session, opening)
        return WantedLetter(opening_id=opening.decision_id)

    @router.get(f"{prefix}/v1/dead-letters/openings/{{opening_id}}")
    async def content(opening_id: UUID, request: Request, session: Session, caller: Caller) -> OpenedLetter:
        """The content, which can be read only once.

        A caller who is limited to areas can read only letters that state a place in these areas.
        """
        reading: LetterReading = request.app.state.letter_reading
        await check_purpose(request, caller, opening_id)
        opening = await letter_openings.of_account(session, opening_id, caller.account)
        if opening is None:
            raise await absent(request, opening_id)
        if opening.carried_out_at is None:
            return OpenedLetter(is_ready=False)
        letter = await letter_openings.taken(session, reading.encryption, opening)
        if letter is None or not is_visible(opening.topic, letter["fields"], caller, reading.places):
            raise await absent(request, opening_id)
        # a damaged record has no ids, so the entry names the record by topic, partition and offset, as the ledger does
        name = f" {opening.topic}/{opening.partition}/{opening.offset}"
        await note_read(request, session, subjects(opening.topic, letter["fields"]) or [opening_id], about=name)
        await unusual_reads.watch(session, caller, LIMITS)
        if reading.watch is not None:
            await reading.watch(session, caller)
        return OpenedLetter(is_ready=True, **letter)

    @router.get(f"{prefix}/notices/letters", include_in_schema=False)
    async def notices(request: Request, session: Session) -> Response:
        """The part of a page about unusually many opened letters: one line for each account and hour."""
        reading: LetterReading = request.app.state.letter_reading
        unusual = await unusual_reads.unusual(session, datetime.now(UTC), LIMITS)
        return reading.pages.render(request, "letter-notices.html", unusual=unusual)

    return router


async def absent(request: Request, opening_id: UUID) -> Problem:
    await refused(request, "not-found", opening_id)
    return Problem(404, "not-found", "The message was not found, or it is not about people in your areas.")


def is_visible(topic: str, fields: dict[str, Any] | None, caller: Principal, places: Places) -> bool:
    """Returns True if the caller may read the letter.

    A record without a place is only for callers of the whole country.

    An event or alert also concerns a caller whose area is only a part of the event's place, as on the board.
    """
    if caller.covers_country:
        return True
    is_about_people = TOPICS[topic].sensitivity is Sensitivity.RESTRICTED
    holds = places.covers if is_about_people else places.concerns
    return any(holds(caller.areas, pcode) for pcode in pcodes(fields))
