"""`dayar audit` shows the security logs of all services in one list."""

import asyncio
from datetime import datetime
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from cli.transactions import within
from services.console.queries import accounts
from shared.audit import Action, Result
from shared.country import TIME_ZONE
from shared.events.topics import SERVICES
from shared.web.audit_routes import AuditEntryView, Wanted, entries

app = typer.Typer(
    help="Who did or tried what, from where, and with what result.", no_args_is_help=True, add_completion=False
)


@app.callback()
def group() -> None:
    """Shows who did something or tried to do it, from where, and with what result."""


@app.command("list")
def list_(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many of the newest entries.")] = 50,
    action: Annotated[Action | None, typer.Option(help="Only this action.")] = None,
    result: Annotated[Result | None, typer.Option(help="Only this result.")] = None,
    service: Annotated[list[str] | None, typer.Option(help="Only of these services.")] = None,
) -> None:
    """Print the newest entries first.

    The entries have ids, codes and, if a person stated a purpose, the text of the purpose.
    """
    asyncio.run(show(Wanted(limit=limit, action=action, result=result), service or list(SERVICES)))


async def show(wanted: Wanted, services: list[str]) -> None:
    of_services: list[tuple[str, AuditEntryView]] = []
    for service in services:

        async def read(session: AsyncSession) -> list[AuditEntryView]:
            return await entries(session, wanted)

        of_services += [(service, entry) for entry in await within(service, read)]
    newest = sorted(of_services, key=lambda pair: pair[1].at, reverse=True)[: wanted.limit]
    actors = [entry.account for _, entry in newest if entry.account]
    names = await within("console", lambda session: accounts.names(session, actors))
    for service, entry in newest:
        who = names.get(entry.account, str(entry.account)) if entry.account else "-"
        typer.echo(
            f"{clock(entry.at)}  {service:<8}  {entry.result:<7}  {entry.action:<16}  {who:<16}  "
            f"{entry.address or '-':<15}  {about(entry)}"
        )


def about(entry: AuditEntryView) -> str:
    return " ".join(filter(None, (entry.subject, entry.reason, *map(str, entry.objects[:3]))))


def clock(at: datetime) -> str:
    return f"{at.astimezone(TIME_ZONE):%Y-%m-%d %H:%M:%S}"
