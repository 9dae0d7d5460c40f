"""Serves the page that shows who silenced which alerts, until when, and why."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from services.alerts.acts.acts import Actor
from services.alerts.queries import silences as silence_queries
from services.alerts.queries import sources as source_queries
from services.alerts.receivers import subscriptions
from services.alerts.receivers.pages import OUT_OF_AREA, choices
from services.alerts.silences.forms import LONGEST_HOURS, LONGEST_REASON, MOST_SILENCES, SilenceForm, is_within
from services.alerts.silences.silences import Silence
from shared import audit
from shared.audit import Action
from shared.auth import tokens
from shared.auth.role_groups import CMC
from shared.auth.tokens import Principal, Role
from shared.pages import Pages, language_of
from shared.pages.terms import N_, term
from shared.pages.typed_forms import Fault, expected_by_field, typed_of
from shared.places import Places
from shared.postgres.database import Session
from shared.web.problems import Problem

router = APIRouter(include_in_schema=False)
Caller = Annotated[Principal, Depends(tokens.current)]
HOME = "/alerts/silences"
TOO_MANY = N_("There are %(most)s silences already, and there can be no more. End one of them first.")
NOT_ENDED = N_("The silence was not ended: it also mutes alerts outside your areas.")
NO_SILENCE = "There is no such silence."
ONLY_DUTY_HEAD = N_("Only the head of shift mutes Severe and Extreme alerts.")
EMPTY = {"hours": ["1"]}


@router.get("/silences")
async def silences_page(request: Request, session: Session) -> Response:
    return await page(request, session, SilenceForm(EMPTY))


@router.post("/silences")
async def add(request: Request, session: Session, caller: Caller) -> Response:
    form, now, places = SilenceForm(typed_of(await request.form())), datetime.now(UTC), request.app.state.places
    silence, faults = form.parsed(places, Actor(caller.account, caller.name), now)
    if silence.is_severe_too and Role.DUTY_HEAD not in caller.roles:
        faults.append(Fault("is_severe_too", ONLY_DUTY_HEAD))
    if not manages(caller, silence, places):
        faults.append(Fault("areas", OUT_OF_AREA))
    if len(await silence_queries.not_ended(session, now)) >= MOST_SILENCES:
        faults.append(Fault("areas", TOO_MANY, {"most": MOST_SILENCES}))
    if faults:
        return await page(request, session, form, faults, status=422)
    await silence_queries.add(session, silence)
    await log(request, session, silence.silence_id, "added")
    return RedirectResponse(HOME, 303)


@router.get("/silences/{silence_id}")
async def silence_page(silence_id: UUID, request: Request, session: Session) -> Response:
    """One silence. The page of an alert that this silence muted has a link to this page."""
    silence = await silence_queries.silence(session, silence_id)
    if silence is None:
        raise Problem(404, "not-found", NO_SILENCE)
    pages: Pages = request.app.state.pages
    return pages.render(
        request,
        "silence-detail.html",
        silence=silence,
        now=datetime.now(UTC),
        places=request.app.state.places,
        may_silence=False,
    )


@router.post("/silences/{silence_id}/end")
async def end(silence_id: UUID, request: Request, session: Session, caller: Caller) -> Response:
    """Ends the silence early. If the silence is already over, nothing changes."""
    await subscriptions.lock(session)
    now = datetime.now(UTC)
    silence = await silence_queries.silence(session, silence_id)
    if silence is None:
        raise Problem(404, "not-found", NO_SILENCE)
    if not manages(caller, silence, request.app.state.places):
        return await page(request, session, SilenceForm(EMPTY), [Fault("end", NOT_ENDED)], status=403)
    if silence.ends_at > now:
        await silence_queries.end(session, silence_id, now)
        await log(request, session, silence_id, "ended")
    return RedirectResponse(HOME, 303)


def manages(caller: Principal, silence: Silence, places: Places) -> bool:
    return is_within(caller.areas, silence, places)


async def page(
    request: Request, session: Session, form: SilenceForm, faults: Sequence[Fault] = (), *, status: int = 200
) -> Response:
    pages: Pages = request.app.state.pages
    now, gettext = datetime.now(UTC), partial(pages.gettext, language_of(request))
    caller: Principal = request.scope["principal"]
    silences = await silence_queries.not_ended(session, now)
    return pages.render(
        request,
        "silences.html",
        status=status,
        form=form,
        wrong=expected_by_field(request, faults),
        now=now,
        silences=silences,
        managed={silence.silence_id for silence in silences if manages(caller, silence, request.app.state.places)},
        ended=await silence_queries.ended(session, now),
        may_silence=not caller.roles.isdisjoint(CMC),
        is_duty_head=Role.DUTY_HEAD in caller.roles,
        longest_hours=LONGEST_HOURS,
        longest_reason=LONGEST_REASON,
        source_names=[(code, term("source", code, gettext)) for code in await source_queries.sources(session, now)],
        **choices(request),
    )


async def log(request: Request, session: Session, silence_id: UUID, reason: str) -> None:
    await audit.add(session, audit.entry_of(request, Action.SILENCE_CHANGED, objects=[silence_id], reason=reason))
