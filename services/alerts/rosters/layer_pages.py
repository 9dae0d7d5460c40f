"""Serves the form of a roster's layers. In a layer, people take turns."""

from collections.abc import Sequence
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from services.alerts.queries import rosters as roster_queries
from services.alerts.receivers import subscriptions
from services.alerts.receivers.checks import LONGEST_LABEL
from services.alerts.rosters import pages as roster_pages
from services.alerts.rosters.forms import RosterForm
from services.alerts.rosters.pages import HOME, log, saved_page
from services.alerts.rosters.rosters import LONGEST_SHIFT_DAYS, MOST_LAYERS, Roster, roster_id
from shared.pages import Pages
from shared.pages.terms import N_
from shared.pages.typed_forms import Fault, expected_by_field, typed_of, version_of
from shared.postgres.database import Session
from shared.web.problems import Problem

router = APIRouter(include_in_schema=False)
MOST_ROSTERS = 50
TAKEN = N_("There is a roster of this name already.")
TOO_MANY = N_("There are %(most)s rosters already, and there can be no more. Remove one of them first.")
CHANGED = N_("Somebody else has changed this roster meanwhile. What you typed is kept: check it, and save again.")


@router.get("/rosters/new")
async def new_page(request: Request, session: Session) -> Response:
    return await form_page(request, session, RosterForm({}))


@router.post("/rosters")
async def add(request: Request, session: Session) -> Response:
    await subscriptions.lock(session)
    return await save(request, session, None)


@router.get("/rosters/{roster_id}/layers")
async def layers_page(roster_id: UUID, request: Request, session: Session) -> Response:
    known = await roster_pages.roster_of(session, roster_id)
    return await form_page(request, session, RosterForm.of(known), known, version=version_of(known))


@router.post("/rosters/{roster_id}/layers")
async def change(roster_id: UUID, request: Request, session: Session) -> Response:
    await subscriptions.lock(session)
    return await save(request, session, await roster_pages.roster_of(session, roster_id))


@router.post("/rosters/{roster_id}/removal")
async def remove(roster_id: UUID, request: Request, session: Session) -> Response:
    """Removes the roster and its overrides, unless a receiver or an escalation policy names the roster."""
    await subscriptions.lock(session)
    known = await roster_pages.roster_of(session, roster_id)
    if await roster_queries.named_by(session, known.name):
        raise Problem(409, "in-use", "Recipients of alerts or escalation policies name this roster.")
    await roster_queries.remove(session, known.name)
    await log(request, session, known, "removed")
    return RedirectResponse(HOME, 303)


async def save(request: Request, session: Session, known: Roster | None) -> Response:
    form = RosterForm(typed_of(await request.form()))
    version = form.version
    if form.act != "save":
        form.arranged(form.act)
        return await form_page(request, session, form, known, version=version, act=form.act)
    roster, faults = form.parsed(await roster_queries.people(session), known.name if known else None)
    names = await roster_queries.names(session)
    if known is None and form.value("name") in names:
        faults.append(Fault("name", TAKEN))
    elif known is None and len(names) >= MOST_ROSTERS:
        faults.append(Fault("name", TOO_MANY, {"most": MOST_ROSTERS}))
    if known is not None and version != version_of(known):
        faults.append(Fault("version", CHANGED))
        version = version_of(known)
    if faults or roster is None:
        return await form_page(request, session, form, known, faults, version=version, status=422)
    await roster_queries.save(session, roster)
    await log(request, session, roster, "added" if known is None else "changed")
    return saved_page(roster)


async def form_page(
    request: Request,
    session: Session,
    form: RosterForm,
    known: Roster | None = None,
    faults: Sequence[Fault] = (),
    *,
    version: str = "",
    act: str = "",
    status: int = 200,
) -> Response:
    pages: Pages = request.app.state.pages
    return pages.render(
        request,
        "roster-layers.html",
        status=status,
        form=form,
        known=known,
        id=known and roster_id(known.name),
        wrong=expected_by_field(request, faults),
        version=version,
        act=act,
        people=sorted(await roster_queries.able_people(session)),
        most_layers=MOST_LAYERS,
        longest_label=LONGEST_LABEL,
        longest_hours=LONGEST_SHIFT_DAYS * 24,
    )
