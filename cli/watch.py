"""`dayar watch` monitors the installation.

The command notifies the administrators without using Kafka or PostgreSQL.
"""

import asyncio

import typer

from deploy.watch import __main__ as watching
from deploy.watch import messages, paths
from deploy.watch.paths import NotDelivered, Path
from deploy.watch.settings import WatchSettings
from shared.outbound import Outbound

app = typer.Typer(
    help="Monitor the installation, and tell the administrators.", invoke_without_command=True, add_completion=False
)


@app.callback()
def watch(context: typer.Context) -> None:
    """Monitor the installation until Ctrl-C. `make run` and the containers start the command by themselves."""
    if context.invoked_subcommand is None:
        watching.run()


@app.command("test")
def send_test_message() -> None:
    """Send a test message to WATCH_MAIL_TO and WATCH_WEBHOOK."""
    settings = WatchSettings().for_service("watch")
    if settings.exercise:
        refuse("This installation is an exercise, which sends nothing outside: its findings are in `dayar status`.")
    failures = asyncio.run(tried(settings))
    if not failures:
        refuse("Nobody would be told: set WATCH_MAIL_TO (with ALERTS_SMTP_HOST) or WATCH_WEBHOOK.")
    for name, failure in failures.items():
        typer.echo(f"{name}: {f'not delivered ({failure})' if failure else 'delivered'}")
    if any(failures.values()):
        raise typer.Exit(1)


async def tried(settings: WatchSettings) -> dict[str, str | None]:
    """Maps each path to None, or to the reason of its failure."""
    message = messages.trial_message(settings.watch_language, settings.public_url)
    async with Outbound(settings) as outbound:
        return {path.name: await failure_of(path, message) for path in paths.of(settings, outbound)}


async def failure_of(path: Path, message: messages.Message) -> str | None:
    try:
        await path.send(message)
    except NotDelivered as error:
        return error.reason
    return None


def refuse(sentence: str) -> None:
    typer.echo(sentence, err=True)
    raise typer.Exit(1)
