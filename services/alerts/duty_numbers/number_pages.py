"""The page on which a person adds, changes or removes one duty number."""

from collections.abc import Sequence
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from services.alerts.duty_numbers.duty_numbers import DutyNumber, DutyService
from services.alerts.duty_numbers.forms import DutyNumberForm, form_of, placed
from services.alerts.duty_numbers.imports import OUT_OF_AREA
from services.alerts.duty_numbers.pages import HOME, Caller, covers, log, note_read
from services.alerts.duty_numbers.sheets import LONGEST, DutyNumberSheets
from services.alerts.queries import duty_numbers as number_queries
from shared.auth.tokens import Principal
from shared.country import COUNTRY
from shared.pages import Pages, language_of
from shared.pages.terms import N_
from shared.pages.typed_forms import Fault, expected_by_field, typed_of, version_of
from shared.places import Places
from shared.postgres.database import Session
from shared.web.problems import Problem

router = APIRouter(include_in_schema=False)
CHANGED = N_("Somebody else has changed this number meanwhile. What you typed is kept: check it, and save again.")


@router.get("/duty-numbers/new")
async def new_page(request: Request, caller: Caller, area: str | None = None) -> Response:
    unit = unit_of(area, request) if area and covers(caller, area, request.app.state.places) else ""
    return page(request, DutyNumberForm({"unit": [unit]}))


@router.post("/duty-numbers/new")
async def add(request: Request, session: Session, caller: Caller) -> Response:
    await number_queries.lock(session)
    return await save(request, session, caller, DutyNumberForm(typed_of(await request.form(max_fields=20))), None)


@router.get("/duty-numbers/{number_id}")
async def number_page(number_id: UUID, request: Request, session: Session, caller: Caller) -> Response:
    number = await number_of(number_id, request, session, caller)
    await note_read(request, session)
    return page(request, form_of(number, unit_of(number.place.pcode, request)), number)


@router.post("/duty-numbers/{number_id}")
async def change(number_id: UUID, request: Request, session: Session, caller: Caller) -> Response:
    await number_queries.lock(session)
    number = await number_of(number_id, request, session, caller)
    form = DutyNumberForm(typed_of(await request.form(max_fields=20)))
    if form.value("act") != "remove":
        return await save(request, session, caller, form, number)
    await number_queries.remove(session, [number_id])
    await log(request, session, [number], "removed")
    return RedirectResponse(f"{HOME}?area={number.place.pcode}", 303)


async def save(
    request: Request, session: Session, caller: Principal, form: DutyNumberForm, known: DutyNumber | None
) -> Response:
    box, places = request.app.state.box, request.app.state.places
    number, faults = form.parsed(places, known)
    if number is not None and not covers(caller, number.place.pcode, places):
        faults.append(Fault("unit", OUT_OF_AREA))
    elif number is not None:
        of_unit = await number_queries.numbers(session, box, pcodes=[number.place.pcode])
        number, same = placed(number, known, of_unit)
        faults += same
    if known is not None and form.value("version") != version_of(known):
        faults.append(Fault("version", CHANGED))
    if number is None or faults:
        return page(request, form, known, faults, status=422)
    await number_queries.save(session, [number], box)
    await log(request, session, [number], "changed" if known else "added")
    return RedirectResponse(f"{HOME}?area={number.place.pcode}#unit", 303)


async def number_of(number_id: UUID, request: Request, session: Session, caller: Principal) -> DutyNumber:
    """Raises a Problem (404) if the number does not exist, or if its unit is outside the caller's areas."""
    number = await number_queries.number(session, number_id, request.app.state.box)
    if number is None or not covers(caller, number.place.pcode, request.app.state.places):
        raise Problem(404, "not-found", "There is no such duty number.")
    return number


def unit_of(pcode: str, request: Request) -> str:
    """Units that share a name are shown with their P-codes."""
    places: Places = request.app.state.places
    if pcode == COUNTRY:
        return pcode
    name = places.name(pcode, language_of(request))
    return name if DutyNumberSheets(places).pcode(name) == pcode else pcode


def page(
    request: Request,
    form: DutyNumberForm,
    known: DutyNumber | None = None,
    faults: Sequence[Fault] = (),
    *,
    status: int = 200,
) -> Response:
    pages: Pages = request.app.state.pages
    return pages.render(
        request,
        "duty-number.html",
        status=status,
        form=form,
        wrong=expected_by_field(request, faults),
        known=known,
        version=version_of(known) if known else "",
        services=list(DutyService),
        longest=LONGEST,
    )
