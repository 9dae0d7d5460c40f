"""Routes for a page of households, one decrypted household, and its history.

Callers may see only households in their areas.
"""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict
from pydantic_core import from_json
from starlette.responses import Response

from services.registry import openings, queries
from services.registry.queries import HouseholdQuery
from services.registry.visibility import Visibility, visibility_of, within
from shared.auth import tokens
from shared.auth.tokens import Principal
from shared.crypto.envelope_encryption import EnvelopeEncryption
from shared.events.fields import PCode
from shared.events.receipts import ReceiptState, refusal_of, state_of
from shared.events.vocabulary import (
    HazardType,
    Mobility,
    OutcomeKind,
    Precision,
    Reason,
    ReportKind,
    Status,
    SubmissionChannel,
)
from shared.pages import Pages
from shared.places import Places
from shared.postgres.database import Session
from shared.web import cursors
from shared.web.problems import Problem
from shared.web.reads import check_purpose, note_read, refused

router = APIRouter()
Caller = Annotated[Principal, Depends(tokens.current)]
OUTCOMES = {
    ReceiptState.RECORDED: OutcomeKind.RECORDED,
    ReceiptState.UNDER_REVIEW: OutcomeKind.HELD,
    ReceiptState.REFUSED: OutcomeKind.REJECTED,
}


class HouseholdSummary(BaseModel):
    """The unencrypted fields of a household. Movements after the displacement do not change `destination`.

    `unconfirmed_since` is the time at which somebody last confirmed the place of the displaced people.
    `unconfirmed_since` is null if the last confirmation is newer than 24 hours (evacuation) or 30 days (all others). If
    `is_return_presumed` is true, the evacuation of displaced people was lifted, and nobody has confirmed since then
    where they are.
    """

    model_config = ConfigDict(from_attributes=True)

    household_id: UUID
    status: Status
    report_id: UUID
    version: int
    sequence: int
    author: UUID
    team: UUID | None
    persons: int
    displaced: int
    is_urgent: bool
    occurred_at: datetime
    occurred_at_precision: Precision
    mobility: Mobility
    origin_pcode: str | None
    origin_country: str | None
    destination_pcode: str | None
    destination_country: str | None
    current_pcode: str | None
    current_country: str | None
    unconfirmed_since: datetime | None
    is_return_presumed: bool
    reasons: tuple[Reason, ...]
    hazard_type: HazardType | None
    hazard_id: UUID | None
    registered_at: datetime
    changed_at: datetime


class HouseholdPage(BaseModel):
    households: list[HouseholdSummary]
    next: str | None = None


class HouseholdView(HouseholdSummary):
    """A household with its decrypted fields.

    The fields in `details` and `members` have the same names as in the report.
    """

    details: dict[str, Any]
    members: list[dict[str, Any]]


class OwnReport(BaseModel):
    """An author's own report, with the result that the receipt shows."""

    household_id: UUID
    status: Status
    report_id: UUID
    version: int
    outcome: OutcomeKind
    reason: str | None
    report: dict[str, Any]


class Version(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    report_id: UUID
    version: int
    kind: ReportKind
    status: Status
    author: UUID
    team: UUID | None
    channel: SubmissionChannel
    received_at: datetime
    places_version: str | None
    flags: tuple[str, ...]
    outcome: OutcomeKind
    reason: str | None
    report: dict[str, Any]


class History(BaseModel):
    household_id: UUID
    versions: list[Version]


@router.get("/v1/households")
async def households(
    request: Request,
    session: Session,
    caller: Caller,
    area: PCode | None = None,
    status: Status | None = None,
    is_urgent: bool | None = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> HouseholdPage:
    """Households, the latest change first.

    If the P-code `area` is given, only households that are in this unit now are listed.
    """
    places: Places = request.app.state.places
    query = HouseholdQuery(
        visibility_of(caller, places),
        limit,
        status=status,
        within=within(area, places) if area else None,
        is_urgent=is_urgent,
        after=cursors.decoded(cursor),
    )
    rows = await queries.page(session, query)
    await note_read(request, session, [row["household_id"] for row in rows])
    return HouseholdPage(
        households=[HouseholdSummary.model_validate(dict(row)) for row in rows],
        next=cursors.encoded(rows[-1]["changed_at"], rows[-1]["household_id"]) if len(rows) == limit else None,
    )


@router.get("/v1/households/{household_id}")
async def household(
    household_id: UUID, request: Request, session: Session, caller: Caller
) -> HouseholdView | OwnReport:
    """The decrypted household for callers of its area.

    Callers who may read only their own reports get their own report about the household. If they sent no report about
    the household, they get 404.
    """
    encryption, visibility = at_hand(request, caller)
    if visibility.author is not None:
        return await own_report(household_id, request, session, caller, encryption)
    stored = await opened(household_id, request, session, caller)
    await note_read(request, session, [household_id])
    await openings.watch(session, caller)
    return HouseholdView.model_validate({**stored, "details": stored["sealed"]})


async def own_report(
    household_id: UUID, request: Request, session: Session, caller: Principal, encryption: EnvelopeEncryption
) -> OwnReport:
    report = await queries.own_report(session, encryption, household_id, caller.account)
    if report is None:
        raise await missing(request, household_id)
    await note_read(request, session, [household_id])
    return OwnReport.model_validate({**for_author(report, caller), "household_id": household_id})


@router.get("/v1/households/{household_id}/history")
async def history(household_id: UUID, request: Request, session: Session, caller: Caller) -> History:
    """All versions of all reports on the household and its movements.

    An author sees only their own reports, with the results that the receipts show.
    """
    encryption, visibility = at_hand(request, caller)
    if visibility.author is None:
        await opened(household_id, request, session, caller)
    versions = await queries.history(session, encryption, household_id, visibility.author)
    if not versions:
        raise await missing(request, household_id)
    if visibility.author is not None:
        versions = [for_author(version, caller) for version in versions]
    await note_read(request, session, [household_id])
    await openings.watch(session, caller)
    return History(household_id=household_id, versions=[Version.model_validate(version) for version in versions])


def for_author(version: dict[str, Any], author: Principal) -> dict[str, Any]:
    """The part of a version that the report's author may read.

    Only the results in receipts are shown, because other outcomes may reveal other households and teams. A report from
    a phone is shown without its sealed fields, because a stranger may find a phone that is signed in.
    """
    is_of_phone = SubmissionChannel.FIELD in (version["channel"], author.channel)
    state, reason = state_of(version["outcome"], version["reason"]), refusal_of(version["reason"])
    return {
        **version,
        "report": from_json(version["clear"]) if is_of_phone else version["report"],
        "outcome": OUTCOMES[state],
        "reason": reason if state is ReceiptState.REFUSED else None,
    }


@router.get("/notices", include_in_schema=False)
async def notices(request: Request, session: Session) -> Response:
    """The part of a page about unusually frequent reading: one line for each account, hour and kind of the last day."""
    unusual = await openings.unusual(session, datetime.now(UTC))
    pages: Pages = request.app.state.pages
    return pages.render(request, "notices.html", unusual=unusual)


def at_hand(request: Request, caller: Principal) -> tuple[EnvelopeEncryption, Visibility]:
    return request.app.state.encryption, visibility_of(caller, request.app.state.places)


async def opened(household_id: UUID, request: Request, session: Session, caller: Principal) -> dict[str, Any]:
    """Raises Problem if the caller has stated no purpose, or may not see the household."""
    encryption, visibility = at_hand(request, caller)
    await check_purpose(request, caller, household_id)
    household = await queries.household(session, encryption, household_id, visibility)
    if household is None:
        raise await missing(request, household_id)
    return household


async def missing(request: Request, record_id: UUID, *, title: str = "There is no such household.") -> Problem:
    """The request is written to the security log."""
    await refused(request, "not-found", record_id)
    return Problem(404, "not-found", title)
