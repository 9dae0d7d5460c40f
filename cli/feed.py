"""`dayar feed` reads a feed's document from a file, as if intake had polled the document."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.places import in_use
from cli.transactions import within
from services.intake.config import IntakeSettings
from services.intake.feeds import sources
from services.intake.feeds.items import BadDocument, ItemKind, Source
from services.intake.feeds.reading import Counts
from services.intake.feeds.sources import KINDS, checked_name
from services.intake.worker import reader
from shared.events import OF_PEOPLE
from shared.places.watched import BadArea

app = typer.Typer(add_completion=False)
errors = Console(stderr=True)


def known(kind: str) -> str:
    if kind not in KINDS:
        raise typer.BadParameter(f"one of {', '.join(KINDS)} is expected")
    return kind


@app.command(no_args_is_help=True)
def feed(
    kind: Annotated[str, typer.Argument(parser=known, metavar="|".join(KINDS), help="The kind of the document.")],
    file: Annotated[Path, typer.Argument(help="A document of a feed of this kind.")],
    source: Annotated[str | None, typer.Option(help="The source of its hazards, if it has another name.")] = None,
) -> None:
    """Read a document of a source of hazards; intake's worker publishes the resulting hazards."""
    try:
        document = file.read_bytes()
        counts = asyncio.run(read(chosen(kind, source), file.name, document, IntakeSettings().for_service("intake")))
    except (ConnectionError, TimeoutError):
        raise  # the error came from PostgreSQL, not from the file
    except (OSError, BadDocument, BadArea) as error:
        errors.print(f"[bold red]Nothing was read.[/] {escape(f'{file}: {why(error)}')}", highlight=False)
        raise typer.Exit(1) from None
    Console().print(shown(counts))


def chosen(kind: str, source: str | None) -> Source:
    try:
        return sources.source(kind, checked_name(source) if source else None)
    except ValueError:
        names = " or ".join(f"`{name}`" for name in sorted(OF_PEOPLE))
        expected = f"up to 64 of a-z, 0-9, '.', '_', '-' are expected, not {names}"
        raise typer.BadParameter(expected, param_hint="--source") from None


async def read(source: Source, file_name: str, document: bytes, settings: IntakeSettings) -> Counts:
    settings = settings.model_copy(update={"places_path": in_use(settings)})
    return await within("intake", lambda session: reader(settings).read(session, source, file_name, document), settings)


def why(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return str(error)


def shown(counts: Counts) -> Table:
    table = Table("entries", "how they ended", title=f"{counts.total()} entries")
    for kind in ItemKind:
        table.add_row(str(counts[kind]), kind.replace("_", " "))
    return table
