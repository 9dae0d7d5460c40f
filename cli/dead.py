"""`dayar dead` shows records that a service could not handle, and lets a person redrive one."""

import asyncio
import re
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Annotated

import typer
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cli.deciding import By, Reason, checked, decider
from cli.held import clock
from cli.refusals import refuse
from cli.transactions import within
from services.intake import set_aside
from services.intake.config import IntakeSettings
from shared.auth.role_groups import REDRIVERS
from shared.events import TOPICS
from shared.messaging import decisions, ledger
from shared.messaging.ledger import DeadLetter
from shared.messaging.models import Redrive

CONSUMERS = sorted({service for topic in TOPICS.values() for service in topic.consumers})
PLACE = re.compile(f"({'|'.join(CONSUMERS)})/({'|'.join(TOPICS)})/[0-9]{{1,9}}/-?[0-9]{{1,18}}")

app = typer.Typer(help="Messages that a service could not process.", no_args_is_help=True, add_completion=False)
Place = Annotated[str, typer.Argument(help="As `dayar dead list` names it.")]


@app.command("list")
def list_(limit: Annotated[int, typer.Option(min=1, help="Messages of each service.")] = 200) -> None:
    """List the messages that failed, newest first, with reason code and pointer, but without content."""
    count = 0
    # the records of the spool come last, because reading the spool may fail
    for message in chain(dead_letters(limit), unpublished()):
        typer.echo(message)
        count += 1
    if not count:
        typer.echo("No message failed.", err=True)


def dead_letters(limit: int) -> Iterator[str]:
    for service in CONSUMERS:
        for letter in asyncio.run(within(service, lambda session: ledger.dead_letters(session, limit=limit))):
            yield f"{named(service, letter)}  {clock(letter.set_aside_at)}  {letter.reason} {letter.pointer}".rstrip()


def unpublished() -> Iterator[str]:
    for record in set_aside.records(IntakeSettings().spool_folder):
        received = clock(record.received_at) if record.received_at else "–"
        yield f"{record.name}  {received}  {record.reason}"


@app.command()
def show(place: Place) -> None:
    """Show why a message failed, and what a person decided about the message."""
    if is_unpublished(place):
        show_set_aside(place)
        return
    service, topic, partition, offset = parsed(place)

    async def do(session: AsyncSession) -> tuple[DeadLetter | None, Sequence[Redrive]]:
        query = select(Redrive).filter_by(topic=topic, partition=partition, offset=offset).order_by(Redrive.decided_at)
        redrives = (await session.scalars(query)).all()
        return await ledger.dead_letter(session, topic, partition, offset), redrives

    letter, redrives = asyncio.run(within(service, do))
    if letter is None and not redrives:
        refuse("No such message.")
    if letter is not None:
        typer.echo(
            f"{named(service, letter)}  event {letter.event_id or '–'}  {letter.reason} {letter.pointer}".rstrip()
        )
    for decision in redrives:
        done = (
            f"{clock(decision.carried_out_at)}: {decision.result}" if decision.carried_out_at else "not carried out yet"
        )
        typer.echo(f"redrive decided {clock(decision.decided_at)} by {decision.account}: {decision.reason}  →  {done}")


@app.command()
def redrive(place: Place, by: By, reason: Reason) -> None:
    """Let the service process a message again, unchanged."""
    if is_unpublished(place):
        refuse(f"Intake never passed this report on. {found_set_aside(place).advice}")
    service, topic, partition, offset = parsed(place)

    async def do() -> None:
        account = await decider(by, REDRIVERS)
        decision = Redrive(
            topic=topic, partition=partition, offset=offset, account=account.account_id, reason=checked(reason)
        )

        async def write(session: AsyncSession) -> None:
            if await ledger.dead_letter(session, topic, partition, offset) is None:
                refuse("No such message.")
            await decisions.write(session, decision)

        await within(service, write)

    asyncio.run(do())
    typer.echo(f"Written. `dayar dead show {place}` shows the result.")


def is_unpublished(place: str) -> bool:
    """Whether `place` names a record in intake's spool.

    Intake's consumer reads only the topic `outcomes`, so every other record of intake is in the spool.
    """
    return place.startswith("intake/") and not place.startswith("intake/outcomes/")


def show_set_aside(name: str) -> None:
    record = found_set_aside(name)
    typer.echo(f"{record.name}  event {record.event_id or '–'}  {record.reason}")
    typer.echo(f"Accepted by intake and not published: kept in the spool's folder. {record.advice}")


def found_set_aside(name: str) -> set_aside.UnpublishedRecord:
    record = next((record for record in set_aside.records(IntakeSettings().spool_folder) if record.name == name), None)
    if record is None:
        refuse("No such message.")
    return record


def named(service: str, letter: DeadLetter) -> str:
    return f"{service}/{letter.topic}/{letter.partition}/{letter.offset}"


def parsed(place: str) -> tuple[str, str, int, int]:
    if not PLACE.fullmatch(place):
        refuse("A message is named as service/topic/partition/offset.")
    service, topic, partition, offset = place.split("/")
    return service, topic, int(partition), int(offset)
