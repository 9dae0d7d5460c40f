"""Serves the pages of alert recipients: a list, a form, and a page for test messages.

A new secret is shown only once.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from services.alerts.message_templates.keeping import CurrentMessages
from services.alerts.pages import sent_of
from services.alerts.queries import disabled_accounts as disabled_queries
from services.alerts.queries import receivers as receiver_queries
from services.alerts.queries import rosters as roster_queries
from services.alerts.receivers import subscriptions
from services.alerts.receivers import trials as receiver_trials
from services.alerts.receivers.checks import HIGHEST_STEP, LONGEST_LABEL, LONGEST_TEXT, channel_of, roster_faults
from services.alerts.receivers.forms import MOST_CONTACTS, ReceiverForm
from services.alerts.receivers.hours import DAYS
from services.alerts.receivers.managed import Subscription, manages, may_be_internal, subscription_of, subscriptions_of
from services.alerts.receivers.receivers import USUAL_WAIT_SECONDS, Receiver, ReceiverKind
from services.alerts.receivers.subscriptions import FormerSecretInUse, NoWebhook
from services.alerts.receivers.trials import receiver_id
from shared import audit
from shared.audit import Action
from shared.auth import tokens
from shared.auth.tokens import Principal
from shared.events.vocabulary import DeliveryChannel, HazardType, Severity, Status
from shared.pages import Pages, language_of
from shared.pages.terms import N_
from shared.pages.typed_forms import Fault, expected_by_field, typed_of
from shared.places import Places
from shared.postgres.database import Session

router = APIRouter(include_in_schema=False)
Caller = Annotated[Principal, Depends(tokens.current)]
HOME = "/alerts/receivers"
LAST_WITHIN = timedelta(days=30)
STATUSES = (Status.ACTUAL, Status.EXERCISE, Status.TEST)
SEVERITIES = (Severity.UNKNOWN, Severity.MINOR, Severity.MODERATE, Severity.SEVERE, Severity.EXTREME)
TAKEN = N_("There is a recipient of this name already.")
CHANGED = N_("Somebody else has changed this recipient meanwhile. What you typed is kept: check it, and save again.")
ONLY_ADMINISTRATOR = N_("Only an administrator decides that a recipient is the centre's own.")
NO_WEBHOOK = N_("This recipient has no webhook, and therefore no secret.")
FORMER_SECRET = N_(
    "A new secret was set before, and the former one still signs. First put the new secret into the system, and stop "
    "using the former secret; then set another one."
)
OUT_OF_AREA = N_("Only places in your own areas are expected.")
EMPTY = {"statuses": [Status.ACTUAL.value], "step": ["0"], "language": ["ky"], "floor": [Severity.MINOR.value]}


@router.get("/receivers")
async def receivers_page(
    request: Request,
    session: Session,
    caller: Caller,
    kind: str = "",
    channel: str = "",
    status: str = "",
    area: str = "",
) -> Response:
    places: Places = request.app.state.places
    known = await subscriptions_of(session, caller, places)
    shown = [
        subscription
        for subscription in known
        if kind in ("", subscription.receiver.kind)
        and (not channel or channel in subscription.channels)
        and (not status or status in subscription.receiver.statuses)
        and (not area or not subscription.receiver.areas or subscription.receiver.covers(area, places))
    ]
    last = await receiver_queries.last_deliveries(session, datetime.now(UTC) - LAST_WITHIN)
    chosen = {"kind": kind, "channel": channel, "status": status, "area": area}
    pages: Pages = request.app.state.pages
    return pages.render(
        request,
        "receivers.html",
        shown=shown,
        count=len(known),
        chosen=chosen,
        last=last,
        disabled=await disabled_queries.receivers(session),
        has_duty_head=await subscriptions.has_duty_head(session, request.app.state.settings.counted_status),
        **choices(request),
    )


@router.get("/receivers/new")
async def new_page(request: Request, session: Session) -> Response:
    return await form_page(request, session, ReceiverForm(EMPTY))


@router.post("/receivers")
async def add(request: Request, session: Session, caller: Caller) -> Response:
    await subscriptions.lock(session)
    return await save(request, session, caller, None)


@router.get("/receivers/{receiver_id}")
async def receiver_page(receiver_id: UUID, request: Request, session: Session, caller: Caller) -> Response:
    """Shows the contacts, which may be personal data, so the security log records who read them."""
    known = await subscription_of(session, receiver_id, caller, request.app.state.places)
    await audit.add(session, audit.entry_of(request, Action.READ, objects=[receiver_id]))
    form = ReceiverForm.of(known.receiver, known.further, request.app.state.places)
    return await form_page(request, session, form, known, version=known.version)


@router.post("/receivers/{receiver_id}")
async def change(receiver_id: UUID, request: Request, session: Session, caller: Caller) -> Response:
    await subscriptions.lock(session)
    return await save(
        request, session, caller, await subscription_of(session, receiver_id, caller, request.app.state.places)
    )


async def save(request: Request, session: Session, caller: Caller, known: Subscription | None) -> Response:
    form = ReceiverForm(typed_of(await request.form()))
    version = form.version
    if form.act != "save":
        form.arranged(form.act)
        return await form_page(request, session, form, known, version=version, act=form.act)
    places: Places = request.app.state.places
    receiver, further, faults = form.parsed(places, known.receiver.label if known else None)
    faults += roster_faults(receiver, await roster_queries.names(session))
    if not manages(caller, receiver, places):
        faults.append(Fault("areas", OUT_OF_AREA))
    if receiver.is_internal and not may_be_internal(caller, known):
        faults.append(Fault("is_internal", ONLY_ADMINISTRATOR))
    if known is None and receiver.label in {other.label for other in await receiver_queries.receivers(session)}:
        faults.append(Fault("label", TAKEN))
    if known is not None and version != known.version:
        faults.append(Fault("version", CHANGED))
        version = known.version
    if faults:
        return await form_page(request, session, form, known, faults, version=version, status=422)
    secret = await subscriptions.put(
        session, receiver, request.app.state.box, further=further, is_internal=receiver.is_internal
    )
    act = (
        "added" if known is None else ": ".join(filter(None, ("changed", ", ".join(known.changed(receiver, further)))))
    )
    await log(request, session, receiver.label, act)
    return secret_page(request, receiver, secret) if secret else RedirectResponse(HOME, 303)


@router.post("/receivers/{receiver_id}/secret")
async def secret(receiver_id: UUID, request: Request, session: Session, caller: Caller) -> Response:
    """Sets a new secret. If `act` is `retire`, the route deletes the former secret instead."""
    await subscriptions.lock(session)
    known = await subscription_of(session, receiver_id, caller, request.app.state.places)
    label = known.receiver.label
    if "retire" in typed_of(await request.form()).get("act", ()):
        await subscriptions.retire(session, label)
        await log(request, session, label, "secret_retired")
        return RedirectResponse(f"{HOME}/{receiver_id}", 303)
    try:
        drawn = await subscriptions.rotate(session, label, request.app.state.box)
    except (NoWebhook, FormerSecretInUse) as error:
        form = ReceiverForm.of(known.receiver, known.further, request.app.state.places)
        fault = Fault("secret", NO_WEBHOOK if isinstance(error, NoWebhook) else FORMER_SECRET)
        return await form_page(request, session, form, known, [fault], version=known.version, status=409)
    await log(request, session, label, "secret_rotated")
    return secret_page(request, await subscriptions.receiver(session, label), drawn)


@router.post("/receivers/{receiver_id}/removal")
async def remove(receiver_id: UUID, request: Request, session: Session, caller: Caller) -> Response:
    await subscriptions.lock(session)
    label = (await subscription_of(session, receiver_id, caller, request.app.state.places)).receiver.label
    await subscriptions.remove(session, label)
    await log(request, session, label, "removed")
    return RedirectResponse(HOME, 303)


@router.get("/receivers/{receiver_id}/test")
async def test_page(
    receiver_id: UUID, request: Request, session: Session, caller: Caller, messages: CurrentMessages
) -> Response:
    known = await subscription_of(session, receiver_id, caller, request.app.state.places)
    pages: Pages = request.app.state.pages
    language = language_of(request)
    deliveries = await receiver_trials.results(session, known.receiver.label)
    sent = [sent_of(delivery, messages, pages, language) for delivery in deliveries]
    is_running = any(delivery["settled_at"] is None for delivery in deliveries)
    return pages.render(request, "receiver-test.html", known=known, sent=sent, is_running=is_running)


@router.post("/receivers/{receiver_id}/test")
async def send_test(receiver_id: UUID, request: Request, session: Session, caller: Caller) -> Response:
    await subscriptions.lock(session)
    known = await subscription_of(session, receiver_id, caller, request.app.state.places)
    await receiver_trials.send(session, known.receiver, known.further, datetime.now(UTC))
    await log(request, session, known.receiver.label, "tested")
    return RedirectResponse(f"{HOME}/{receiver_id}/test", 303)


async def form_page(
    request: Request,
    session: Session,
    form: ReceiverForm,
    known: Subscription | None = None,
    faults: Sequence[Fault] = (),
    *,
    version: str = "",
    act: str = "",
    status: int = 200,
) -> Response:
    pages: Pages = request.app.state.pages
    return pages.render(
        request,
        "receiver.html",
        status=status,
        form=form,
        known=known,
        wrong=expected_by_field(request, faults),
        version=version,
        act=act,
        may_be_internal=may_be_internal(request.scope["principal"], known),
        people=await receiver_queries.people(session),
        rosters=await roster_queries.names(session),
        channel_of=channel_of,
        most_contacts=MOST_CONTACTS,
        usual_minutes=USUAL_WAIT_SECONDS // 60,
        longest_label=LONGEST_LABEL,
        longest_text=LONGEST_TEXT,
        highest_step=HIGHEST_STEP,
        **choices(request),
    )


def choices(request: Request) -> dict[str, Any]:
    places, language = request.app.state.places, language_of(request)
    oblasts = sorted((unit.label(language), unit.pcode) for unit in places.units(1))
    return {
        "kinds": list(ReceiverKind),
        "all_channels": list(DeliveryChannel),
        "all_statuses": STATUSES,
        "severities": SEVERITIES,
        "hazard_types": list(HazardType),
        "weekdays": DAYS,
        "oblasts": oblasts,
        "places": places,
    }


def secret_page(request: Request, receiver: Receiver, secret: str) -> Response:
    pages: Pages = request.app.state.pages
    return pages.render(request, "receiver-secret.html", receiver=receiver, secret=secret)


async def log(request: Request, session: Session, label: str, reason: str) -> None:
    entry = audit.entry_of(request, Action.RECEIVER_CHANGED, objects=[receiver_id(label)], reason=reason)
    await audit.add(session, entry)
