"""The page where people at the desk see their own reports and what became of them.

The browser itself reads the reports from intake.
"""

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.console.state import console
from shared.auth import tokens
from shared.auth.role_groups import CMC
from shared.events.receipts import ReceiptState
from shared.events.vocabulary import ReportKind, SubmissionChannel

router = APIRouter(include_in_schema=False)
CHANNELS = SubmissionChannel.CONSOLE, SubmissionChannel.IMPORT


@router.get("/my-reports")
async def own_reports_page(request: Request) -> Response:
    sends_hazards = not tokens.current(request).roles.isdisjoint(CMC)
    return console(request).pages.render(
        request,
        "my-reports.html",
        states=list(ReceiptState),
        kinds=[kind for kind in ReportKind if sends_hazards or kind is not ReportKind.HAZARD],
        channels=CHANNELS,
    )
