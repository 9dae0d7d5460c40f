"""`dayar restore` restores a backup, on this machine or on an empty machine."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import gettempdir
from typing import Annotated, Any

import typer

from cli import acts
from cli.backup import refusals_shown
from deploy.backup import archive, restoring, stores
from deploy.backup.restoring import Opened, Report
from deploy.backup.settings import BackupSettings
from deploy.local import options
from deploy.local.messages import CannotStart
from deploy.local.staging import staging
from deploy.local.terminal import Terminal
from shared.audit import Result

app = typer.Typer(help="Restore a backup.", add_completion=False)


@app.command()
def main(
    backup: Annotated[str, typer.Argument(help="A file, or a name that `dayar backup list` prints.")],
    key: Annotated[Path, typer.Option(help="The private key's file, as `dayar backup key` wrote it.", exists=True)],
    check: Annotated[bool, typer.Option(help="Only decrypt the backup, and print what it contains.")] = False,
) -> None:
    """Restore a backup into the folder STATE= while the servers of this installation are stopped.

    The former contents of the folder are moved aside and kept.
    """
    os.umask(0o077)
    # the signal raises KeyboardInterrupt, so that `staging` removes its files
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    with refusals_shown(), start_errors_shown(), source(backup) as file:
        identities = archive.identities(key)
        if check:
            root = options.read().root
            with staging(root if root.exists() else Path(gettempdir())) as folder:
                typer.echo(summary(restoring.open_backup(file, identities, folder)))
            return
        from deploy.local.restore import restore  # noqa: PLC0415 - it starts servers, which no image has

        restored = restore(file, identities, options.read(), datetime.now(UTC), Terminal(), then=noted)
        typer.echo(conclusion(restored.opened, restored.report, str(restored.state), restored.aside))
        settings = restored.state / "settings"
        if settings.exists() and settings.read_text(encoding="utf-8"):
            typer.echo(
                f"The installation ran with the settings in {settings}: use the same settings at the next start."
            )


def noted() -> None:
    acts.note(["restore"], result=Result.DONE)


@contextmanager
def source(backup: str) -> Iterator[Any]:
    if Path(backup).is_file():
        with Path(backup).open("rb") as file:
            yield file
    else:
        with stores.of(BackupSettings()).reading(backup) as file:
            yield file


@contextmanager
def start_errors_shown() -> Iterator[None]:
    try:
        yield
    except CannotStart as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


def summary(opened: Opened) -> str:
    rows = opened.manifest["rows"]
    held = ", ".join(f"{count:,} {table}" for table, count in sorted(rows.items()) if count and table in SUMMARISED)
    return (
        f"Made {opened.made_at:%Y-%m-%d %H:%M} UTC, {opened.manifest['kind']}, whole: "
        f"{sum(rows.values()):,} rows; {held or 'no reports'}."
    )


SUMMARISED = ("registry.households", "registry.groups", "registry.reports", "alerts.alerts", "console.accounts")


def conclusion(opened: Opened, report: Report, into: str, aside: list[Path]) -> str:
    lines = [summary(opened), f"Restored into {into}."]
    lines += [f"What stood there is kept in {folder}; remove it when all is well." for folder in aside]
    if report.new_topics:
        lines.append(
            f"Kafka's log is a new one. {report.published} records that were on it at the backup, "
            "not read yet or set aside, are back on it. "
            f"Reports accepted after {opened.made_at:%Y-%m-%d %H:%M} UTC are lost: "
            "tell the senders to send again what they sent since."
        )
    else:
        lines.append("Kafka's log is the same: what came after the backup is read again at the next start.")
    return "\n".join(lines)
