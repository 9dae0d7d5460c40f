"""`dayar keys`: the pairs that reports are sealed to."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
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
    with said():
        in_use = keys.current(settings)
    for kid, at in keys.drawn(settings).items():
        typer.echo(f"{kid}  {at:%Y-%m-%d %H:%M} UTC{'  in use' if kid == in_use else ''}")


@app.command()
def rotate() -> None:
    """Draw a new pair; the older private keys stay."""
    os.umask(0o077)
    with said():
        kid = keys.rotate(Settings())
    typer.echo(
        f"{kid} is drawn; reports are sealed to it within 10 minutes, without a new start. Back it up apart, as the others."
    )


@app.command()
def retire(kid: Annotated[str, typer.Argument(help="As `dayar keys list` names it.")]) -> None:
    """Destroy an old private key, when no report can carry it any more."""
    with said():
        keys.retire(Settings(), kid, datetime.now(UTC))
    typer.echo(f"{kid} is destroyed here. Destroy its backups too.")


@contextmanager
def said() -> Iterator[None]:
    """What stands in the way is told in a line."""
    try:
        yield
    except CannotRetire as error:
        raise typer.BadParameter(str(error)) from None
