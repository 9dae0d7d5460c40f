"""`dayar keys`: every kind of key, drawn anew, and an old one destroyed when nothing needs it any more."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.deciding import within
from deploy.provision import keys, record_keys, rotation
from deploy.provision.keys import CannotRetire
from deploy.provision.rotation import FOLLOWS, Kind
from services.alerts import behalf, subscriptions
from services.alerts.config import AlertsSettings
from services.console.config import ConsoleSettings
from services.console.queries import callers, second_factors
from services.intake.config import IntakeSettings
from services.registry import rewrap
from services.registry.config import RegistrySettings
from shared import keyring
from shared.auth import signing_key_id
from shared.config import Settings
from shared.events.topics import SERVICES

app = typer.Typer(help="The installation's keys, of every kind.", no_args_is_help=True)
Of = Annotated[Kind, typer.Option("--of", help="What the key is for.")]


@app.command("list")
def listed(of: Of = Kind.SEALING) -> None:
    """Each key of a kind, and when it was drawn."""
    settings = Settings()
    if of is Kind.RECORDS:
        for topic, newest, count in record_keys.listed(record_folders()):
            typer.echo(f"{topic:<32} {newest}  in use, of {count}")
        return
    with said():
        in_use, drawn = of_kind(of, settings)
    for kid, moment in drawn.items():
        typer.echo(f"{kid}  {moment:%Y-%m-%d %H:%M} UTC{'  in use' if kid == in_use else ''}")


def of_kind(of: Kind, settings: Settings) -> tuple[str, dict[str, datetime]]:
    """The key in use, and all there are with when they were drawn."""
    if of is Kind.SEALING:
        return keys.current(settings), keys.drawn(settings)
    folder = folders()[of]
    if of is Kind.TOKENS:
        files = (folder / "public").glob("*.pem")
        return signing_key_id(folder), {file.stem: datetime.fromtimestamp(file.stat().st_mtime, UTC) for file in files}
    known = keyring.known(folder)
    return max(known, default=""), {key_id: at(key_id) for key_id in known}


@app.command()
def rotate(of: Of = Kind.SEALING) -> None:
    """Draw a new key; the older ones stay for what they made."""
    os.umask(0o077)
    with said():
        if of is Kind.SEALING:
            kid = keys.rotate(Settings())
            typer.echo(
                f"{kid} is drawn; reports are sealed to it within 10 minutes, without a new start. Back it up apart, as the others."
            )
            return
        drawn = rotation.rotate(of, folders=folders(), records=record_folders())
    typer.echo(f"{' '.join(drawn)} drawn. {FOLLOWS[of]} Back it up apart, as the others.")


@app.command()
def retire(kid: Annotated[str, typer.Argument(help="As `dayar keys list` names it.")], of: Of = Kind.SEALING) -> None:
    """Destroy an old key, when nothing needs it any more."""
    with said():
        if of is Kind.SEALING:
            keys.retire(Settings(), kid, datetime.now(UTC))
        else:
            rotation.retire(of, kid, folders().get(of, Path()), uses=asyncio.run(uses(of, kid)))
    typer.echo(f"{kid} is destroyed here. Destroy its backups too.")


async def uses(of: Kind, kid: str) -> int:
    """How many rows are still under this key."""
    match of:
        case Kind.HOUSEHOLDS:
            return await within("registry", lambda session: rewrap.wrapped_by(session, kid))
        case Kind.CALLERS:
            noted = await within("console", lambda session: callers.sealed_by(session, kid))
            return noted + await within("console", lambda session: second_factors.sealed_by(session, kid))
        case Kind.RECEIVERS:
            receivers = await within("alerts", lambda session: subscriptions.sealed_by(session, kid))
            return receivers + await within("alerts", lambda session: behalf.sealed_by(session, kid))
    return 0


def folders() -> dict[Kind, Path]:
    registry = RegistrySettings()
    return {
        Kind.HOUSEHOLDS: registry.registry_kek_file,
        Kind.DIGESTS: registry.digest_key_file,
        Kind.CALLERS: ConsoleSettings().callers_key_file,
        Kind.RECEIVERS: AlertsSettings().alerts_key_file,
        Kind.MEMORY: IntakeSettings().memory_key_file,
        Kind.TOKENS: Settings().token_private_key_file.parent,
    }


def record_folders() -> record_keys.Folders:
    return {service: Path(Settings().for_service(service).record_keys) for service in SERVICES}


def at(key_id: str) -> datetime:
    """Ids begin with the second they were drawn at."""
    return datetime.fromtimestamp(int(key_id[:8], 16), UTC)


@contextmanager
def said() -> Iterator[None]:
    """What stands in the way is told in a line."""
    try:
        yield
    except CannotRetire as error:
        raise typer.BadParameter(str(error)) from None
