"""The forms in which the desk enters reports by telephone. The browser sends the filled form to intake."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from services.console import board, checks
from services.console.hazards import corrections, spots
from services.console.hazards import releases as public
from services.console.hazards.callers import Caller
from services.console.queries import callers, releases, snapshots
from services.console.queries import checks as check_queries
from services.console.sign_in.accounts import CMC_SOURCE
from services.console.state import console
from shared import audit
from shared.audit import Action, Result
from shared.auth import tokens
from shared.country import ABROAD, UNKNOWN_COUNTRY
from shared.displacement_reasons import BY_ONSET
from shared.events.fields import Latitude, Longitude, PCode
from shared.events.movements import HAVE_A_DESTINATION, NEED_A_DESTINATION, OF_GROUPS, OF_SITES
from shared.events.vocabulary import AgeBracket, HazardType, Mobility, Movement, Need, Sex
from shared.pages import TERMS, language_of
from shared.pages.formats import country, country_options
from shared.pages.synonyms import SYNONYMS
from shared.postgres.database import Session
from shared.shelters import BY_ARRANGEMENT
from shared.web.problems import Problem

router = APIRouter(include_in_schema=False)
api = APIRouter()
CHOICES: Mapping[str, Any] = {
    "reasons": BY_ONSET,
    "shelters": BY_ARRANGEMENT,
    "needs": list(Need),
    "brackets": [bracket for bracket in AgeBracket if bracket is not AgeBracket.UNKNOWN],
    "sexes": (Sex.FEMALE, Sex.MALE),
    "mobilities": list(Mobility),
}


@router.get("/new-event")
async def new_event(
    request: Request,
    session: Session,
    hazard: UUID | None = None,
    lat: Latitude | None = None,
    lon: Longitude | None = None,
    district: PCode | None = None,
) -> Response:
    """The form for a new event.

    If the form was opened from the map, the URL has the point (`lat` and `lon`) or the `district` of the event.

    If the URL names a `hazard`, its author or a duty head can correct or cancel this event in the form.
    """
    known = None if hazard is None else await snapshots.hazard(session, hazard)
    if hazard is not None and (known is None or not corrections.may_correct(tokens.current(request), known)):
        raise Problem(404, "not-found", "There is no such event that this account may correct.")
    here, language = console(request), language_of(request)
    release = None if known is None else await releases.release(session, known.hazard_id)
    return here.pages.render(
        request,
        "new-event.html",
        source=CMC_SOURCE,
        counted=known.status if known else here.settings.counted_status,
        hazards=hazards(request),
        places=here.places.options(language),
        settlements=here.settlements_path,
        known=known and corrections.form(known, release, here.places, language),
        spot=spots.spot(lat, lon, district, here.places),
        withdrawal=release and public.withdrawal(release) if known and public.is_public(known, release) else None,
    )


@router.get("/new-count")
async def new_count(request: Request, group: UUID | None = None, report: UUID | None = None) -> Response:
    """The form for a new count. If the URL names a `group` and a `report`, the form corrects this count.

    The registry decides who may correct a count.
    """
    here, is_correction = console(request), group is not None and report is not None
    return here.pages.render(
        request,
        "new-count.html",
        group=group if is_correction else None,
        report=report if is_correction else None,
        counted=here.settings.counted_status,
        hazards=hazards(request),
        places=everywhere(request) if is_correction else here.places.options(language_of(request)),
        settlements=here.settlements_path,
        **CHOICES,
    )


@router.get("/new-household")
async def new_household(request: Request, household: UUID | None = None) -> Response:
    """The form for a new household. If the URL names a `household`, the form corrects this household.

    The registry decides who may correct a household.
    """
    here = console(request)
    return here.pages.render(
        request,
        "new-household.html",
        household=household,
        counted=here.settings.counted_status,
        hazards=hazards(request),
        places=everywhere(request),
        settlements=here.settlements_path,
        **CHOICES,
    )


@router.get("/new-movement")
async def new_movement(
    request: Request,
    household: UUID | None = None,
    group: UUID | None = None,
    site: UUID | None = None,
    report: UUID | None = None,
) -> Response:
    """The form for a movement of a household, of a counted group, or of everybody at a site.

    The pages of households, groups and sites link to this form. If the URL names a `report`, the form corrects or
    reverses this movement. If the URL names neither household, group nor site, the browser is redirected to the search.
    """
    named = [(kind, id) for kind, id in (("household", household), ("group", group), ("site", site)) if id]
    if not named:
        return RedirectResponse("/registry/search", 303)
    here, (kind, subject) = console(request), named[0]
    return here.pages.render(
        request,
        "new-movement.html",
        counted=here.settings.counted_status,
        kind=kind,
        subject=subject,
        report=report,
        movements={"household": list(Movement), "group": OF_GROUPS, "site": OF_SITES}[kind],
        places=everywhere(request),
        settlements=here.settlements_path,
        shelters=BY_ARRANGEMENT,
        have_a_destination=HAVE_A_DESTINATION,
        need_a_destination=NEED_A_DESTINATION,
    )


@router.get("/ledger")
async def ledger_page(request: Request, session: Session) -> Response:
    seen = checks.seen(await check_queries.known(session), datetime.now(UTC))
    return console(request).pages.render(request, "ledger.html", checks=seen)


@router.get("/field")
async def field() -> Response:
    """Redirects the short address on the cards of field teams."""
    return RedirectResponse("/intake/field", 308)


@api.put("/v1/callers/{report_id}", status_code=204)
async def keep_caller(request: Request, session: Session, report_id: UUID, caller: Caller) -> None:
    sealed = console(request).callers.seal(caller, report_id)
    if not await callers.keep(session, report_id, tokens.current(request).account, sealed):
        raise Problem(409, "another-author", "Somebody else has noted who called about this.")


@api.get("/v1/callers/{report_id}")
async def read_caller(request: Request, session: Session, report_id: UUID) -> Caller:
    """The caller of a report.

    Readers may see the caller if they wrote the note themselves, or if the hazard was first reported in their areas.

    The read is committed to the security log before the answer is sent.
    """
    principal = tokens.current(request)
    pcodes = board.covered(principal, console(request).places)
    sealed = await callers.read(session, report_id, principal.account, pcodes)
    if sealed is None:
        refusal = audit.entry_of(request, Action.READ, result=Result.REFUSED, objects=[report_id], reason="not-found")
        await audit.write(request.app.state.sessions, refusal)
        raise Problem(404, "not-found", "Nobody was noted for this report.")
    await audit.add(session, audit.entry_of(request, Action.READ, objects=[report_id]))
    return console(request).callers.open(sealed, report_id)


def everywhere(request: Request) -> list[dict[str, object]]:
    here, language = console(request), language_of(request)
    unknown = [
        {"value": ABROAD, "name": country(ABROAD, language), "terms": []},
        {"value": UNKNOWN_COUNTRY, "name": here.pages.gettext(language, "Not known"), "terms": []},
    ]
    return [*here.places.options(language), *country_options(language), *unknown]


def hazards(request: Request) -> list[dict[str, object]]:
    pages, language = console(request).pages, language_of(request)
    return [
        {
            "value": code,
            "name": pages.gettext(language, text),
            "terms": [
                *(pages.gettext(spoken, text) for spoken in ("ky", "ru", "en")),
                *SYNONYMS.get(HazardType(code), ()),
            ],
        }
        for code, text in TERMS["hazard"].items()
    ]
