"""`dayar receiver` configures who receives alerts, through which channel, and in which step."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.markup import escape
from sqlalchemy.ext.asyncio import AsyncSession

from cli.receiver_changes import change_and_note, note, own_settings, refuse, run
from cli.receiver_lists import everything, lines
from cli.receiver_options import (
    Account,
    Address,
    After,
    Areas,
    DutyHead,
    Floor,
    Hazards,
    Hours,
    Internal,
    Kind,
    Label,
    Language,
    Organisation,
    Post,
    RosterName,
    Statuses,
    Step,
    Then,
)
from services.alerts.config import AlertsSettings
from services.alerts.delivery.states import DeliveryState
from services.alerts.queries import contacts as contact_queries
from services.alerts.queries import receivers as receiver_queries
from services.alerts.queries import rosters as roster_queries
from services.alerts.receivers import subscriptions
from services.alerts.receivers import trials as receiver_trials
from services.alerts.receivers.checks import contact_of, faults, roster_faults
from services.alerts.receivers.receivers import Contact, Receiver, ReceiverKind
from services.alerts.receivers.secrets import WebhookSecrets
from shared.events.vocabulary import DeliveryChannel, HazardType, Severity, Status
from shared.places import Places

app = typer.Typer(help="Receivers of alerts.", no_args_is_help=True, add_completion=False)
console = Console(highlight=False)
LONGEST_TEST_SECONDS = 30


@app.command()
def add(
    label: Label,
    address: Address,
    language: Language = None,
    status: Statuses = None,
    step: Step = None,
    area: Areas = None,
    floor: Floor = None,
    internal: Internal = None,
    kind: Kind = None,
    organisation: Organisation = None,
    post: Post = None,
    account: Account = None,
    hazard: Hazards = None,
    hours: Hours = None,
    roster: RosterName = None,
    duty_head: DutyHead = None,
    then: Then = None,
    after: After = None,
) -> None:
    """Add a receiver, or replace it. A new webhook's secret is shown once."""
    first = contact_of(address)
    usual = ReceiverKind.SYSTEM if first.channel is DeliveryChannel.WEBHOOK else ReceiverKind.POST
    changes = changed(
        language,
        status,
        step,
        area,
        floor,
        kind or usual,
        organisation,
        post,
        account,
        hazard,
        hours,
        roster,
        duty_head,
    )
    put(Receiver(label, first.channel, first.address, **changes), internal, then or [], after)


@app.command()
def change(
    label: Label,
    address: Annotated[str | None, typer.Option(help="Another address.")] = None,
    language: Language = None,
    status: Statuses = None,
    step: Step = None,
    area: Areas = None,
    floor: Floor = None,
    internal: Internal = None,
    kind: Kind = None,
    organisation: Organisation = None,
    post: Post = None,
    account: Account = None,
    hazard: Hazards = None,
    hours: Hours = None,
    roster: RosterName = None,
    duty_head: DutyHead = None,
    every_hazard: Annotated[bool, typer.Option("--every-hazard", help="Get alerts about all hazards again.")] = False,
    every_hour: Annotated[bool, typer.Option("--every-hour", help="Get alerts at every hour again.")] = False,
    no_roster: Annotated[bool, typer.Option("--no-roster", help="Name no roster any more.")] = False,
    then: Then = None,
    after: After = None,
    only_first: Annotated[bool, typer.Option("--only-first", help="Remove all contacts after the first.")] = False,
) -> None:
    """Change those settings of a receiver for which a value is given, and keep the other settings."""
    changes = changed(
        language, status, step, area, floor, kind, organisation, post, account, hazard, hours, roster, duty_head
    )
    first = None if address is None else contact_of(address)
    changes |= {"address": first.address, "channel": first.channel} if first is not None else {}
    changes |= {"hazards": ()} if every_hazard else {}
    changes |= {"hours": ()} if every_hour else {}
    changes |= {"roster": None} if no_roster else {}
    known = run(own_settings(), lambda session: subscriptions.receiver(session, label))
    put(replace(known, **changes), internal, [] if only_first else then, after)


def changed(
    language: str | None,
    statuses: list[Status] | None,
    step: int | None,
    areas: list[str] | None,
    floor: Severity | None,
    kind: ReceiverKind | None,
    organisation: str | None,
    post: str | None,
    account: UUID | None,
    hazards: list[HazardType] | None,
    hours: list[str] | None,
    roster: str | None,
    is_duty_head: bool | None,
) -> dict[str, Any]:
    stated = {
        "language": language,
        "statuses": frozenset(statuses) if statuses else None,
        "step": step,
        "areas": tuple(areas) if areas else None,
        "floor": floor,
        "kind": kind,
        "organisation": organisation,
        "post": post,
        "account_id": account,
        "hazards": tuple(hazards) if hazards else None,
        "hours": tuple(hours) if hours else None,
        "roster": roster,
        "is_duty_head": is_duty_head,
    }
    return {name: value for name, value in stated.items() if value is not None}


def put(receiver: Receiver, internal: bool | None, then: list[str] | None, after: list[int] | None) -> None:
    settings = own_settings()
    further = None if then is None else [contact_of(address) for address in then]
    if after is not None:
        if not further or len(after) not in (1, len(further)):
            refuse("One --after is expected for all contacts, or one for each --then.")
        first, *others = after if len(after) == len(further) else after * len(further)
        receiver = replace(receiver, wait_seconds=first * 60)
        waits = [*(minutes * 60 for minutes in others), None]
        further = [replace(contact, wait_seconds=wait) for contact, wait in zip(further, waits, strict=True)]
    check(receiver, further or (), settings, run(settings, roster_queries.names))
    box = WebhookSecrets(settings.alerts_key_file)

    async def store(session: AsyncSession) -> str | None:
        known = await receiver_queries.receivers(session)
        secret = await subscriptions.put(session, receiver, box, further=further, is_internal=internal)
        is_known = receiver.label in [other.label for other in known]
        await note(session, receiver.label, "changed" if is_known else "added")
        return secret

    secret = run(settings, store)
    alerts = " and ".join(sorted(receiver.statuses))
    by = f"by {receiver.channel} in step {receiver.step}"
    console.print(f"[green]{escape(receiver.label)}[/] is notified {by} of {alerts} alerts.")
    for contact in further or ():
        console.print(f"Then by {contact.channel} to {escape(contact.address)}.")
    show(secret)


@app.command()
def internal(label: Label) -> None:
    """Mark the receiver as the centre's own: it also gets the texts of Restricted and Private events."""
    change_and_note(label, "changed: is_internal", partial(subscriptions.set_internal, label=label, is_internal=True))
    console.print(f"{escape(label)} is the centre's own receiver.")


@app.command()
def external(label: Label) -> None:
    """Mark the receiver as not the centre's own: it gets no texts of Restricted and Private events.

    The texts are also removed from messages that were not sent yet.
    """
    change_and_note(label, "changed: is_internal", partial(subscriptions.set_internal, label=label, is_internal=False))
    console.print(f"{escape(label)} is not the centre's own receiver.")


@app.command()
def rotate(label: Label) -> None:
    """Generate a new secret. Messages are signed with both secrets until you run `retire`."""
    box = WebhookSecrets(own_settings().alerts_key_file)
    show(change_and_note(label, "secret_rotated", partial(subscriptions.rotate, label=label, box=box)))


@app.command()
def retire(label: Label) -> None:
    """Stop signing messages with the former secret of a receiver."""
    change_and_note(label, "secret_retired", partial(subscriptions.retire, label=label))
    console.print(f"The former secret of {escape(label)} is no longer used.")


@app.command()
def remove(label: Label) -> None:
    """Remove a receiver."""
    change_and_note(label, "removed", partial(subscriptions.remove, label=label))
    console.print(f"{escape(label)} is no longer notified.")


@app.command()
def test(label: Label) -> None:
    """Send a test message to each contact, wait for half a minute at most, and say what happened to each message."""
    settings = own_settings()

    async def send(session: AsyncSession) -> None:
        receiver = await subscriptions.receiver(session, label)
        further = await contact_queries.further(session, [label])
        await receiver_trials.send(session, receiver, further.get(label, ()), datetime.now(UTC))
        await note(session, label, "tested")

    run(settings, send)
    ends_at = time.monotonic() + LONGEST_TEST_SECONDS
    while True:
        deliveries = run(settings, lambda session: receiver_trials.results(session, label))
        if all(delivery["settled_at"] for delivery in deliveries) or time.monotonic() > ends_at:
            break
        time.sleep(1)
    for delivery in deliveries:
        console.print(f"{delivery['channel']}: {outcome(delivery)}")


def outcome(delivery: Mapping[str, Any]) -> str:
    reason = delivery["reason"] or "not sent yet: does the worker of the alerts run?"
    state = delivery["state"]
    return f"{'[red]failed[/]' if state is DeliveryState.FAILED else f'[green]{state}[/]'} ({reason})"


@app.command("list")
def list_all() -> None:
    """List the receivers with their contacts and conditions."""
    receivers, further = run(own_settings(), everything)
    for receiver in receivers:
        for line in lines(receiver, further.get(receiver.label, ())):
            typer.echo(line)


def check(receiver: Receiver, further: Sequence[Contact], settings: AlertsSettings, rosters: Sequence[str]) -> None:
    wrong = [*faults(receiver, further, Places.load(settings.places_path)), *roster_faults(receiver, rosters)]
    if wrong:
        refuse(" ".join(map(str, wrong)))


def show(secret: str | None) -> None:
    if secret is not None:
        console.print(f"Its secret, shown only once: [bold]{secret}[/]")
