"""`dayar keys` generates keys of every kind, and destroys an old key that no data needs any more."""

import asyncio
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.transactions import within
from deploy.provision import keys, record_keys, rotation
from deploy.provision.keys import OVER, CannotRetire
from deploy.provision.rotation import FOLLOWS, Kind
from services.alerts.acts import behalf
from services.alerts.config import AlertsSettings
from services.alerts.queries import sealed_rows
from services.alerts.receivers import subscriptions
from services.console.config import ConsoleSettings
from services.console.queries import callers, sealed_texts
from services.intake import phone_key_uses
from services.intake.config import IntakeSettings
from services.registry import digests, rewrap
from services.registry.config import RegistrySettings
from services.registry.search import renewal as search_renewal
from shared.auth.signer import signing_key_id
from shared.config import Settings
from shared.crypto import keyring, seal
from shared.crypto.keyring import UnknownKey
from shared.events import TOPICS, CredentialRevoked
from shared.events.envelope import SIGNATURE
from shared.events.topics import KEY_HOLDERS, SERVICES
from shared.failures import SetAside
from shared.messaging import kafka
from shared.messaging.dead_letters import DEAD_SIGNATURE
from shared.messaging.signatures import RecordVerifier

app = typer.Typer(help="The installation's keys, of every kind.", no_args_is_help=True, add_completion=False)
Of = Annotated[Kind, typer.Option("--of", help="What the key is for.")]


@app.command("list")
def listed(of: Of = Kind.SEALING) -> None:
    """List the keys of a kind, and when each was generated."""
    settings = Settings()
    if of is Kind.RECORDS:
        for topic, key_ids in record_keys.known(record_folders()).items():
            for key_id in key_ids:
                typer.echo(f"{topic:<32} {line(key_id, keyring.drawn_at(key_id), is_used=key_id == key_ids[-1])}")
        return
    with refusals_shown():
        in_use, drawn = of_kind(of, settings)
    for kid, moment in drawn.items():
        typer.echo(line(kid, moment, is_used=kid == in_use))


def line(kid: str, moment: datetime, *, is_used: bool) -> str:
    return f"{kid}  {moment:%Y-%m-%d %H:%M} UTC{'  in use' if is_used else ''}"


def of_kind(of: Kind, settings: Settings) -> tuple[str, dict[str, datetime]]:
    if of is Kind.SEALING:
        return keys.current(settings), keys.drawn(settings)
    folder = folders()[of]
    if of is Kind.TOKENS:
        files = (folder / "public").glob("*.pem")
        return signing_key_id(folder), {file.stem: datetime.fromtimestamp(file.stat().st_mtime, UTC) for file in files}
    known = keyring.known(folder)
    return max(known, default=""), {key_id: keyring.drawn_at(key_id) for key_id in known}


@app.command()
def rotate(of: Of = Kind.SEALING) -> None:
    """Generate a new key. Older keys are kept, because the data that they encrypted or signed still needs them."""
    os.umask(0o077)
    with refusals_shown():
        if of is Kind.SEALING:
            kid = keys.rotate(Settings())
            typer.echo(
                f"{kid} generated. Reports are sealed to it within 10 minutes, without a restart. "
                "Back it up separately, like the others."
            )
            return
        drawn = rotation.rotate(of, folders=folders(), records=record_folders())
        if of is Kind.TOKENS:
            publish(folders()[of] / "public" / f"{drawn[0]}.pem", Settings().token_public_keys)
    typer.echo(f"{' '.join(drawn)} generated. {FOLLOWS[of]} Back it up separately, like the others.")


def publish(key: Path, public: Path) -> None:
    """In containers, the services read keys from a separate folder."""
    if key.parent.resolve() != public.resolve():
        seal.write_whole(public / key.name, key.read_bytes())


@app.command()
def retire(
    kid: Annotated[str, typer.Argument(help="As `dayar keys list` names it.")],
    of: Of = Kind.SEALING,
    before: Annotated[
        datetime | None, typer.Option(help="For record keys: records before this date are never read again.")
    ] = None,
) -> None:
    """Destroy an old key if nothing needs it any more."""
    with refusals_shown():
        match of:
            case Kind.SEALING:
                keys.retire(Settings(), kid, datetime.now(UTC))
            case Kind.RECORDS:
                topic = rotation.retiring(record_folders(), kid, datetime.now(UTC))
                count = asyncio.run(signed_by(topic, kid, before))
                letters = asyncio.run(letters_of(topic, kid))
                rotation.retire_record_key(record_folders(), topic, kid, uses=count, letters=letters)
            case _:
                [gone] = rotation.retire(of, kid, folders()[of], uses=asyncio.run(uses(of, kid)), now=datetime.now(UTC))
                if of is Kind.TOKENS:  # in containers, the services read a copy of the key in another folder
                    (Settings().token_public_keys / gone.name).unlink(missing_ok=True)
    typer.echo(f"{kid} is destroyed here. Destroy its backups too.")


async def signed_by(topic: str, kid: str, before: datetime | None) -> int:
    """Count the topic's records since `before` that this key signed.

    For the topic of revoked credentials, `before` is ignored, because services read its old records at every start.
    """
    reader = KEY_HOLDERS[topic][1][0]
    settings, count = Settings().for_service(reader), 0
    since = 0.0 if before is None or topic == CredentialRevoked.topic else before.astimezone(UTC).timestamp()
    verifier = RecordVerifier(settings)
    async with kafka.log_reader(settings, [topic]) as log:
        async for record in log.records():
            name, signature = record.headers[-1] if record.headers else ("", b"")
            if name == SIGNATURE and signature.startswith(kid.encode()) and record.timestamp_ms >= since * 1000:
                # A record with a wrong signature is not counted, because any client can write this key's id into a
                # record.
                with suppress(SetAside):
                    verifier.verify(record)
                    count += 1
    return count


async def letters_of(topic: str, kid: str) -> int:
    consumers = TOPICS[topic].consumers if topic in TOPICS else ()
    return sum([await letters_at(topic, service, kid) for service in consumers])


async def letters_at(topic: str, service: str, kid: str) -> int:
    settings, count = Settings().for_service(service), 0
    verifier = RecordVerifier(settings)
    until = sealed_until(topic, kid, settings)
    async with kafka.log_reader(settings, [TOPICS[topic].dead(service)]) as log:
        async for letter in log.records():
            with suppress(SetAside, UnknownKey):  # a forged dead letter is not counted
                verifier.verify(letter)
                headers = dict(letter.headers)
                count += (
                    letter.timestamp_ms < until
                    if "dead_sealed" in headers
                    else headers.get(DEAD_SIGNATURE, b"").startswith(kid.encode())
                )
    return count


def sealed_until(topic: str, kid: str, settings: Settings) -> float:
    """The latest time, in milliseconds, at which a record with this key's signature can become a dead letter.

    A sealed dead letter does not show the key of its record, so `letters_at` compares times.
    """
    kept_ms = settings.kept_ms(TOPICS[topic])
    if kept_ms is None:
        return math.inf
    newer = min(other for other in record_keys.known(record_folders())[topic] if other > kid)
    return (keyring.drawn_at(newer) + OVER).timestamp() * 1000 + kept_ms


async def uses(of: Kind, kid: str) -> int:
    """For a key of phones, return 1 if a phone has used the key recently."""
    match of:
        case Kind.PHONES:
            since = datetime.now(UTC) - rotation.PHONES_OFFLINE
            return await within("intake", lambda session: phone_key_uses.used_since(session, kid, since))
        case Kind.HOUSEHOLDS:
            return await within("registry", lambda session: rewrap.wrapped_by(session, kid))
        case Kind.CALLERS:
            noted = await within("console", lambda session: callers.sealed_by(session, kid))
            return noted + await within("console", lambda session: sealed_texts.sealed_by(session, kid))
        case Kind.RECEIVERS:
            receivers = await within("alerts", lambda session: subscriptions.sealed_by(session, kid))
            notes = await within("alerts", lambda session: behalf.sealed_by(session, kid))
            return receivers + notes + await within("alerts", lambda session: sealed_rows.sealed_by(session, kid))
        case Kind.DIGESTS:
            return await within("registry", digests.stored)
        case Kind.SEARCH:
            return await within("registry", lambda session: search_renewal.made_by(session, kid))
    return 0


def folders() -> dict[Kind, Path]:
    registry = RegistrySettings()
    return {
        Kind.HOUSEHOLDS: registry.registry_kek_file,
        Kind.DIGESTS: registry.digest_key_file,
        Kind.SEARCH: registry.search_root_file,
        Kind.CALLERS: ConsoleSettings().callers_key_file,
        Kind.RECEIVERS: AlertsSettings().alerts_key_file,
        Kind.MEMORY: IntakeSettings().memory_key_file,
        Kind.PHONES: IntakeSettings().phones_key_file,
        Kind.TOKENS: Settings().token_private_key_file.parent,
    }


def record_folders() -> record_keys.Folders:
    return {service: Path(Settings().for_service(service).record_keys) for service in SERVICES}


@contextmanager
def refusals_shown() -> Iterator[None]:
    try:
        yield
    except CannotRetire as error:
        raise typer.BadParameter(str(error)) from None
