"""Ends a command that cannot do its work, and prints the reason."""

from typing import NoReturn

import typer


def refuse(text: str) -> NoReturn:
    typer.echo(text, err=True)
    raise typer.Exit(1)


def refuse_change(why: str) -> NoReturn:
    refuse(f"Nothing was changed. {why}")
