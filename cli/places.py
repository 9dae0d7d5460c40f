"""`dayar places` converts boundaries and lists of settlements into the bundle that every service loads."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from cli import boundaries, gazetteer_rows, gazetteers
from cli.boundaries import BoundarySet
from cli.files import BadFile
from cli.gazetteers import LocalityList
from shared.config import Settings
from shared.places import BadBundle, Places, bundle
from shared.places.bundle import Bundle
from shared.places.units import seed

app = typer.Typer(help="Places: units, names and boundaries.", no_args_is_help=True, add_completion=False)
console = Console()
errors = Console(stderr=True)

Files = Annotated[
    list[Path],
    typer.Argument(
        help="Boundaries: GeoJSON, shapefile or workbook in OCHA's COD-AB layout; a second file fills holes. "
        f"Ayil aymaks and settlements: CSV or GeoJSON with the columns {', '.join(gazetteers.COLUMNS)}."
    ),
]
Target = Annotated[
    Path | None,
    typer.Option("--to", help="The bundle to write. Without it: PLACES_PATH, else places.geojson in the state."),
]


@app.command("import")
def import_files(files: Files, to: Target = None) -> None:
    """Write the places bundle: units with their boundaries (level 2), ayil aymaks and settlements.

    New boundaries replace the bundle's boundaries. Ayil aymaks and settlements are added. If the bundle has the same
    code already, the imported row replaces it.
    """
    settings = Settings()
    target = to or settings.places_path or own_bundle(settings)
    try:
        imported = collect(files, earlier(target))
        units, shapes = imported.boundaries.units, imported.boundaries.shapes
        content = bundle.dump(units.values(), shapes, imported.localities.localities.values())
        write(target, content)
    except BadFile as error:
        errors.print(f"[bold red]Nothing was written.[/] {escape(str(error))}", highlight=False)
        raise typer.Exit(1) from None
    report(imported, target, bundle.version(content))


@app.command()
def show(lang: str = "en") -> None:
    """Show the places that the services load now."""
    places = Places.load(in_use(Settings()))
    settlements = gazetteers.settlements(places.gazetteer)
    console.print(
        f"version {places.version}, boundaries: {'yes' if places.has_boundaries else 'no'}, "
        f"settlements: {settlements}, ayil aymaks: {len(places.gazetteer) - settlements}"
    )
    for option in places.options(lang):
        console.print(f"{'  ' if option['parent'] else ''}{option['pcode']}  {option['name']}", highlight=False)


def own_bundle(settings: Settings) -> Path:
    return settings.state / "places.geojson"


def in_use(settings: Settings) -> Path | None:
    """The bundle that services load at their next start."""
    own = own_bundle(settings)
    return settings.places_path or (own if own.exists() else None)


@dataclass(frozen=True, slots=True)
class Imported:
    boundaries: BoundarySet
    localities: LocalityList
    has_boundaries: bool


def earlier(target: Path) -> Bundle:
    """Dayar's own units if the file does not exist. Raises BadFile."""
    try:
        return bundle.load(target) if target.exists() else Bundle(seed(), {}, (), "")
    except BadBundle:
        raise BadFile(f"{target} is not a places bundle of this release. Move it away, and import again.") from None
    except OSError as error:
        raise BadFile(f"{target}: {error.strerror}.") from None


def collect(files: list[Path], known: Bundle) -> Imported:
    """Raises BadFile."""
    lists: list[tuple[Path, list[gazetteer_rows.ListedRow]]] = []
    drawn: list[tuple[Path, list[boundaries.Row]]] = []
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        for file in files:
            task = progress.add_task(f"{file.name}: reading", total=1)
            if (rows := gazetteers.read(file)) is not None:
                lists.append((file, rows))
                count = len(rows)
            else:
                drawn.append((file, boundaries.read(file)))
                count = len(drawn[-1][1])
            progress.update(task, description=f"{file.name}: {count} rows", completed=1)
    kept = BoundarySet({unit.pcode: unit for unit in known.units}, known.shapes)
    shapes = BoundarySet({unit.pcode: unit for unit in seed()}) if drawn else kept
    for file, features in drawn:
        shapes.add(file, features)
    localities = LocalityList(shapes.units, {locality.pcode: locality for locality in known.localities})
    for file, listed in lists:
        localities.add(file, listed)
    return Imported(shapes, localities, has_boundaries=bool(drawn))


def write(target: Path, content: bytes) -> None:
    """The write is atomic, so that a starting service loads either the old or the new bundle."""
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


def report(imported: Imported, target: Path, version: str) -> None:
    drawn, listed = imported.boundaries, imported.localities
    settlements = gazetteers.settlements(listed.localities.values())
    console.print(
        f"[green]{escape(str(target))}[/]: version {version}, {len(drawn.units)} units, "
        f"{len(drawn.shapes)} with a boundary, {len(listed.localities) - settlements} ayil aymaks, "
        f"{settlements} settlements."
    )
    if imported.has_boundaries:
        report_boundaries(drawn)
    if listed.imported:
        report_localities(listed)
    if not drawn.shapes:
        console.print("Codes and names only: points are not looked up until boundaries are imported.")
    console.print("Services load it at their next start.")


def report_boundaries(drawn: BoundarySet) -> None:
    if drawn.new:
        console.print(f"New units, named as the file names them: {', '.join(drawn.new)}.", highlight=False)
    if drawn.ignored:
        console.print(f"{drawn.ignored} rows without a code of the country were left out (enclaves, neighbours).")
    if drawn.repaired:
        names = ", ".join(drawn.units[pcode].label("en") for pcode in drawn.repaired)
        console.print(
            f"[yellow]Repaired, because the boundary crosses or touches itself:[/] {names}. Compare it with the map.",
            highlight=False,
        )
    if drawn.shapes and drawn.without_shape:
        names = ", ".join(unit.label("en") for unit in drawn.without_shape)
        console.print(f"[yellow]Without a boundary:[/] {names}. A second file can fill them.", highlight=False)


def report_localities(listed: LocalityList) -> None:
    kept = len(listed.localities) - len(listed.imported)
    ended = sum(locality.valid_to is not None for locality in listed.localities.values())
    console.print(f"{len(listed.imported)} localities were read, {kept} others stay as they were. Ended: {ended}.")
    if listed.unread_columns:
        console.print(f"Columns that are not read: {escape(', '.join(sorted(listed.unread_columns)))}.")
    if listed.ignored:
        console.print(f"{listed.ignored} rows name a district or city that is known already, and were left out.")
