"""`dayar keys`: the pairs that reports are sealed to."""

import os
from datetime import UTC, datetime
from typing import Annotated

import typer

from deploy.provision import keys
from deploy.provision.keys import CannotRetire
from shared.config import Settings

app = typer.Typer(help="The keys that reports are sealed to.", no_args_is_help=True)


@app.command("list")
def listed() -> None:
    """Each private key, and when it was drawn."""
    settings = Settings()
    try:
        in_use = keys.current(settings)
    except CannotRetire as error:
        raise typer.BadParameter(str(error)) from None
    for kid, at in keys.drawn(settings).items():
        typer.echo(f"{kid}  {at:%Y-%m-%d %H:%M} UTC{'  in use' if kid == in_use else ''}")


@app.command()
def rotate() -> None:
    """Draw a new pair; the older private keys stay."""
    os.umask(0o077)
    try:
        kid = keys.rotate(Settings())
    except CannotRetire as error:
        raise typer.BadParameter(str(error)) from None
    typer.echo(
        f"{kid} is drawn; reports are sealed to it within 10 minutes, without a new start. Back it up apart, as the others."
    )


@app.command()
def retire(kid: Annotated[str, typer.Argument(help="As `dayar keys list` names it.")]) -> None:
    """Destroy an old private key, when no report can carry it any more."""
    try:
        keys.retire(Settings(), kid, datetime.now(UTC))
    except CannotRetire as error:
        raise typer.BadParameter(str(error)) from None
    typer.echo(f"{kid} is destroyed here. Destroy its backups too.")
