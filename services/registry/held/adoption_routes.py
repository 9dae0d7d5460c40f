"""Routes for reports that were accepted under another household: list the acceptances, reverse them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from pydantic_core import from_json

from services.registry.held import adoption_queries
from services.registry.held.waiting_routes import SHOWN
from services.registry.routes import Caller
from services.registry.visibility import visibility_of
from shared import audit
from shared.audit import Action, Result
from shared.events.fields import Body
from shared.events.vocabulary import ReportKind
from shared.postgres.database import Session
from shared.web.reads import note_read

router = APIRouter()
MOST = 100


class WhyReversed(StrEnum):
    """Why an acceptance under a household is reversed."""

    ASKED = "asked"
    DOCUMENTS = "documents"  # the documents show two households
    MISTAKE = "mistake"  # the person had meant another household


class AdoptedReport(BaseModel):
    """A report that was accepted under another household. If `is_open` is true, the reversal waits for the worker."""

    decision_id: UUID
    household_id: UUID
    report_id: UUID
    kind: ReportKind
    author: UUID
    account: UUID
    decided_at: datetime
    is_later: bool
    is_open: bool
    clear: dict[str, Any]


class AdoptedPage(BaseModel):
    """The newest acceptances that can be reversed."""

    adopted: list[AdoptedReport]


class AdoptionReversals(Body):
    decision_ids: Annotated[list[UUID], Field(min_length=1, max_length=MOST)]
    reason: WhyReversed


class ChangedAdoptions(BaseModel):
    """The acceptances that the request reverses.

    The other requested acceptances are unknown, were reversed earlier, or have changed meanwhile.
    """

    ids: list[UUID]


@router.get("/v1/held:adopted")
async def adopted(request: Request, session: Session, caller: Caller) -> AdoptedPage:
    """The reports that were accepted under another household in the caller's areas."""
    rows = await adoption_queries.adopted(session, visibility_of(caller, request.app.state.places))
    if rows:
        await note_read(request, session, sorted({row["household_id"] for row in rows}))
    return AdoptedPage(adopted=[shown(row) for row in rows])


@router.post("/v1/held:reverse")
async def reverse(body: AdoptionReversals, request: Request, session: Session, caller: Caller) -> ChangedAdoptions:
    """Reverse acceptances. Each accepted report is held again, and the report that it replaced is valid again."""
    await adoption_queries.lock(session)
    visibility = visibility_of(caller, request.app.state.places)
    rows = await adoption_queries.adopted(session, visibility, body.decision_ids)
    adoptions = [row for row in rows if not row["is_open"]]
    ids = [row["decision_id"] for row in adoptions]
    await adoption_queries.reverse(session, ids, account=caller.account, reason=body.reason)
    objects = [row[name] for row in adoptions for name in ("household_id", "report_id")]
    entries = (
        [audit.entry_of(request, Action.ACCEPTANCE_REVERSED, objects=objects, reason=body.reason)] if adoptions else []
    )
    if others := sorted({*body.decision_ids} - {*ids}):
        refused = {"result": Result.REFUSED, "objects": others, "reason": "not-found"}
        entries.append(audit.entry_of(request, Action.ACCEPTANCE_REVERSED, **refused))
    await audit.add(session, *entries)
    return ChangedAdoptions(ids=ids)


def shown(row: Any) -> AdoptedReport:
    clear = from_json(row["clear"])
    return AdoptedReport.model_validate({**row, "clear": {name: clear[name] for name in SHOWN if name in clear}})
