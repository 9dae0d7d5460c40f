"""Routes for the held reports that wait for a person: list, open, accept, refuse, assign."""

from collections.abc import Collection
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field, model_validator
from pydantic_core import from_json
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry import openings
from services.registry.duplicates.duplicates import DuplicateReason, OpenedHousehold
from services.registry.duplicates.routes import duplicates_of
from services.registry.held import waiting
from services.registry.held.persons import persons
from services.registry.held.queries import ACCEPTABLE, ADOPTABLE, OF_HOUSEHOLDS, WAITS
from services.registry.held.waiting import HeldQuery
from services.registry.routes import at_hand
from services.registry.visibility import visibility_of
from shared import audit
from shared.audit import Action, Result
from shared.auth import tokens
from shared.auth.tokens import Principal
from shared.events.fields import Body
from shared.events.vocabulary import Flag, RefusalReason, ReportKind, Status, SubmissionChannel
from shared.postgres.database import Session
from shared.web import cursors
from shared.web.problems import Problem
from shared.web.reads import check_purpose, note_read, refused

router = APIRouter()
Caller = Annotated[Principal, Depends(tokens.current)]
MOST = 500
MOST_SIMILAR = 5
Ids = Annotated[list[UUID], Field(min_length=1, max_length=MOST)]
SHOWN = (
    "persons",
    "origin",
    "destination",
    "occurred_at",
    "occurred_at_precision",
    "movement",
    "mobility",
    "is_reversed",
    "is_full_recount",
    "is_urgent",
)


class HeldReport(BaseModel):
    """A held report without personal data. `clear` has the report's unencrypted fields about people, places and time.

    If `is_acceptable` is true, the caller may accept the report. If `is_elsewhere` is true, only a person of the area
    where the people are registered may accept the report. If `waits` is true, the registry judges the report again when
    another report comes. If `is_acceptable`, `is_elsewhere` and `waits` are false, the author must send a correction.
    `subject_pcode` is the place where the people are registered, because most movements state no place. `subject_pcode`
    is None if the people are registered outside the caller's areas. If `is_adoptable` is true, the caller may accept
    the report as a report about another household that is registered.
    """

    outcome_id: UUID
    report_id: UUID
    version: int
    kind: ReportKind
    status: Status
    reason: str
    received_at: datetime
    author: UUID
    team: UUID | None
    channel: SubmissionChannel
    flags: tuple[Flag, ...]
    assignee: UUID | None
    is_acceptable: bool
    is_adoptable: bool
    is_elsewhere: bool
    waits: bool
    subject_pcode: str | None
    clear: dict[str, Any]


class HeldReason(BaseModel):
    reason: str
    reports: int
    oldest: datetime


class HeldPage(BaseModel):
    """One page of the undecided held reports in the caller's areas, and the number of undecided reports by reason.

    Urgent reports come first, and of equally urgent reports the oldest comes first.
    """

    reasons: list[HeldReason]
    reports: list[HeldReport]
    next: str | None = None


class SimilarHousehold(BaseModel):
    """A registered household in the caller's areas that the report probably describes."""

    household_id: UUID
    reasons: tuple[DuplicateReason, ...]


class OpenedReport(BaseModel):
    """A held report with all its fields. The fields have the same names as in the report.

    `households` are registered households with the same persons, the strongest reason first.
    """

    outcome_id: UUID
    report: dict[str, Any]
    households: list[SimilarHousehold]


class HeldPersonsView(BaseModel):
    """The persons displaced in the country, in held reports about households and groups that are not registered yet.

    The two numbers must not be added, because both numbers may include the same people.
    """

    in_households: int
    in_groups: int


class HeldDecisions(Body):
    """A decision about held reports. `refusal` is the reason of a refusal, which the authors can read.

    If `household_id` is given, one report is accepted as a report about this registered household. If `is_later` is
    false, the report replaces the household's current report. If `is_later` is true, the report becomes a later
    displacement of the household and replaces no report.
    """

    outcome_ids: Ids
    is_accepted: bool
    refusal: RefusalReason | None = None
    household_id: UUID | None = None
    is_later: bool = False

    @model_validator(mode="after")
    def refusal_fits(self) -> "HeldDecisions":
        if self.is_accepted == (self.refusal is not None):
            raise ValueError("`refusal` is expected if, and only if, the reports are not accepted")
        return self

    @model_validator(mode="after")
    def household_fits(self) -> "HeldDecisions":
        if self.household_id and not (self.is_accepted and len(self.outcome_ids) == 1):
            raise ValueError("`household_id` is expected only if one report is accepted")
        if self.is_later and not self.household_id:
            raise ValueError("`is_later` is expected only with `household_id`")
        return self


class Assignment(Body):
    """An assignment of held reports. If `account` is None, the reports are assigned to nobody."""

    outcome_ids: Ids
    account: UUID | None


class ChangedHeldReports(BaseModel):
    """The reports that the request changed.

    The other requested reports are decided, cannot be accepted, or are not visible to the caller.
    """

    outcome_ids: list[UUID]


@router.get("/v1/held")
async def held_reports(
    request: Request,
    session: Session,
    caller: Caller,
    reason: Annotated[str | None, Query(pattern="^[a-z_]{1,40}$")] = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
) -> HeldPage:
    visibility = visibility_of(caller, request.app.state.places)
    rows = await waiting.page(session, HeldQuery(visibility, limit, reason, cursors.decoded(cursor)))
    await note_read(request, session, list(dict.fromkeys(row["subject_id"] for row in rows)))
    return HeldPage(
        reasons=[HeldReason.model_validate(dict(row)) for row in await waiting.by_reason(session, visibility)],
        reports=[shown(row) for row in rows],
        next=cursors.encoded(rows[-1]["listed_at"], rows[-1]["outcome_id"]) if len(rows) == limit else None,
    )


@router.get("/v1/held:persons")
async def held_persons(request: Request, session: Session, caller: Caller) -> HeldPersonsView:
    visibility, status = visibility_of(caller, request.app.state.places), request.app.state.settings.counted_status
    counted = await persons(session, visibility, status)
    return HeldPersonsView(in_households=counted.in_households, in_groups=counted.in_groups)


@router.get("/v1/held/{outcome_id}")
async def opened(outcome_id: UUID, request: Request, session: Session, caller: Caller) -> OpenedReport:
    """The whole report.

    The caller must have stated a purpose, as for the page of a household. The security log records the request.
    """
    encryption, visibility = at_hand(request, caller)
    await check_purpose(request, caller, outcome_id)
    report = await waiting.opened(session, encryption, outcome_id, visibility)
    if report is None:
        await refused(request, "not-found", outcome_id)
        raise Problem(404, "not-found", "No report is held under this id.")
    await note_read(request, session, [report["subject_id"]])
    similar = await similar_households(report, request, session, caller)
    await openings.watch(session, caller)
    return OpenedReport(outcome_id=outcome_id, report=report["report"], households=similar)


async def similar_households(
    report: dict[str, Any], request: Request, session: AsyncSession, caller: Principal
) -> list[SimilarHousehold]:
    if report["kind"] != ReportKind.HOUSEHOLD:
        return []
    duplicates = await duplicates_of(household_of(report), request, session, caller)
    return [
        SimilarHousehold(household_id=alike.household["household_id"], reasons=tuple(alike.reasons))
        for alike in duplicates.duplicates[:MOST_SIMILAR]
    ]


def household_of(report: dict[str, Any]) -> OpenedHousehold:
    content = report["report"]
    pcodes = {f"{side}_pcode": content[side].get("pcode") for side in ("origin", "destination")}
    members = content.get("members", [])
    return {"household_id": report["subject_id"], "sealed": content, "members": members, **pcodes}


@router.post("/v1/held:decide")
async def decide(body: HeldDecisions, request: Request, session: Session, caller: Caller) -> ChangedHeldReports:
    """Accept or refuse held reports. The registry's worker executes the decisions within seconds."""
    visibility = visibility_of(caller, request.app.state.places)
    because = str(body.refusal or "accepted")
    decision = {"account": caller.account, "reason": because, "is_accepted": body.is_accepted, "refusal": body.refusal}
    if body.household_id:
        decision |= {"household_id": body.household_id, "is_later": body.is_later}
    decided = await waiting.decide(session, body.outcome_ids, visibility, **decision)
    action = Action.HELD_ACCEPTED if body.is_accepted else Action.HELD_REFUSED
    under = [body.household_id] if body.household_id else []
    await note(request, session, action, body.outcome_ids, changed=decided, reason=body.refusal, besides=under)
    return ChangedHeldReports(outcome_ids=decided)


@router.post("/v1/held:assign")
async def assign(body: Assignment, request: Request, session: Session, caller: Caller) -> ChangedHeldReports:
    """Assign held reports to a person who decides about them, or to nobody."""
    visibility = visibility_of(caller, request.app.state.places)
    assigned = await waiting.assign(session, body.outcome_ids, visibility, account=body.account, by=caller.account)
    assignee = str(body.account or "nobody")
    await note(request, session, Action.HELD_ASSIGNED, body.outcome_ids, changed=assigned, reason=assignee)
    return ChangedHeldReports(outcome_ids=assigned)


async def note(
    request: Request,
    session: Session,
    action: Action,
    outcome_ids: Collection[UUID],
    *,
    changed: Collection[UUID],
    reason: str | None,
    besides: Collection[UUID] = (),
) -> None:
    """The security log names the people of the changed reports.

    If a report is accepted under another household, the log names this household (`besides`), too. The log names the
    ids without a change, because the caller may have guessed ids.
    """
    entries = []
    if changed:
        objects = [*await waiting.subjects(session, changed), *besides]
        entries.append(audit.entry_of(request, action, objects=objects, reason=reason))
    if refused := sorted(set(outcome_ids) - set(changed)):
        entries.append(audit.entry_of(request, action, result=Result.REFUSED, objects=refused, reason="not-found"))
    await audit.add(session, *entries)


def shown(row: Any) -> HeldReport:
    clear = from_json(row["clear"])
    return HeldReport.model_validate(
        {
            **row,
            "is_acceptable": row["reason"] in ACCEPTABLE and row["is_in_area"],
            "is_adoptable": row["kind"] in OF_HOUSEHOLDS and row["reason"] in ADOPTABLE and row["is_in_area"],
            "is_elsewhere": not row["is_in_area"],
            "waits": row["reason"] in WAITS,
            "subject_pcode": row["household_pcode"] if row["is_in_area"] else None,
            "clear": {name: clear[name] for name in SHOWN if name in clear},
        }
    )
