"""`dayar grant` permits another system to read the restricted hazards of its areas."""

from datetime import datetime
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from cli.refusals import refuse
from cli.user import check_areas
from cli.user_changes import Name, noted, run
from services.console.queries import accounts as queries
from services.console.sign_in import accounts
from shared.audit import Action

app = typer.Typer(help="Restricted hazards that another system may read.", no_args_is_help=True, add_completion=False)


@app.command()
def hazards(
    name: Name,
    area: Annotated[
        list[str], typer.Option(help="A P-code. The areas from now on; KG is the whole country.", show_default=False)
    ],
) -> None:
    """Let another system read the Restricted hazards of these areas, but not their texts.

    The other system cannot read Private hazards.
    """
    check_areas(area)

    async def do(session: AsyncSession, _: datetime) -> None:
        account = await queries.locked_by_name(session, name)
        if not accounts.is_integration(account) or account.disabled_at:
            refuse(f"{name} is not an active integration account.")
        account.hazard_areas = sorted(set(area))
        await noted(session, Action.RIGHTS_CHANGED, account.account_id, reason=f"hazards-granted: {', '.join(area)}")

    run(do)
    typer.echo(f"{name} may read the Restricted hazards of {', '.join(area)}.")


@app.command()
def withdraw(name: Name) -> None:
    """Withdraw the grant. The account's streams of restricted hazards end within seconds."""

    async def do(session: AsyncSession, _: datetime) -> None:
        account = await queries.locked_by_name(session, name)
        if not account.hazard_areas:
            refuse(f"No restricted hazards are granted to {name}.")
        account.hazard_areas = []
        await noted(session, Action.RIGHTS_CHANGED, account.account_id, reason="hazards-grant-withdrawn")

    run(do)
    typer.echo(f"{name} may no longer read restricted hazards.")
