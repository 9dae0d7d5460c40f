"""Serves the pages of rosters: who is on duty in the next two weeks, and forms for overrides and calendars."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request
from starlette.datastructures import UploadFile
from starlette.responses import RedirectResponse, Response

from services.alerts.queries import rosters as roster_queries
from services.alerts.receivers import subscriptions
from services.alerts.rosters import calendars, reports, tables
from services.alerts.rosters.calendars import InvalidCalendar, ReadCalendar
from services.alerts.rosters.duty import REPORTED, Gap, Overlap, Shift, current_and_next, duty, shifts_from
from services.alerts.rosters.forms import NOT_KNOWN, OverrideForm
from services.alerts.rosters.rosters import (
    LONGEST_OVERRIDE,
    LONGEST_REASON,
    MOST_OVERRIDES,
    Override,
    Roster,
    are_too_many,
    roster_id,
)
from shared import audit
from shared.audit import Action
from shared.pages import Pages, language_of
from shared.pages.terms import N_
from shared.pages.typed_forms import Fault, expected_by_field, typed_of
from shared.postgres.database import Session
from shared.web.problems import Problem

router = APIRouter(include_in_schema=False)
OverrideId = Annotated[int, Path(ge=1, lt=2**63)]
HOME = "/alerts/rosters"
MOST_FINDINGS = 20
TOO_MANY = N_("There are %(most)s overrides already, and there can be no more. Remove one of them first.")
SAVED = N_("Saved.")
IMPORTED = N_("Imported: %(count)s. Events that have ended and are left out: %(past)s.")
REMOVED = N_("Removed overrides whose events were cancelled or have ended: %(count)s.")
NOT_IMPORTED = N_("Nothing was imported: %(reason)s.")
DISABLED = N_(
    "The calendar puts these people on duty, but their accounts are disabled: %(names)s. They do not count as on duty. "
    "Put somebody else on duty at these times."
)


@dataclass(frozen=True, slots=True)
class DutyOf:
    """`duty` has the gaps and overlaps of the next 8 weeks."""

    roster: Roster
    current: Shift | None
    following: Shift | None
    findings: Sequence[Gap | Overlap]
    missing: Sequence[str]

    @property
    def id(self) -> UUID:
        return roster_id(self.roster.name)


@router.get("/rosters")
async def rosters_page(request: Request, session: Session) -> Response:
    now, people = datetime.now(UTC), await roster_queries.able_people(session)
    lines = []
    for roster in await roster_queries.rosters(session):
        overrides = await roster_queries.overrides(session, roster.name, now)
        lines.append(duty_of(roster, overrides, people, now))
    pages: Pages = request.app.state.pages
    return pages.render(request, "rosters.html", lines=lines, computed_until=now + REPORTED)


@router.get("/rosters/{roster_id}")
async def roster_page(roster_id: UUID, request: Request, session: Session, saved: bool = False) -> Response:
    return await page(
        request, session, await roster_of(session, roster_id), message=worded(request, SAVED) if saved else ""
    )


@router.post("/rosters/{roster_id}/overrides")
async def add_override(roster_id: UUID, request: Request, session: Session) -> Response:
    await subscriptions.lock(session)
    roster, now, form = (
        await roster_of(session, roster_id),
        datetime.now(UTC),
        OverrideForm(typed_of(await request.form())),
    )
    override, faults = form.parsed(await roster_queries.able_people(session), now)
    known = await roster_queries.overrides(session, roster.name, now)
    if override is not None and are_too_many(known, [override]):
        faults.append(Fault("person", TOO_MANY, {"most": MOST_OVERRIDES}))
    if faults or override is None:
        return await page(request, session, roster, form, faults, status=422)
    await roster_queries.add_overrides(session, roster.name, [override])
    await log(request, session, roster, "override_added")
    return saved_page(roster)


@router.post("/rosters/{roster_id}/overrides/{override_id}/removal")
async def remove_override(roster_id: UUID, override_id: OverrideId, request: Request, session: Session) -> Response:
    """Removes the override. If somebody else has removed the override, nothing changes."""
    await subscriptions.lock(session)
    roster = await roster_of(session, roster_id)
    if await roster_queries.remove_override(session, roster.name, override_id):
        await log(request, session, roster, "override_removed")
    return saved_page(roster)


@router.get("/rosters/{roster_id}/calendar")
async def export_calendar(roster_id: UUID, session: Session) -> Response:
    """Returns the shifts of the next 8 weeks as an iCalendar file."""
    now, roster = datetime.now(UTC), await roster_of(session, roster_id)
    # The current shift may have begun when an override ended, so ended overrides are read as well.
    overrides = await roster_queries.overrides(session, roster.name, now - LONGEST_OVERRIDE)
    content = calendars.written(roster.name, shifts_from(roster, overrides, now, REPORTED), now)
    attached = {"content-disposition": 'attachment; filename="roster.ics"'}
    return Response(content, media_type="text/calendar", headers=attached)


@router.post("/rosters/{roster_id}/calendar")
async def import_calendar(roster_id: UUID, request: Request, session: Session) -> Response:
    """Adds one override for each event in the file. If any event cannot be read, nothing is imported."""
    async with request.form(max_files=1, max_fields=10) as form:
        file = form.get("file")
        raw = await file.read() if isinstance(file, UploadFile) else b""
    await subscriptions.lock(session)
    roster, now, people = await roster_of(session, roster_id), datetime.now(UTC), await roster_queries.people(session)
    try:
        calendar = await asyncio.to_thread(lambda: calendars.read(raw, people, now))
        known = await roster_queries.overrides(session, roster.name, now)
        refuse(calendar, known)
    except InvalidCalendar as error:
        reason = worded(request, error.fault.expected, **error.fault.values)
        fault = Fault("file", NOT_IMPORTED, {"reason": reason})
        return await page(request, session, roster, faults=[fault], status=422)
    removed = await roster_queries.end_overrides(session, roster.name, calendar.over, now)
    await roster_queries.add_overrides(session, roster.name, calendar.overrides)
    await log(request, session, roster, "calendar_imported")
    result = worded(request, IMPORTED, count=len(calendar.overrides), past=calendar.past)
    if removed:
        result = f"{result} {worded(request, REMOVED, count=removed)}"
    disabled = calendars.missing(calendar, await roster_queries.able_people(session))
    warning = worded(request, DISABLED, names=", ".join(disabled)) if disabled else ""
    return await page(request, session, roster, message=result, warning=warning)


def refuse(calendar: ReadCalendar, known: Sequence[Override]) -> None:
    """Raises InvalidCalendar if the calendar names people who are no receivers, or has too many overrides."""
    if calendar.unknown:
        raise InvalidCalendar(NOT_KNOWN, names=", ".join(name[:LONGEST_REASON] for name in calendar.unknown[:5]))
    calendars.refuse_too_many(calendar, known)


def duty_of(roster: Roster, overrides: Sequence[Override], people: set[str], now: datetime) -> DutyOf:
    planned = duty(roster, overrides, now, now + REPORTED)
    spans: list[Gap | Overlap] = [*planned.gaps, *planned.overlaps]
    findings = sorted(spans, key=attrgetter("begins_at"))
    current, following = current_and_next(planned.shifts, now)
    return DutyOf(roster, current, following, findings, reports.missing(roster, overrides, people))


async def roster_of(session: Session, id: UUID) -> Roster:
    """Raises a Problem (404) if the roster does not exist."""
    for roster in await roster_queries.rosters(session):
        if roster_id(roster.name) == id:
            return roster
    raise Problem(404, "not-found", "There is no such roster.")


def saved_page(roster: Roster) -> Response:
    return RedirectResponse(f"{HOME}/{roster_id(roster.name)}?saved=1", 303)


def worded(request: Request, text: str, **values: object) -> str:
    pages: Pages = request.app.state.pages
    return pages.gettext(language_of(request), text, **values)


async def page(
    request: Request,
    session: Session,
    roster: Roster,
    form: OverrideForm | None = None,
    faults: Sequence[Fault] = (),
    *,
    message: str = "",
    warning: str = "",
    status: int = 200,
) -> Response:
    now, people = datetime.now(UTC), await roster_queries.able_people(session)
    since = tables.midnight(now)
    overrides = await roster_queries.overrides(session, roster.name, since)
    pages: Pages = request.app.state.pages
    return pages.render(
        request,
        "roster.html",
        status=status,
        line=duty_of(roster, overrides, people, now),
        computed_until=now + REPORTED,
        duty_days=tables.days(roster, overrides, now),
        overrides=sorted((override for override in overrides if override.ends_at > now), key=attrgetter("begins_at")),
        people=[("", ""), *((person, person) for person in sorted(people))],
        users=await roster_queries.named_by(session, roster.name),
        form=form or OverrideForm({}),
        wrong=expected_by_field(request, faults),
        message=message,
        warning=warning,
        now=now,
        most_findings=MOST_FINDINGS,
        longest_reason=LONGEST_REASON,
    )


async def log(request: Request, session: Session, roster: Roster, reason: str) -> None:
    entry = audit.entry_of(request, Action.ROSTER_CHANGED, objects=[roster_id(roster.name)], reason=reason)
    await audit.add(session, entry)
