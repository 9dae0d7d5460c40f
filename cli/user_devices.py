"""`dayar user` for phones: lists them, signs a lost phone out, and accepts the reports of a team without sign-ins."""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Column, Table
from sqlalchemy.ext.asyncio import AsyncSession

from cli.refusals import refuse
from cli.user_changes import Name, entry, noted, run
from services.console.administration import keeping
from services.console.administration.keeping import SignInNotFound
from services.console.queries import accounts as queries
from services.console.queries import sign_ins
from services.console.queries.sign_ins import Device
from services.console.sign_in import credentials
from shared.audit import Action
from shared.messaging import outbox


def devices(name: Name) -> None:
    """List the phones that an account is signed in on, last contact first."""

    async def do(session: AsyncSession, now: datetime) -> list[Device]:
        return await sign_ins.devices(session, await queries.locked_by_name(session, name), now)

    title = Column("Device", no_wrap=True)  # the id is shown whole, because `user forget` needs it
    table = Table(title, "First sign-in", "Last contact", "State", box=None, padding=(0, 1))
    for device in run(do):
        state = "ended" if device.is_ended else f"until {device.expires_at:%Y-%m-%d}"
        table.add_row(str(device.device), f"{device.first_at:%Y-%m-%d}", f"{device.seen_at:%Y-%m-%d}", state)
    Console().print(table)


def forget(name: Name, device: Annotated[UUID, typer.Argument(help="As `dayar user devices` prints it.")]) -> None:
    """Sign out one lost phone, within seconds. The account's other phones stay signed in."""

    async def do(session: AsyncSession, now: datetime) -> None:
        await keeping.forget(session, await queries.locked_by_name(session, name), device, now, entry)

    try:
        run(do)
    except SignInNotFound:
        refuse(f"{name} never signed in on that device.")


def readmit(
    team: Annotated[UUID, typer.Argument(help="As `dayar user list` prints it.")],
    days: Annotated[int, typer.Option(min=1, max=30, help="For how many days.")] = 7,
) -> None:
    """Accept a field team's reports as usual, although its phones' sign-ins have ended.

    Revoked sign-ins and tokens stay revoked.
    """

    async def do(session: AsyncSession, now: datetime) -> None:
        if team not in {account.team for account in await queries.everyone(session)}:
            refuse("No account is of this team.")
        await outbox.add(session, credentials.readmit(team, now, now + timedelta(days=days)))
        await noted(session, Action.RIGHTS_CHANGED, team, reason="readmitted")

    run(do)
    typer.echo("Decide about reports held earlier with `dayar held`.")
