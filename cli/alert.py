"""`dayar alert notified` shows who was notified of an alert, who was not notified, and why."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncSession

from cli.refusals import refuse
from cli.transactions import within
from services.alerts.alerts import Alert
from services.alerts.delivery import listings
from services.alerts.notifications import omissions
from services.alerts.notifications.omissions import OmittedReceiver
from services.alerts.queries import alerts as alert_queries
from shared.country import TIME_ZONE

app = typer.Typer(help="Alerts.", no_args_is_help=True, add_completion=False)
Row = tuple[str, str, str, str, str]


@app.callback()
def alerts() -> None:
    """Alerts."""


@app.command()
def notified(alert_id: Annotated[UUID, typer.Argument(help="The id in the address of the alert's page.")]) -> None:
    """Show for each recipient and channel whether the alert was sent, delivered, read or answered.

    If the alert was not sent or not delivered, show the reason.
    """

    async def read(session: AsyncSession) -> tuple[Alert | None, Sequence[Mapping[str, Any]], list[OmittedReceiver]]:
        alert = await alert_queries.alert(session, alert_id)
        deliveries = await listings.deliveries(session, alert_id=alert_id)
        return alert, deliveries, await omissions.of(session, alert_id)

    alert, deliveries, omitted = asyncio.run(within("alerts", read))
    if alert is None:
        refuse("There is no such alert.")
    table = Table("When", "Recipient", "Channel", "State", "Why")
    for row in sorted([*of_deliveries(deliveries), *of_omitted(omitted)]):
        table.add_row(*map(escape, row))
    Console().print(table)


def of_deliveries(deliveries: Sequence[Mapping[str, Any]]) -> Iterator[Row]:
    for delivery in deliveries:
        why = delivery["reason"] or ""
        if until := delivery.get("suppressed_until"):
            why = f"{delivery['suppressed_by']} until {until.astimezone(TIME_ZONE):%H:%M}"
        yield (local(delivery["created_at"]), delivery["recipient"], delivery["channel"], delivery["state"], why)


def of_omitted(omitted: Sequence[OmittedReceiver]) -> Iterator[Row]:
    for omission in omitted:
        why = (
            f"{omission.rule}, {omission.muted_by}"
            if omission.rule and omission.muted_by
            else omission.rule or omission.omission
        )
        yield (local(omission.decided_at), omission.recipient, omission.channel or "", omission.state, why)


def local(at: Any) -> str:
    return f"{at.astimezone(TIME_ZONE):%Y-%m-%d %H:%M}"
