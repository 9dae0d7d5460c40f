"""`dayar backup` writes a whole installation into one encrypted file while the installation runs."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from deploy.backup import archive, making, stores
from deploy.backup.messages import Refused
from deploy.backup.settings import AdminSettings, BackupSettings, Installation
from services.console.checks import CheckName, InstallationCheck
from shared.config import Settings

app = typer.Typer(
    help="Back up everything, encrypted, while it runs.", invoke_without_command=True, add_completion=False
)


@app.callback()
def backup(context: typer.Context) -> None:
    """Back up the whole installation to BACKUP_TO, encrypted to BACKUP_RECIPIENT, while the installation runs."""
    if context.invoked_subcommand is not None:
        return
    settings = BackupSettings()
    with refusals_shown():
        name = asyncio.run(made(settings))
        typer.echo(f"{name}  {stores.of(settings).size(name):,} bytes, in {settings.to}")


async def made(settings: BackupSettings) -> str:
    subject, now = installation(settings), datetime.now(UTC)
    making.check(settings, subject.folders.values())
    try:
        name = await making.back_up(subject, settings, now)
    except making.FAULTS:
        await making.note(subject, InstallationCheck(CheckName.BACKUP, now, is_well=False))
        raise
    await making.note(subject, InstallationCheck(CheckName.BACKUP, now, is_well=True))
    return name


@app.command("list")
def listed() -> None:
    """List the backups, oldest first."""
    with refusals_shown():
        store = stores.of(BackupSettings())
        for name in store.names():
            typer.echo(f"{name}  {store.size(name):,} bytes")


@app.command()
def key(
    file: Annotated[Path, typer.Argument(help="Where the private key is written: on a medium that stays elsewhere.")],
) -> None:
    """Generate a pair of keys. The private key opens backups, and is needed for a restore only."""
    if file.exists():
        raise typer.BadParameter(f"{file} exists already; no key was generated.")
    public = archive.draw(file)
    typer.echo(f"BACKUP_RECIPIENT={public}")
    typer.echo(f"Keep {file} and a copy of it away from this machine: without it no backup can be opened.", err=True)


def installation(settings: BackupSettings) -> Installation:
    return Installation.read(Settings(), settings, AdminSettings())


@contextmanager
def refusals_shown() -> Iterator[None]:
    try:
        yield
    except Refused as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
