"""Serves the pages on which administrators change escalation policies."""

from collections.abc import Sequence
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from services.alerts.policies.forms import (
    HIGHEST_POSITION,
    LONGEST_MINUTES,
    MOST_ACKNOWLEDGEMENTS,
    MOST_POLICIES,
    MOST_REPEATS,
    MOST_STEPS,
    USUAL,
    PolicyForm,
)
from services.alerts.policies.policies import EscalationPolicy, policy_id
from services.alerts.queries import policies as policy_queries
from services.alerts.queries import staff as staff_queries
from services.alerts.receivers import subscriptions
from services.alerts.receivers.checks import LONGEST_LABEL
from services.alerts.receivers.pages import choices
from services.alerts.receivers.receivers import is_absent
from shared import audit
from shared.audit import Action
from shared.pages import Pages
from shared.pages.terms import N_
from shared.pages.typed_forms import Fault, expected_by_field, typed_of, version_of
from shared.places import Places
from shared.postgres.database import Session
from shared.web.problems import Problem

router = APIRouter(include_in_schema=False)
HOME = "/alerts/policies"
TOO_MANY = N_("There are %(most)s escalation policies already, and there can be no more. Remove one of them first.")
TAKEN = N_("There is an escalation policy of this name already.")
CHANGED = N_("Somebody else has changed this policy meanwhile. What you typed is kept: check it, and save again.")
EMPTY = {"position": ["1"], "repeats": ["0"], **{f"{name}-0": [usual] for name, usual in USUAL.items()}}


@router.get("/policies")
async def policies_page(request: Request, session: Session) -> Response:
    staff = await staff_queries.staff(session)
    policies = await policy_queries.policies(session)
    heads = [receiver for receiver in staff.receivers if receiver.is_duty_head]
    pages: Pages = request.app.state.pages
    return pages.render(
        request,
        "policies.html",
        policies=policies,
        missing={policy.name: staff.left(policy) for policy in policies},
        most_acknowledgements=staff.most_acknowledgements,
        duty_heads=sorted(head.label for head in heads if not is_absent(head, staff.disabled_accounts)),
        policy_id=policy_id,
        **choices(request),
    )


@router.get("/policies/new")
async def new_page(request: Request, session: Session) -> Response:
    return await form_page(request, session, PolicyForm(EMPTY))


@router.post("/policies")
async def add(request: Request, session: Session) -> Response:
    await subscriptions.lock(session)
    return await save(request, session, None)


@router.get("/policies/{policy_id}")
async def policy_page(policy_id: UUID, request: Request, session: Session) -> Response:
    known = await policy_of(session, policy_id)
    form = PolicyForm.of(known, request.app.state.places)
    return await form_page(request, session, form, known, version=version_of(known))


@router.post("/policies/{policy_id}")
async def change(policy_id: UUID, request: Request, session: Session) -> Response:
    await subscriptions.lock(session)
    return await save(request, session, await policy_of(session, policy_id))


@router.post("/policies/{policy_id}/removal")
async def remove(policy_id: UUID, request: Request, session: Session) -> Response:
    await subscriptions.lock(session)
    known = await policy_of(session, policy_id)
    await policy_queries.remove(session, known.name)
    await log(request, session, known, "removed")
    return RedirectResponse(HOME, 303)


async def save(request: Request, session: Session, known: EscalationPolicy | None) -> Response:
    form = PolicyForm(typed_of(await request.form()))
    version = form.version
    if form.act != "save":
        form.arranged(form.act)
        return await form_page(request, session, form, known, version=version, act=form.act)
    places: Places = request.app.state.places
    staff = await staff_queries.staff(session)
    policy, faults = form.parsed(places, staff, known.name if known else None)
    names = {policy.name for policy in await policy_queries.policies(session)}
    if known is None and policy.name in names:
        faults.append(Fault("name", TAKEN))
    elif known is None and len(names) >= MOST_POLICIES:
        faults.append(Fault("name", TOO_MANY, {"most": MOST_POLICIES}))
    if known is not None and version != version_of(known):
        faults.append(Fault("version", CHANGED))
        version = version_of(known)
    if faults:
        return await form_page(request, session, form, known, faults, version=version, status=422)
    await policy_queries.save(session, policy)
    await log(request, session, policy, "added" if known is None else "changed")
    return RedirectResponse(HOME, 303)


async def policy_of(session: Session, id: UUID) -> EscalationPolicy:
    """Raises a Problem (404) if the policy does not exist."""
    for policy in await policy_queries.policies(session):
        if policy_id(policy) == id:
            return policy
    raise Problem(404, "not-found", "There is no such escalation policy.")


async def form_page(
    request: Request,
    session: Session,
    form: PolicyForm,
    known: EscalationPolicy | None = None,
    faults: Sequence[Fault] = (),
    *,
    version: str = "",
    act: str = "",
    status: int = 200,
) -> Response:
    pages: Pages = request.app.state.pages
    staff = await staff_queries.staff(session)
    return pages.render(
        request,
        "policy.html",
        status=status,
        form=form,
        known=known,
        id=known and policy_id(known),
        wrong=expected_by_field(request, faults),
        version=version,
        act=act,
        all_receivers=sorted(staff.labels),
        all_rosters=list(staff.rosters),
        most_steps=MOST_STEPS,
        longest_label=LONGEST_LABEL,
        longest_minutes=LONGEST_MINUTES,
        highest_position=HIGHEST_POSITION,
        most_repeats=MOST_REPEATS,
        most_acknowledgements=MOST_ACKNOWLEDGEMENTS,
        **choices(request),
    )


async def log(request: Request, session: Session, policy: EscalationPolicy, reason: str) -> None:
    entry = audit.entry_of(request, Action.POLICY_CHANGED, objects=[policy_id(policy)], reason=reason)
    await audit.add(session, entry)
