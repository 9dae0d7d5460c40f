"""Routes where authors read the receipts of their own reports.

For the report of another account, the answer is the same as for a missing report.
"""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import Field

from services.intake import receipt_queries, receipts
from services.intake.deduplication import Deduplication
from services.intake.receipts import Receipt
from shared.auth import tokens
from shared.auth.tokens import Principal
from shared.events.fields import Body, Data
from shared.postgres.database import Session
from shared.web.problems import Problem, dependency_unavailable

MOST = 100

router = APIRouter()
Caller = Annotated[Principal, Depends(tokens.current)]


class WantedReceipts(Body):
    report_ids: Annotated[list[UUID], Field(min_length=1, max_length=MOST)]


class Receipts(Data):
    """The receipts of the caller's own reports.

    Their order is undefined. A report without a known result has no receipt.
    """

    receipts: list[Receipt]


@router.get("/v1/receipts/{report_id}")
async def receipt(report_id: UUID, request: Request, session: Session, caller: Caller) -> Receipt:
    """The result of a report of the caller.

    The answer is 404 if the caller has no report with this id, or if the result of the report is not known.
    """
    [*receipts], is_complete = await _receipts(request, session, caller, [report_id])
    if receipts:
        return receipts[0]
    if not is_complete:
        raise dependency_unavailable()
    raise Problem(404, "no-such-report", "No result of such a report of this account is known.")


@router.post("/v1/receipts")
async def receipts_of(wanted: WantedReceipts, request: Request, session: Session, caller: Caller) -> Receipts:
    """The results of up to 100 reports of the caller."""
    receipts, _ = await _receipts(request, session, caller, wanted.report_ids)
    return Receipts(receipts=receipts)


async def _receipts(
    request: Request, session: Session, caller: Principal, report_ids: Sequence[UUID]
) -> tuple[list[Receipt], bool]:
    """Return the receipts. The second value is false if Valkey did not answer, so that receipts may be missing."""
    alerted = await receipt_queries.alerted(session, caller.account, report_ids)
    outcomes = await receipt_queries.newest_of(session, caller.account, report_ids)
    settled = [receipts.receipt_of(outcome, alerted) for outcome in outcomes]
    unsettled = set(report_ids) - {receipt.report_id for receipt in settled}
    deduplication: Deduplication = request.app.state.admission.publication.deduplication
    accepted = await deduplication.accepted(caller.account, unsettled)
    open_receipts = [receipts.received(report_id) for report_id in accepted or ()]
    return [*settled, *open_receipts], accepted is not None
