"""`dayar receiver` configures who receives alerts, through which channel, and in which step."""

import asyncio
from collections.abc import Awaitable, Callable
from email.headerregistry import Address
from typing import Annotated, NoReturn, TypeVar

import httpx
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table
from sqlalchemy.ext.asyncio import AsyncSession

from cli.transactions import within
from services.alerts import subscriptions
from services.alerts.config import AlertsSettings
from services.alerts.queries import receivers as receiver_queries
from services.alerts.receivers import Receiver
from services.alerts.secrets import WebhookSecrets
from services.alerts.subscriptions import ReceiverNotFound
from services.alerts.telegram import chats
from services.alerts.telegram.chats import Chat
from shared.country import COUNTRY
from shared.events.vocabulary import DeliveryChannel, Severity, Status
from shared.pages import LANGUAGES
from shared.places import Places

T = TypeVar("T")

app = typer.Typer(help="Receivers of alerts.", no_args_is_help=True, add_completion=False)
console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)

Label = Annotated[str, typer.Argument(help="What the receiver is called on the pages, e.g. `duty desk`.")]


@app.command()
def add(
    label: Label,
    address: Annotated[
        str, typer.Argument(help="A URL for a webhook, an e-mail address, or telegram:<chat id>[/<topic id>].")
    ],
    language: Annotated[str, typer.Option("--lang", help="ky, ru or en.")] = "ky",
    status: Annotated[list[Status], typer.Option(help="Which alerts: Actual, Exercise, Test.")] = [Status.ACTUAL],  # noqa: B006
    step: Annotated[
        int, typer.Option(min=0, max=20, help="Step 0 is notified first, higher steps if nobody acknowledges.")
    ] = 0,
    area: Annotated[list[str], typer.Option(help="P-codes; none = the whole country.")] = [],  # noqa: B006
    floor: Annotated[Severity, typer.Option(help="The lowest severity that is sent.")] = Severity.MINOR,
    internal: Annotated[
        bool | None,
        typer.Option(
            "--internal/--external",
            help="Whether it is the centre's own, and gets the texts of Restricted events too. "
            "Without this option, a new receiver is external, and a changed one stays as it is.",
        ),
    ] = None,
) -> None:
    """Add a receiver, or change it. A new webhook's secret is shown once."""
    settings = own_settings()
    statuses, areas = frozenset(status), tuple(area)
    receiver = Receiver(label, channel_of(address), address, language, statuses, step, areas, floor)
    check(receiver, settings)
    box = WebhookSecrets(settings.alerts_key_file)
    secret = run(settings, lambda session: subscriptions.put(session, receiver, box, is_internal=internal))
    console.print(f"[green]{escape(label)}[/] is notified by {receiver.channel} in step {step}.")
    show(secret)


@app.command()
def internal(label: Label) -> None:
    """Mark the receiver as the centre's own: it also gets the texts of Restricted and Private events."""
    run(own_settings(), lambda session: subscriptions.set_internal(session, label, is_internal=True))
    console.print(f"{escape(label)} is the centre's own receiver.")


@app.command()
def external(label: Label) -> None:
    """Mark the receiver as not the centre's own: it gets no texts of Restricted and Private events.

    The texts are also removed from messages that were not sent yet.
    """
    run(own_settings(), lambda session: subscriptions.set_internal(session, label, is_internal=False))
    console.print(f"{escape(label)} is not the centre's own receiver.")


@app.command()
def rotate(label: Label) -> None:
    """Generate another secret. The former secret also signs until `retire`."""
    settings = own_settings()
    box = WebhookSecrets(settings.alerts_key_file)
    show(run(settings, lambda session: subscriptions.rotate(session, label, box)))


@app.command()
def retire(label: Label) -> None:
    """Stop signing with the former secret."""
    run(own_settings(), lambda session: subscriptions.retire(session, label))
    console.print(f"The former secret of {escape(label)} is no longer used.")


@app.command()
def remove(label: Label) -> None:
    """Remove a receiver."""
    run(own_settings(), lambda session: subscriptions.remove(session, label))
    console.print(f"{escape(label)} is no longer notified.")


@app.command("list")
def list_all() -> None:
    """List the receivers."""
    titles = ("Step", "Label", "By", "Address", "Language", "Alerts", "Areas", "From", "Texts")
    table = Table(*(Column(title, overflow="fold") for title in titles))
    for receiver in run(own_settings(), receiver_queries.receivers):
        statuses, areas = ", ".join(sorted(receiver.statuses)), ", ".join(receiver.areas) or COUNTRY
        table.add_row(
            str(receiver.step),
            escape(receiver.label),
            receiver.channel,
            escape(receiver.address),
            LANGUAGES[receiver.language],
            statuses,
            areas,
            receiver.floor,
            "all" if receiver.is_internal else "Public",
        )
    console.print(table)


def channel_of(address: str) -> DeliveryChannel:
    if address.startswith(chats.PREFIX):
        return DeliveryChannel.TELEGRAM
    return DeliveryChannel.WEBHOOK if address.startswith(("https://", "http://")) else DeliveryChannel.EMAIL


def check(receiver: Receiver, settings: AlertsSettings) -> None:
    places = Places.load(settings.places_path)
    unknown = [area for area in receiver.areas if area != COUNTRY and places.unit(area) is None]
    if unknown:
        refuse(f"No such place: {', '.join(unknown)}.")
    if receiver.language not in LANGUAGES:
        refuse(f"One of {', '.join(LANGUAGES)} is expected as language.")
    if not is_address(receiver):
        refuse("An https:// address, an e-mail address or telegram:<chat id>[/<topic id>] is expected.")


def is_address(receiver: Receiver) -> bool:
    try:
        if receiver.channel is DeliveryChannel.WEBHOOK:
            return bool(httpx.URL(receiver.address).host)
        if receiver.channel is DeliveryChannel.TELEGRAM:
            return bool(Chat.of(receiver.address))
        return bool(Address(addr_spec=receiver.address).domain)
    except (httpx.InvalidURL, ValueError, IndexError):
        return False


def show(secret: str | None) -> None:
    if secret is not None:
        console.print(f"Its secret, shown only once: [bold]{secret}[/]")


def own_settings() -> AlertsSettings:
    return AlertsSettings().for_service("alerts")


def run(settings: AlertsSettings, deed: Callable[[AsyncSession], Awaitable[T]]) -> T:
    try:
        return asyncio.run(within("alerts", deed, settings))
    except ReceiverNotFound as error:
        refuse(f"There is no receiver called {error}.")


def refuse(why: str) -> NoReturn:
    errors.print(f"[bold red]Nothing was changed.[/] {escape(why)}")
    raise typer.Exit(1)
