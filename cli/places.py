"""`dayar places` converts the boundaries that a deployer provides into the bundle that every service loads."""

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from cli import boundaries
from cli.boundaries import BadFile, BoundarySet
from shared.config import Settings
from shared.places import Places, bundle
from shared.places.units import seed

app = typer.Typer(help="Places: units, names and boundaries.", no_args_is_help=True, add_completion=False)
console = Console()
errors = Console(stderr=True)

Files = Annotated[
    list[Path], typer.Argument(help="GeoJSON, shapefile or workbook in OCHA's COD-AB layout; a second one fills holes.")
]
Target = Annotated[
    Path | None,
    typer.Option("--to", help="The bundle to write. Without it: PLACES_PATH, else places.geojson in the state."),
]


@app.command("import")
def import_files(files: Files, to: Target = None) -> None:
    """Write the places bundle: level-2 boundaries joined to the product's units by code."""
    settings = Settings()
    target = to or settings.places_path or own_bundle(settings)
    try:
        imported = collect(files)
        content = bundle.dump(imported.units.values(), imported.shapes)
        write(target, content)
    except BadFile as error:
        errors.print(f"[bold red]Nothing was written.[/] {escape(str(error))}", highlight=False)
        raise typer.Exit(1) from None
    report(imported, target, bundle.version(content))


@app.command()
def show(lang: str = "en") -> None:
    """Show the places that the services load now."""
    places = Places.load(in_use(Settings()))
    console.print(f"version {places.version}, boundaries: {'yes' if places.has_boundaries else 'no'}")
    for option in places.options(lang):
        console.print(f"{'  ' if option['parent'] else ''}{option['pcode']}  {option['name']}", highlight=False)


def own_bundle(settings: Settings) -> Path:
    return settings.state / "places.geojson"


def in_use(settings: Settings) -> Path | None:
    """The bundle that services load at their next start: PLACES_PATH or, if that is not set, the imported bundle."""
    own = own_bundle(settings)
    return settings.places_path or (own if own.exists() else None)


def collect(files: list[Path]) -> BoundarySet:
    """Read all files. Raises BadFile."""
    imported = BoundarySet({unit.pcode: unit for unit in seed()})
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        for file in files:
            task = progress.add_task(f"{file.name}: reading", total=1)
            rows = boundaries.read(file)
            progress.update(task, description=f"{file.name}: {len(rows)} rows")
            imported.add(file, rows)
            progress.update(task, completed=1)
    return imported


def write(target: Path, content: bytes) -> None:
    """Replace the bundle atomically by a read-only file, so that a starting service loads the old or the new bundle."""
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with unfinished.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.chmod(0o444)
        unfinished.replace(target)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise BadFile(f"{target}: {error.strerror}.") from None


def report(imported: BoundarySet, target: Path, version: str) -> None:
    console.print(
        f"[green]{escape(str(target))}[/]: version {version}, "
        f"{len(imported.units)} units, {len(imported.shapes)} with a boundary."
    )
    if imported.new:
        console.print(f"New units, named as the file names them: {', '.join(imported.new)}.", highlight=False)
    if imported.ignored:
        console.print(f"{imported.ignored} rows without a code of the country were left out (enclaves, neighbours).")
    if imported.shapes and imported.without_shape:
        names = ", ".join(unit.label("en") for unit in imported.without_shape)
        console.print(f"[yellow]Without a boundary:[/] {names}. A second file can fill them.", highlight=False)
    if not imported.shapes:
        console.print("Codes and names only: points are not looked up until boundaries are imported.")
    console.print("Services load it at their next start.")
