"""Serves the page of duty numbers: lists the numbers of each unit, and checks and imports CSV files."""

import asyncio
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.datastructures import UploadFile
from starlette.responses import RedirectResponse, Response

from services.alerts.duty_numbers import duty_numbers
from services.alerts.duty_numbers.duty_numbers import DutyNumber
from services.alerts.duty_numbers.imports import ImportPlan, planned
from services.alerts.duty_numbers.sheets import COLUMNS, FILES, MOST_ROWS, BadDutyNumbers, DutyNumberSheets
from services.alerts.queries import duty_numbers as number_queries
from shared import audit
from shared.audit import Action
from shared.auth import tokens
from shared.auth.role_groups import RECEIVER_KEEPERS
from shared.auth.tokens import Principal
from shared.country import COUNTRY
from shared.pages import Pages, language_of
from shared.pages.terms import N_
from shared.pages.typed_forms import Fault
from shared.places import Places
from shared.postgres.database import Session
from shared.sheets import delimited
from shared.sheets.sheet import FileFault, UnreadableFile

router = APIRouter(include_in_schema=False)
Caller = Annotated[Principal, Depends(tokens.current)]
HOME = "/alerts/duty-numbers"
WHOLE_COUNTRY = N_("The whole country")
MOST_LISTED = 50  # The page lists at most this number of rows. The totals count all rows of the file.


@dataclass(frozen=True, slots=True)
class Imported:
    """If the file has no readable row, `fault` says why, and `plan` is None."""

    typed: str
    is_check: bool
    plan: ImportPlan | None = None
    fault: Fault | None = None

    @property
    def is_done(self) -> bool:
        return self.plan is not None and not self.plan.is_refused and not self.is_check

    @property
    def is_wrong(self) -> bool:
        return self.plan is None or self.plan.is_refused


@router.get("/duty-numbers")
async def duty_numbers_page(request: Request, session: Session, caller: Caller, area: str | None = None) -> Response:
    return await page(request, session, caller, area=area)


@router.post("/duty-numbers")
async def import_numbers(request: Request, session: Session, caller: Caller) -> Response:
    """Checks or imports the file, which replaces the numbers of its units. If a row is refused, nothing changes."""
    async with request.form(max_files=1, max_fields=10) as form:
        file, typed = form.get("file"), form.get("rows")
        raw = await file.read() if isinstance(file, UploadFile) and file.size else str(typed or "").encode()
        is_check = form.get("act") != "import"
    imported = await run(request, session, caller, raw, is_check=is_check)
    return await page(request, session, caller, imported, status=422 if imported.is_wrong else 200)


@router.post("/duty-numbers/{pcode}/removal")
async def remove(pcode: str, request: Request, session: Session, caller: Caller) -> Response:
    """Removes all duty numbers of a unit."""
    await number_queries.lock(session)
    known = await number_queries.numbers(session, request.app.state.box, pcodes=[pcode])
    if known and covers(caller, pcode, request.app.state.places):
        await number_queries.remove(session, [number.number_id for number in known])
        await log(request, session, known, "removed")
    return RedirectResponse(HOME, 303)


async def run(request: Request, session: Session, caller: Principal, raw: bytes, *, is_check: bool) -> Imported:
    places: Places = request.app.state.places
    try:
        typed, _ = delimited.decoded(raw)
        rows = await asyncio.to_thread(lambda: DutyNumberSheets(places).read(raw))
    except UnreadableFile:
        return Imported("", is_check, fault=Fault("rows", FILES[FileFault.NO_SHEET]))
    except BadDutyNumbers as error:
        return Imported(typed, is_check, fault=error.fault)
    await number_queries.lock(session)
    units = {row.entry.place.pcode for row in rows if row.entry is not None}
    known = await number_queries.numbers(session, request.app.state.box, pcodes=units)
    plan = planned(rows, known, lambda pcode: covers(caller, pcode, places))
    imported = Imported(typed, is_check, plan)
    if imported.is_done:
        await number_queries.store(session, plan, request.app.state.box)
        await log(request, session, plan.changed, "imported")
    elif plan.removed and not plan.is_refused:
        await note_read(request, session)
    return imported


def covers(caller: Principal, pcode: str, places: Places) -> bool:
    """The numbers of the country may be changed only by callers whose area is the whole country."""
    return caller.covers_country if pcode == COUNTRY else caller.covers(pcode, places)


async def page(
    request: Request,
    session: Session,
    caller: Principal,
    imported: Imported | None = None,
    *,
    area: str | None = None,
    status: int = 200,
) -> Response:
    places: Places = request.app.state.places
    visible = places.around(caller.areas)
    counts = await number_queries.counts(session)
    shown = {pcode for pcode in counts if visible is None or pcode == COUNTRY or pcode in visible}
    numbers = await read(request, session, area) if area in shown else []
    language = language_of(request)
    pages: Pages = request.app.state.pages
    country = pages.gettext(language, WHOLE_COUNTRY)
    names = {pcode: country if pcode == COUNTRY else places.name(pcode, language) for pcode in shown}
    return pages.render(
        request,
        "duty-numbers.html",
        status=status,
        imported=imported,
        units=[(pcode, name, counts[pcode]) for pcode, name in sorted(names.items(), key=lambda unit: unit[1])],
        area=area if area in shown else None,
        area_name=names.get(area or ""),
        numbers=numbers,
        may_change=not caller.roles.isdisjoint(RECEIVER_KEEPERS),
        may_remove=area is not None and area in shown and covers(caller, area, places),
        written=duty_numbers.written,
        expectation=lambda fault: pages.gettext(language, fault.expected, **fault.values),
        columns=COLUMNS,
        most_rows=MOST_ROWS,
        most_listed=MOST_LISTED,
        locality=lambda place: places.locality_name(place.locality, place.locality_pcode, language),
    )


async def read(request: Request, session: Session, area: str | None) -> list[DutyNumber]:
    """The security log records who read the numbers."""
    numbers = await number_queries.numbers(session, request.app.state.box, pcodes=[area or COUNTRY])
    await note_read(request, session)
    return numbers


async def note_read(request: Request, session: Session) -> None:
    await audit.add(session, audit.entry_of(request, Action.READ, reason="duty-numbers"))


async def log(request: Request, session: Session, changed: list[DutyNumber], reason: str) -> None:
    objects = [number.number_id for number in changed]
    await audit.add(session, audit.entry_of(request, Action.DUTY_NUMBERS_CHANGED, objects=objects, reason=reason))
