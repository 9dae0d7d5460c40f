"""Serves the handover sheet of a shift, which people print and sign. Records who handed over to whom."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from services.alerts.acts import assignees
from services.alerts.alert_page import event_of
from services.alerts.alerts import Alert
from services.alerts.delivery import listings
from services.alerts.delivery.messages import Messages
from services.alerts.delivery.notices import Content
from services.alerts.delivery.state_lines import state_line
from services.alerts.message_templates.keeping import CurrentMessages
from services.alerts.notifications.plans import NotificationPlan
from services.alerts.pages import outcome_of
from services.alerts.queries import plans as plan_queries
from services.alerts.queries import policies as policy_queries
from services.alerts.queries import shift_handovers as handover_queries
from services.alerts.queries import silences as silence_queries
from services.alerts.receivers.receivers import Receiver
from services.alerts.rosters import board_lines
from services.alerts.shift_handovers.shift_handovers import LONGEST_NOTES, ShiftHandover
from shared import audit, log
from shared.audit import Action
from shared.auth import tokens
from shared.auth.tokens import Principal
from shared.pages import Pages, language_of
from shared.pages.terms import N_
from shared.pages.typed_forms import Fault, TypedForm, expected_by_field, typed_of
from shared.postgres.database import Session

router = APIRouter(include_in_schema=False)
Caller = Annotated[Principal, Depends(tokens.current)]
HOME = "/alerts/shift-handover"
# For this time after a handover, the signature lines show the names from that handover.
SIGNED_WITHIN = timedelta(hours=2)
NO_PERSON = N_("Choose the person who takes over the shift.")
TOO_LONG = N_("Notes of at most %(most)s characters are expected.")


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """`state` says who acted on the alert, or is "" if nobody acted."""

    alert: Alert
    title: str
    state: str


@dataclass(frozen=True, slots=True)
class UndeliveredMessage:
    """If this release cannot read the stored content, `title` is None. `outcome` is the last attempt's result."""

    created_at: datetime
    recipient: str
    channel: str
    title: str | None
    outcome: str | None


@router.get("/shift-handover")
async def sheet(request: Request, session: Session, caller: Caller, messages: CurrentMessages) -> Response:
    return await page(request, session, caller, messages, TypedForm({}))


@router.post("/shift-handover")
async def hand_over(request: Request, session: Session, caller: Caller, messages: CurrentMessages) -> Response:
    """Records who hands over to whom. Stores the notes of the shift."""
    form, now = TypedForm(typed_of(await request.form())), datetime.now(UTC)
    plan = await plan_queries.plan(session, now)
    person = next(
        (receiver for receiver in people(request, plan, caller) if str(receiver.account_id) == form.value("to")), None
    )
    faults = [Fault("to", NO_PERSON)] if person is None else []
    if len(form.value("notes")) > LONGEST_NOTES:
        faults.append(Fault("notes", TOO_LONG, {"most": LONGEST_NOTES}))
    if faults or person is None or person.account_id is None:
        return await page(request, session, caller, messages, form, faults, status=422)
    handover = ShiftHandover(
        handover_id=uuid4(),
        handed_over_at=now,
        from_account=caller.account,
        from_name=caller.name,
        to_account=person.account_id,
        to_name=person.label,
        areas=caller.areas,
        notes=form.value("notes").replace("\0", " "),
    )
    await handover_queries.add(session, handover, request.app.state.box)
    objects: list[UUID] = [handover.handover_id, handover.to_account]
    await audit.add(session, audit.entry_of(request, Action.SHIFT_HANDED_OVER, objects=objects))
    return RedirectResponse(HOME, 303)


def people(request: Request, plan: NotificationPlan, caller: Principal) -> list[Receiver]:
    """Returns the people on duty first, then the others by name."""
    on_duty = {label for labels in plan.on_duty(datetime.now(UTC)).values() for label in labels}
    able = (person for person in assignees.able(plan, request.app.state.access) if person.account_id != caller.account)
    return sorted(able, key=lambda receiver: (receiver.label not in on_duty, receiver.label.casefold()))


async def page(
    request: Request,
    session: Session,
    caller: Principal,
    messages: CurrentMessages,
    form: TypedForm,
    faults: Sequence[Fault] = (),
    *,
    status: int = 200,
) -> Response:
    state, now, language = request.app.state, datetime.now(UTC), language_of(request)
    pages: Pages = state.pages
    areas = listings.visible(caller, state.places)
    alerts = await handover_queries.open_alerts(session, areas)
    undelivered = await handover_queries.undelivered(session, areas, now)
    last = await handover_queries.newest(session, caller.areas, state.box)
    plan = await plan_queries.plan(session, now)
    return pages.render(
        request,
        "shift-handover.html",
        status=status,
        form=form,
        wrong=expected_by_field(request, faults),
        now=now,
        rows=[row_of(alert, request, language) for alert in alerts],
        most_alerts=handover_queries.MOST_ALERTS,
        undelivered=[undelivered_message(delivery, messages, pages, language) for delivery in undelivered],
        most_deliveries=handover_queries.MOST_DELIVERIES,
        duty_lines=await board_lines.duty_lines(session, now),
        computed_until=now + board_lines.SHOWN_AHEAD,
        silences=await silence_queries.not_ended(session, now),
        policies=await policy_queries.policies(session),
        last=last,
        signers=signers(last, caller, now),
        people=people(request, plan, caller),
        longest_notes=LONGEST_NOTES,
        places=state.places,
    )


def row_of(alert: Alert, request: Request, language: str) -> OpenAlert:
    return OpenAlert(alert, request.app.state.texts.title(event_of(alert), language), state_line(alert, language))


def undelivered_message(
    delivery: Mapping[str, Any], messages: Messages, pages: Pages, language: str
) -> UndeliveredMessage:
    tried = delivery["tried"]
    return UndeliveredMessage(
        delivery["created_at"],
        delivery["recipient"],
        delivery["channel"],
        title_of(delivery, messages, language),
        outcome_of(tried[-1]["reason"], pages, language) if tried else None,
    )


def title_of(delivery: Mapping[str, Any], messages: Messages, language: str) -> str | None:
    """Returns None if the content is unreadable, because the sheet must show the other messages."""
    try:
        content = Content.model_validate_json(delivery["content"])
    except ValidationError:
        log.get().error("delivery unreadable", delivery_id=str(delivery["delivery_id"]))
        return None
    return messages.texts.subject(content.data, delivery["cause"], language)


def signers(last: ShiftHandover | None, caller: Principal, now: datetime) -> tuple[str, str]:
    """As long as the handover is not recorded, the second name is ""."""
    if last is not None and last.handed_over_at > now - SIGNED_WITHIN:
        return last.from_name, last.to_name
    return caller.name, ""
